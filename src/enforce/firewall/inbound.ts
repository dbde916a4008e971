/**
 * What may come in. The default is no: what is not named here is counted, now and then logged, and dropped.
 *
 * @see RFC 4890, section 4.4: the ICMPv6 a host must not drop, without which IPv6 itself stops working
 */
import type { CidrBlock } from '../../core/safe/network.ts'
import { prefix, type Chain, type Meter, type NamedSet, type Rule, type Statement } from './model.ts'
import type { FirewallSettings, Service } from './settings.ts'
import {
  accept,
  count,
  drop,
  from,
  fromThisLink,
  icmp6,
  is,
  isNot,
  payload,
  rule,
  source,
  state,
  target,
  to,
  transportIs,
  type Family,
} from './words.ts'

/** Sources a set remembers; when it is full, those it does not know are not measured, and not shut out either. */
const MOST_SOURCES = 65_535
const FORGET_AFTER_S = 60
/** A home or a host usually has a whole /64, so single addresses of it would each get a measure of their own. */
const SUBNET_OF_ONE = 'ffff:ffff:ffff:ffff::'
export const FAMILIES: readonly Family[] = [4, 6]
const BEFORE_TRACKING = -300
const FILTER = 0

export function inboundSets({ managementSubnets }: FirewallSettings): NamedSet[] {
  return FAMILIES.flatMap((family) => {
    const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr'
    const elements = managementSubnets.filter((block) => isOf(family, block)).map(prefix)
    const measured = {
      type,
      size: MOST_SOURCES,
      flags: ['dynamic', 'timeout'] as const,
      timeout: FORGET_AFTER_S,
    }
    return [
      { name: `management${family}`, type, flags: ['interval'] as const, elements },
      {
        name: `opened${family}`,
        type: ['inet_proto', 'inet_service', type],
        flags: ['interval', 'timeout'] as const,
      },
      { name: `blocked${family}`, type, flags: ['interval', 'timeout'] as const },
      { name: `pace${family}`, ...measured },
      { name: `pings${family}`, ...measured },
      // a count of what is open now: an element leaves when its last connection does
      { name: `atOnce${family}`, type, size: MOST_SOURCES, flags: ['dynamic'] as const },
    ]
  })
}

/** Before anything is tracked: packets that claim to come from where they cannot have come from. */
export function spoofChain(): Chain {
  const spoofed = [count, drop]
  const outside = isNot({ meta: { key: 'iifname' } }, 'lo')
  const rules: Rule[] = [
    rule('this machine talks to itself', is({ meta: { key: 'iifname' } }, 'lo'), accept),
    // before what is established: a block that spared what is open already would be none
    ...FAMILIES.map((family) =>
      rule('blocked for a time', is(source(family), `@blocked${family}`), ...spoofed),
    ),
    rule(
      'loopback from outside',
      outside,
      is(source(4), { prefix: { addr: '127.0.0.0', len: 8 } }),
      ...spoofed,
    ),
    rule('loopback from outside', outside, is(source(6), '::1'), ...spoofed),
    rule('a neighbour that has no address yet', is(source(6), '::'), icmp6('nd-neighbor-solicit'), accept),
    rule(
      'no way back to its source on this interface',
      is({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, false),
      ...spoofed,
    ),
  ]
  return { name: 'spoofed', hook: { at: 'prerouting', priority: BEFORE_TRACKING, policy: 'accept' }, rules }
}

export function inputChain(settings: FirewallSettings): Chain {
  const rules: Rule[] = [
    rule('this machine talks to itself', is({ meta: { key: 'iifname' } }, 'lo'), accept),
    rule('belongs to no connection', state('invalid'), count, drop),
    // before what is established: after the first answer every further ping would belong to a connection
    ...FAMILIES.flatMap((family) => pings(settings, family)),
    rule('belongs to what was allowed', state('established', 'related'), accept),
    ...icmpRules(),
    ...FAMILIES.flatMap((family) => measures(settings, family)),
    ...management(settings),
    ...settings.services.map(open),
    ...FAMILIES.map(openedFor),
    rule('refused, and logged now and then', perMinute(settings.logsPerMinute), log(settings, 'in')),
    rule('refused', count, drop),
  ]
  return { name: 'input', hook: { at: 'input', priority: FILTER, policy: 'drop' }, rules }
}

export function forwardChain({ forward }: FirewallSettings): Chain {
  const rules = [
    ...FAMILIES.map((family) =>
      rule('blocked for a time', is(target(family), `@blocked${family}`), count, drop),
    ),
    ...(forward === 'closed' ? [rule('this machine is no router', count, drop)] : []),
  ]
  return {
    name: 'forward',
    hook: { at: 'forward', priority: FILTER, policy: forward === 'closed' ? 'drop' : 'accept' },
    rules,
  }
}

function pings({ pingsPerSecond: rate }: FirewallSettings, family: Family): Rule[] {
  const echo = family === 4 ? is(payload('icmp', 'type'), 'echo-request') : icmp6('echo-request')
  const few = { limit: { rate, burst: rate, per: 'second' as const, inv: false } }
  return [
    rule('pings, few of each source', echo, meter(`pings${family}`, family, 'update', few), accept),
    rule('too many pings of one source', echo, count, drop),
  ]
}

function icmpRules(): Rule[] {
  const errors = icmp6('destination-unreachable', 'packet-too-big', 'time-exceeded', 'parameter-problem')
  const neighbours = icmp6(
    'nd-router-advert',
    'nd-neighbor-solicit',
    'nd-neighbor-advert',
    141,
    142,
    148,
    149,
  )
  const listeners = icmp6(
    'mld-listener-query',
    'mld-listener-report',
    'mld-listener-done',
    'mld2-listener-report',
  )
  const linkLocal = is(source(6), { prefix: { addr: 'fe80::', len: 10 } })
  return [
    rule('neighbours and routers of this link', fromThisLink, neighbours, accept),
    rule('who listens to which group on this link', linkLocal, listeners, accept),
    rule('errors that IPv6 needs', errors, accept),
  ]
}

/** One source that opens too much is dropped before any rule lets it in; all others are not touched by it. */
function measures(
  { connectionsPerSecond, burst, connectionsAtOnce }: FirewallSettings,
  family: Family,
): Rule[] {
  const pace = { limit: { rate: connectionsPerSecond, burst, per: 'second' as const, inv: true } }
  return [
    rule(
      'too many new connections of one source',
      state('new'),
      meter(`pace${family}`, family, 'update', pace),
      count,
      drop,
    ),
    rule(
      'too many connections of one source at once',
      state('new'),
      transportIs('tcp'),
      meter(`atOnce${family}`, family, 'add', { 'ct count': { val: connectionsAtOnce, inv: true } }),
      count,
      drop,
    ),
  ]
}

function meter(set: string, family: Family, op: 'add' | 'update', measure: Meter): Statement {
  const elem = family === 4 ? source(4) : ({ '&': [source(6), SUBNET_OF_ONE] } as const)
  return { set: { op, elem, set: `@${set}`, stmt: [measure] } }
}

/** Closed until a subnet is set: without one there is no rule at all. */
function management({ managementSubnets, managementPorts }: FirewallSettings): Rule[] {
  if (managementPorts.length === 0) return []
  return FAMILIES.filter((family) => managementSubnets.some((block) => isOf(family, block))).map((family) =>
    rule(
      'management, from its subnet',
      is(source(family), `@management${family}`),
      to('tcp', managementPorts),
      accept,
    ),
  )
}

function open({ transport, port, from: network }: Service): Rule {
  const where = network === undefined ? [] : [from(network)]
  return rule(`${transport} ${port} is open`, ...where, to(transport, [port]), accept)
}

function openedFor(family: Family): Rule {
  const key = [{ meta: { key: 'l4proto' as const } }, payload('th', 'dport'), source(family)]
  return rule('opened for a time', is({ concat: key }, `@opened${family}`), accept)
}

/** So that whoever is refused cannot fill the disk. */
export function perMinute(rate: number) {
  return { limit: { rate, burst: 5, per: 'minute' as const } }
}

export function log({ logGroup }: FirewallSettings, way: 'in' | 'out') {
  const prefixText = `warder-refused-${way}: `
  // headers are enough to see who it was; the rest may hold what nobody should read
  return {
    log: logGroup === 0 ? { prefix: prefixText } : { prefix: prefixText, group: logGroup, snaplen: 96 },
  }
}

function isOf(family: Family, block: CidrBlock): boolean {
  return block.includes(':') === (family === 6)
}
