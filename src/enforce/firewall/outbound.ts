/**
 * What may go out. Names cannot be rules of a packet filter, so it does not try: it lets out the user the egress proxy
 * runs as, and the proxy decides by name. Everybody else is told no at once.
 */
import type { Chain, Rule } from './model.ts'
import { FAMILIES, log, perMinute } from './inbound.ts'
import type { FirewallSettings } from './settings.ts'
import {
  accept,
  count,
  icmp6,
  is,
  payload,
  reject,
  rule,
  state,
  target,
  to,
  toNetwork,
  transportIs,
  user,
} from './words.ts'

/** The users of the settings, by their numbers: the kernel knows no names. */
export interface UserIds {
  readonly outbound: readonly number[]
  readonly time: readonly number[]
}

const FILTER = 0
const NAME_PORTS = [53, 853]

export function outputChain(settings: FirewallSettings, ids: UserIds): Chain {
  const before: Rule[] = [
    rule('this machine talks to itself', is({ meta: { key: 'oifname' } }, 'lo'), accept),
    ...FAMILIES.map((family) =>
      rule('blocked for a time', is(target(family), `@blocked${family}`), count, reject),
    ),
  ]
  if (settings.outbound === 'open') {
    return { name: 'output', hook: { at: 'output', priority: FILTER, policy: 'accept' }, rules: before }
  }
  const rules: Rule[] = [
    ...before,
    rule('belongs to what was allowed', state('established', 'related'), accept),
    ...linkRules(),
    ...nameRules(settings, ids),
    ...leaving(settings, ids),
    ...(ids.time.length === 0 ? [] : [rule('the time', user(ids.time), to('udp', [123]), accept)]),
    rule(
      'refused, and logged now and then',
      state('new'),
      perMinute(settings.logsPerMinute),
      log(settings, 'out'),
    ),
    rule('refused', count, reject),
  ]
  return { name: 'output', hook: { at: 'output', priority: FILTER, policy: 'drop' }, rules }
}

/** What the machine itself must say to keep its addresses; none of it carries what a program wrote. */
function linkRules(): Rule[] {
  const neighbours = icmp6(
    'nd-router-solicit',
    'nd-neighbor-solicit',
    'nd-neighbor-advert',
    'mld2-listener-report',
  )
  const dhcp = (source: number, target: number) =>
    [is(payload('udp', 'sport'), source), to('udp', [target]), accept] as const
  return [
    rule('neighbours and routers of this link', neighbours, accept),
    rule('an address for this machine', ...dhcp(68, 67)),
    rule('an address for this machine', ...dhcp(546, 547)),
  ]
}

/** With resolvers named, names are asked for there and nowhere else: a name carries data out as well as a packet does. */
function nameRules({ resolvers }: FirewallSettings, { outbound }: UserIds): Rule[] {
  if (resolvers.length === 0 || outbound.length === 0) return []
  const both = transportIs('tcp', 'udp')
  return [
    ...resolvers.map((block) =>
      rule('names', user(outbound), toNetwork(block), both, to('th', NAME_PORTS), accept),
    ),
    rule('names, asked for elsewhere', both, to('th', NAME_PORTS), count, reject),
  ]
}

function leaving({ outboundPorts }: FirewallSettings, { outbound }: UserIds): Rule[] {
  if (outbound.length === 0) return []
  const ports = outboundPorts.length === 0 ? [] : [transportIs('tcp', 'udp'), to('th', outboundPorts)]
  return [rule('who may leave', user(outbound), ...ports, accept)]
}
