import type { CidrBlock, Port } from '../../core/safe/network.ts'
import { settle, type FirewallHost } from './change.ts'
import { refuse } from './errors.ts'
import { closed, opened, type Opening } from './model.ts'
import type { Transport } from './settings.ts'

export interface Asked {
  readonly transport: Transport
  readonly port: Port
  readonly from: CidrBlock
  readonly reason: string
  readonly forMs: number
}

const SHORTEST_MS = 1000
const LONGEST_MS = 30 * 24 * 3_600_000

/**
 * Opens a port to a network for a time; the kernel closes it again, also when nothing of Warder runs any more.
 *
 * @param managementPorts are opened by `management.subnets` alone, so that no opening in a hurry reaches them
 * @throws FirewallError `FIREWALL_OPENING`, `FIREWALL_NOT_APPLIED`, `FIREWALL_PENDING`, `FIREWALL_REFUSED`
 */
export async function allow(
  host: FirewallHost,
  asked: Asked,
  managementPorts: readonly Port[],
): Promise<Opening> {
  const { nft, state, clock, newId } = host
  checkAsked(asked, managementPorts)
  await standing(host)
  forgetPast(host)
  const same = state
    .openings()
    .find(
      ({ transport, port, from }) =>
        transport === asked.transport && port === asked.port && from === asked.from,
    )
  if (same !== undefined)
    refuse(
      'FIREWALL_OPENING',
      `${asked.transport} ${asked.port} is open to ${asked.from} already (${same.id})`,
      `to give it another time: warder firewall revoke ${same.id}, then allow it anew`,
    )
  const { forMs, ...what } = asked
  const opening = { ...what, id: newId(), since: clock.now(), until: clock.now() + forMs }
  await nft.load({ nftables: [opened(opening, clock.now())] })
  state.addOpening(opening)
  state.note({
    at: clock.now(),
    act: 'allow',
    id: opening.id,
    port: opening.port,
    from: opening.from,
    until: opening.until,
    reason: opening.reason,
  })
  return opening
}

/** Closes it now; connections that are established go on. @throws FirewallError `FIREWALL_UNKNOWN` */
export async function revoke(host: FirewallHost, id: string): Promise<Opening> {
  const { nft, state, clock } = host
  await standing(host)
  const opening = state.openings().find((each) => each.id === id && each.until > clock.now())
  if (opening === undefined)
    return refuse(
      'FIREWALL_UNKNOWN',
      `there is no opening ${JSON.stringify(id)}, or its time is over`,
      'see them: warder firewall status',
    )
  await nft.load({ nftables: [closed(opening)] })
  state.dropOpening(id)
  state.note({ at: clock.now(), act: 'revoke', id })
  return opening
}

/** What is open now. */
export function openNow({ state, clock }: Pick<FirewallHost, 'state' | 'clock'>): Opening[] {
  return state.openings().filter(({ until }) => until > clock.now())
}

function forgetPast({ state, clock }: FirewallHost): void {
  for (const { id, until } of state.openings()) if (until <= clock.now()) state.dropOpening(id)
}

/** A firewall that is confirmed, and not under way. @throws FirewallError */
export async function standing(host: FirewallHost): Promise<void> {
  await settle(host)
  if (host.state.pending() !== undefined) {
    refuse(
      'FIREWALL_PENDING',
      'a change waits to be confirmed, and may be taken back',
      'confirm it first: warder firewall confirm',
    )
  }
  if (host.state.confirmed() === undefined) {
    refuse('FIREWALL_NOT_APPLIED', 'the firewall is not in force', 'run: warder firewall apply')
  }
}

function checkAsked({ port, from, forMs }: Asked, managementPorts: readonly Port[]): void {
  if (managementPorts.includes(port)) {
    refuse(
      'FIREWALL_OPENING',
      `port ${port} is for management, and open to management.subnets alone`,
      'name your network in management.subnets of firewall.yaml, then: warder firewall apply',
    )
  }
  if (!(forMs >= SHORTEST_MS && forMs <= LONGEST_MS)) {
    refuse(
      'FIREWALL_OPENING',
      'an opening lasts from a second to 30 days',
      'for longer write it into inbound.open of firewall.yaml',
    )
  }
  if (from.endsWith('/0')) {
    refuse(
      'FIREWALL_OPENING',
      'an opening is for a network, and this is the whole world',
      'to open a port to all write it into inbound.open of firewall.yaml',
    )
  }
}
