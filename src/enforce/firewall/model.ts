/**
 * The words of nftables that Warder uses, as types: what is not here cannot be written by mistake. They are the JSON of
 * libnftables (libnftables-json(5)), so that nothing is ever pasted together as text.
 */
import type { CidrBlock, Port } from '../../core/safe/network.ts'
import type { Transport } from './settings.ts'

/** The one table Warder makes, changes and removes; no other is ever named in a command. */
export const FAMILY = 'inet'
export const TABLE = 'warder'
const OWN = { family: FAMILY, table: TABLE } as const

export interface Prefix {
  readonly prefix: { readonly addr: string; readonly len: number }
}
export type Payload = { readonly payload: { readonly protocol: string; readonly field: string } }
export type Operand =
  | Payload
  | { readonly meta: { readonly key: 'iifname' | 'oifname' | 'l4proto' | 'skuid' | 'pkttype' } }
  | { readonly ct: { readonly key: 'state' } }
  | { readonly fib: { readonly result: 'oif'; readonly flags: readonly ['saddr', 'iif'] } }
  | { readonly concat: readonly Operand[] }
  | { readonly '&': readonly [Payload, string] }
export type Value =
  | string
  | number
  | boolean
  | Prefix
  | readonly string[]
  | { readonly set: readonly (string | number)[] }

export type Statement =
  | { readonly match: { readonly op: '==' | '!=' | 'in'; readonly left: Operand; readonly right: Value } }
  | { readonly limit: { readonly rate: number; readonly burst: number; readonly per: 'second' | 'minute' } }
  | {
      readonly set: {
        readonly op: 'add' | 'update'
        readonly elem: Operand
        readonly set: string
        readonly stmt: readonly Meter[]
      }
    }
  | { readonly counter: null }
  | { readonly log: { readonly prefix: string; readonly group?: number; readonly snaplen?: number } }
  | { readonly jump: { readonly target: string } }
  | { readonly reject: { readonly type: 'icmpx'; readonly expr: 'admin-prohibited' } }
  | { readonly accept: null }
  | { readonly drop: null }
export type Meter =
  | {
      readonly limit: {
        readonly rate: number
        readonly burst: number
        readonly per: 'second'
        readonly inv: boolean
      }
    }
  | { readonly 'ct count': { readonly val: number; readonly inv: true } }

export interface Rule {
  /** What it is for, as `nft list` shows it. */
  readonly why: string
  readonly does: readonly Statement[]
}

export interface Chain {
  readonly name: string
  /** Absent: reached by a jump. */
  readonly hook?: {
    readonly at: 'prerouting' | 'input' | 'forward' | 'output'
    readonly priority: number
    readonly policy: 'accept' | 'drop'
  }
  readonly rules: readonly Rule[]
}

export interface NamedSet {
  readonly name: string
  readonly type: string | readonly string[]
  readonly flags: readonly ('interval' | 'timeout' | 'dynamic')[]
  /** Seconds an element stays when it says nothing else. */
  readonly timeout?: number
  readonly size?: number
  readonly elements?: readonly Prefix[]
}

/** A whole firewall, as plain data. */
export interface Table {
  readonly sets: readonly NamedSet[]
  readonly chains: readonly Chain[]
}

/** An opening made while the firewall stands. */
export interface Opening {
  readonly id: string
  readonly transport: Transport
  readonly port: Port
  readonly from: CidrBlock
  readonly reason: string
  /** Epoch milliseconds. */
  readonly since: number
  readonly until: number
}

/** An address nothing comes from or goes to, made while the firewall stands. */
export interface Block {
  readonly id: string
  readonly address: CidrBlock
  readonly reason: string
  /** Epoch milliseconds. */
  readonly since: number
  readonly until: number
}

/** What is put in beside the rules, and leaves by itself. */
export interface Passing {
  readonly openings: readonly Opening[]
  readonly blocks: readonly Block[]
}

export type Command =
  | Readonly<Record<'add' | 'delete', unknown>>
  | { readonly add: unknown }
  | { readonly delete: unknown }
export interface Batch {
  readonly nftables: readonly Command[]
}

/** Removes the table: adding it first makes that work whether or not it was there. */
export const REMOVAL: readonly Command[] = [
  { add: { table: { family: FAMILY, name: TABLE } } },
  { delete: { table: { family: FAMILY, name: TABLE } } },
]

/** Replaces the whole table in one transaction: the kernel takes all of it or leaves what was there. */
export function replacing(table: Table, { openings, blocks }: Passing, nowMs: number): Batch {
  return {
    nftables: [
      ...REMOVAL,
      { add: { table: { family: FAMILY, name: TABLE } } },
      ...table.sets.map((set) => ({ add: { set: setWords(set) } })),
      ...table.chains.map(({ name, hook }) => ({ add: { chain: { ...OWN, name, ...hookWords(hook) } } })),
      ...table.chains.flatMap(({ name, rules }) =>
        rules.map(({ why, does }) => ({ add: { rule: { ...OWN, chain: name, comment: why, expr: does } } })),
      ),
      ...openings.filter(({ until }) => until > nowMs).map((opening) => opened(opening, nowMs)),
      ...blocks.filter(({ until }) => until > nowMs).map((each) => blocked(each, nowMs)),
    ],
  }
}

/** `dynamic` is not a word of nft's JSON before 1.0.7; nft puts it there itself for a set that rules add to. */
function setWords({ elements = [], flags, ...set }: NamedSet): object {
  const known = flags.filter((flag) => flag !== 'dynamic')
  return {
    ...{ ...OWN, ...set },
    ...(known.length > 0 && { flags: known }),
    ...(elements.length > 0 && { elem: elements }),
  }
}

function hookWords(hook: Chain['hook']): object {
  return hook === undefined ? {} : { type: 'filter', hook: hook.at, prio: hook.priority, policy: hook.policy }
}

/** The command that puts an opening in; the kernel itself takes it out again when its time is over. */
export function opened(opening: Opening, nowMs: number): Command {
  return { add: { element: elementOf(opening, untilOver(opening, nowMs)) } }
}

export function blocked(block: Block, nowMs: number): Command {
  return { add: { element: blockedElement(block, untilOver(block, nowMs)) } }
}

export function unblocked(block: Block): Command {
  return { delete: { element: blockedElement(block, {}) } }
}

function untilOver({ id, until }: Pick<Opening, 'id' | 'until'>, nowMs: number): object {
  return { timeout: Math.max(1, Math.ceil((until - nowMs) / 1000)), comment: id }
}

function blockedElement({ address }: Block, more: object): object {
  const name = address.includes(':') ? 'blocked6' : 'blocked4'
  return { ...OWN, name, elem: [{ elem: { val: prefix(address), ...more } }] }
}

export function closed(opening: Opening): Command {
  return { delete: { element: elementOf(opening, {}) } }
}

function elementOf({ transport, port, from }: Opening, more: object): object {
  const val = { concat: [transport, port, prefix(from)] }
  return { ...OWN, name: from.includes(':') ? 'opened6' : 'opened4', elem: [{ elem: { val, ...more } }] }
}

export function prefix(block: CidrBlock): Prefix {
  const [addr = '', len = ''] = block.split('/')
  return { prefix: { addr, len: Number(len) } }
}
