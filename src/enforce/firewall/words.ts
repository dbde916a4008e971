/** Short ways to say the statements of the rules; each returns plain data. */
import type { CidrBlock } from '../../core/safe/network.ts'
import { prefix, type Operand, type Payload, type Rule, type Statement, type Value } from './model.ts'

export type Family = 4 | 6

export const accept: Statement = { accept: null }
export const drop: Statement = { drop: null }
export const count: Statement = { counter: null }
/** An answer at once, so that a program that may not leave is told instead of waiting. */
export const reject: Statement = { reject: { type: 'icmpx', expr: 'admin-prohibited' } }

export function rule(why: string, ...does: readonly Statement[]): Rule {
  return { why, does }
}

export function payload(protocol: string, field: string): Payload {
  return { payload: { protocol, field } }
}

export function is(left: Operand, right: Value): Statement {
  return { match: { op: '==', left, right } }
}

export function isNot(left: Operand, right: Value): Statement {
  return { match: { op: '!=', left, right } }
}

export function state(...states: readonly [string, ...string[]]): Statement {
  return { match: { op: 'in', left: { ct: { key: 'state' } }, right: states } }
}

/** One value stands for itself: nftables prints it so, and a set of one would look like a change. */
export function oneOf(values: readonly [string | number, ...(string | number)[]]): Value {
  return values.length === 1 ? values[0] : { set: values }
}

export function to(transport: 'tcp' | 'udp' | 'th', ports: readonly number[]): Statement {
  return is(payload(transport, 'dport'), oneOf(ports as [number, ...number[]]))
}

export function transportIs(...names: readonly [string, ...string[]]): Statement {
  return is({ meta: { key: 'l4proto' } }, oneOf(names))
}

export function user(ids: readonly number[]): Statement {
  return is({ meta: { key: 'skuid' } }, oneOf(ids as [number, ...number[]]))
}

export function source(family: Family): Payload {
  return payload(family === 4 ? 'ip' : 'ip6', 'saddr')
}

export function target(family: Family): Payload {
  return payload(family === 4 ? 'ip' : 'ip6', 'daddr')
}

export function from(block: CidrBlock): Statement {
  return is(source(block.includes(':') ? 6 : 4), prefix(block))
}

export function toNetwork(block: CidrBlock): Statement {
  return is(payload(block.includes(':') ? 'ip6' : 'ip', 'daddr'), prefix(block))
}

export function icmp6(...types: readonly [string | number, ...(string | number)[]]): Statement {
  return is(payload('icmpv6', 'type'), oneOf(types))
}

/** Sent by a neighbour on the same link: no router lowers the hop limit of a packet it did not pass on. */
export const fromThisLink: Statement = is(payload('ip6', 'hoplimit'), 255)
