import { messageOf } from '../../core/error.ts'
import { classOf, parseAddress, type Address, type AddressClass } from './address.ts'
import { allowsOf, refusedAddress } from './decide.ts'
import { dial, type Dialled, type Route } from './dial.ts'
import { targetName, type NamedHost, type Target } from './host.ts'
import { refusal, Refused, type Refusal } from './refusal.ts'
import type { CompiledRule } from './rules.ts'
import type { EgressRun } from './run.ts'
import { within } from './within.ts'

export type Found = { readonly route: Route } | { readonly refusal: Refusal }

/**
 * Looks a name up, once, and looks at every address it stands for; one bad one among them refuses all, because who serves
 * such a name means to change between them. Whoever asked for an address has the answer at once.
 */
export function findRoute(run: EgressRun, target: Target): Found | Promise<Found> {
  const { host } = target
  const allows = allowsOf(run.book, target, run.ports.clock.now())
  return host.kind === 'address'
    ? checked(run, target, allows, [host.address])
    : routeByName(run, target, host, allows)
}

async function routeByName(
  run: EgressRun,
  target: Target,
  host: NamedHost,
  allows: readonly CompiledRule[],
): Promise<Found> {
  const carries = overNames(run, host.text, allows)
  if (carries !== undefined) return { refusal: carries }
  if (run.ports.proxy?.names === 'there') return { route: { target, addresses: [] } }
  const answers = await lookedUp(run, host.text)
  if (answers === undefined || answers.length === 0) {
    const why = answers === undefined ? 'its addresses could not be found out' : 'nobody has that name'
    return {
      refusal: refusal(
        'unresolved',
        'egress.names',
        `${host.text}: ${why}`,
        'check the name, and how this machine finds names',
      ),
    }
  }
  const addresses = answers.slice(0, MOST_ADDRESSES).map(parseAddress)
  return checked(run, target, allows, addresses)
}

const MOST_ADDRESSES = 16

function checked(
  run: EgressRun,
  target: Target,
  allows: readonly CompiledRule[],
  addresses: readonly (Address | undefined)[],
): Found {
  for (const address of addresses) {
    const bad =
      address === undefined
        ? refusal(
            'address',
            'egress.addresses',
            `${targetName(target)} stands for something that is no address`,
            'ask who serves that name',
          )
        : refusedAddress(run.book, allows, target, address, classHere(run, address))
    if (bad !== undefined) return { refusal: bad }
  }
  return { route: { target, addresses: addresses.filter((address) => address !== undefined) } }
}

function classHere(run: EgressRun, address: Address): AddressClass {
  const classed = classOf(address)
  return classed !== 'loopback' && classed !== 'metadata' && run.ports.isOwn(address.text)
    ? 'this-machine'
    : classed
}

async function lookedUp(run: EgressRun, name: string): Promise<readonly string[] | undefined> {
  try {
    return await within(run.signal, run.ports.limits.resolveMs, (signal) => run.ports.resolve(name, signal))
  } catch {
    return undefined
  }
}

/** Counts a name the agent could choose letters of. */
function overNames(run: EgressRun, name: string, allows: readonly CompiledRule[]): Refusal | undefined {
  const isFixed = allows.some((allow) => allow.below === undefined && run.isGiven(allow))
  if (isFixed) return undefined
  const parent = allows.find(({ below }) => below !== undefined)?.below ?? name.split('.').slice(-2).join('.')
  const why = run.names.refuse(name, parent)
  if (why === undefined) return undefined
  run.alert('names-carry-data', parent, why)
  return refusal(
    'names',
    'egress.names',
    `${why}: data could leave in the names alone`,
    'name the hosts that are needed one by one instead of by a wildcard',
  )
}

/** Opens one more connection along a route that was found good. Broken off with the run. @throws Refused by a limit */
export async function follow(run: EgressRun, route: Route): Promise<Dialled> {
  const held = run.places.take(route.target, run.grant.limits)
  let dialled: Dialled
  try {
    dialled = await dial(route, run.ports.proxy, run.ports.limits.connectMs)
  } catch (error) {
    held.giveBack()
    throw error
  }
  held.keepFor(dialled.socket)
  if (run.signal.aborted) {
    dialled.socket.destroy()
    throw new Error('the run has ended')
  }
  run.keep(dialled.socket, route.target)
  return dialled
}

export function unreachable(target: Target, error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal
  return refusal(
    'unreachable',
    'egress.reach',
    messageOf(error),
    `check that ${targetName(target)} is up and may be reached from this machine`,
  )
}
