import { isIn, type Address, type AddressClass } from './address.ts'
import { targetName, type Target } from './host.ts'
import { matchesPath, plainPath } from './path.ts'
import { refusal, type Refusal } from './refusal.ts'
import { denyOfAddress, rulesFor, type CompiledRule, type RuleBook } from './rules.ts'

/** What is known of a request when it is decided on. */
export interface Asked {
  readonly target: Target
  /** `never`: bytes of TLS go through unread; `later`: requests will be decided on one by one; or the request itself. */
  readonly seen: 'never' | 'later' | { readonly method: string; readonly path: string }
}

export type Verdict =
  | { readonly effect: 'allow'; readonly rule: CompiledRule }
  /** `isOutside`: no rule names it, so that somebody may be asked. */
  | { readonly effect: 'deny'; readonly refusal: Refusal; readonly isOutside: boolean }

/**
 * Decides on one connection or request. A deny wins over every allow; what no rule names is refused. Pure; it knows
 * nothing of names and their addresses yet: {@link refusedAddress} comes after resolving.
 *
 * @param now epoch milliseconds
 */
export function decide(book: RuleBook, agent: string, asked: Asked, now: number): Verdict {
  const { target, seen } = asked
  let allowed: CompiledRule | undefined
  let first: CompiledRule | undefined
  for (const each of rulesFor(book, target.host)) {
    if (!holdsFor(each, target.port, now)) continue
    if (each.rule.effect === 'deny') {
      if (mayMean(each, seen)) return no(byRule(each, targetName(target)))
    } else {
      first ??= each
      if (allowed === undefined && covers(each, seen)) allowed = each
    }
  }
  if (allowed !== undefined) return { effect: 'allow', rule: allowed }
  return first === undefined ? outside(target, agent) : no(notLikeThis(first, asked))
}

function holdsFor({ rule, ports }: CompiledRule, port: number, now: number): boolean {
  return (ports === undefined || ports.has(port)) && now < (rule.until ?? Infinity)
}

/** Whether a deny has to be taken as meaning this: what is not seen, or not the same to everybody, may be it. */
function mayMean({ methods, paths }: CompiledRule, seen: Asked['seen']): boolean {
  if (seen === 'never') return true
  if (seen === 'later') return methods === undefined && paths === undefined
  if (methods !== undefined && !methods.has(seen.method)) return false
  const path = plainPath(seen.path)
  return paths === undefined || path === undefined || paths.some((pattern) => matchesPath(pattern, path))
}

function covers({ methods, paths }: CompiledRule, seen: Asked['seen']): boolean {
  if (seen === 'later') return true
  if (seen === 'never') return methods === undefined && paths === undefined
  if (methods !== undefined && !methods.has(seen.method)) return false
  if (paths === undefined) return true
  const path = plainPath(seen.path)
  return path !== undefined && paths.some((pattern) => matchesPath(pattern, path))
}

function no(refused: Refusal): Verdict {
  return { effect: 'deny', refusal: refused, isOutside: false }
}

function outside(target: Target, agent: string): Verdict {
  const name = targetName(target)
  const capability = `net:connect:${name}`
  const quoted = capability.includes('[') ? `'${capability}'` : capability
  const reason = `no rule of this run names ${name}`
  const fix = `warder grant add ${agent} ${quoted} --reason '…'`
  return { effect: 'deny', refusal: refusal('outside', 'default', reason, fix), isOutside: true }
}

function byRule({ rule }: CompiledRule, name: string): Refusal {
  return refusal(
    'denied',
    rule.id,
    `${rule.id} denies ${name}`,
    `change ${rule.id}; a deny beats every grant: warder policy show`,
  )
}

function notLikeThis({ rule }: CompiledRule, { target, seen }: Asked): Refusal {
  const name = targetName(target)
  if (typeof seen === 'string') {
    return refusal(
      'unseen',
      rule.id,
      `${rule.id} allows some methods or paths of ${name}, and in a tunnel nobody sees which they are`,
      `let the host be intercepted, or leave methods and paths out of ${rule.id}`,
    )
  }
  return refusal(
    'method',
    rule.id,
    `${rule.id} does not allow this method and path at ${name}`,
    `use what ${rule.id} names, or add to its methods and paths in the policy file: warder policy show`,
  )
}

/** What each class of addresses leads to, for people. */
const LEADS_TO: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  'this-machine': 'this machine',
  loopback: 'this machine’s own services',
  private: 'a private network',
  shared: 'a provider’s shared network',
  'link-local': 'the neighbours on the wire',
  metadata: 'a service that hands out credentials of this machine',
  multicast: 'many receivers',
  broadcast: 'everybody on the wire',
  documentation: 'nowhere (an address for examples)',
  reserved: 'nowhere known',
}

/** The rules that let connections through to this target, whatever is asked for there. */
export function allowsOf(book: RuleBook, { host, port }: Target, now: number): CompiledRule[] {
  return rulesFor(book, host).filter((each) => each.rule.effect === 'allow' && holdsFor(each, port, now))
}

/**
 * Looks at one address a connection would go to. What is not public needs an entry of its own; a metadata service and an
 * address of this machine need one for the very address.
 *
 * @param allows what {@link allowsOf} says
 * @param classed what `classOf` says, or `this-machine` for an address of ours
 */
export function refusedAddress(
  book: RuleBook,
  allows: readonly CompiledRule[],
  target: Target,
  address: Address,
  classed: AddressClass,
): Refusal | undefined {
  const denied = denyOfAddress(book, address, target.port)
  if (denied !== undefined) return byRule(denied, `${targetName(target)}, which is ${address.text},`)
  if (classed === 'public') return undefined
  const needsVery = classed === 'metadata' || classed === 'this-machine'
  const listed = allows.flatMap(({ network, addresses }) => [
    ...addresses,
    ...(network === undefined ? [] : [network]),
  ])
  const isListed = listed.some(
    (entry) => isIn(address.bytes, entry) && (!needsVery || entry.prefix === address.bytes.length * 8),
  )
  if (isListed) return undefined
  const who = target.host.kind === 'address' ? address.text : `${target.host.text} is ${address.text}, which`
  return refusal(
    'address',
    'egress.addresses',
    `${who} leads to ${LEADS_TO[classed]}`,
    `if it is meant, list ${address.text} among the addresses of ${allows[0]?.rule.id ?? 'a rule'}`,
  )
}
