import { NAMESPACES, type Capability, type ResourceKind } from '../../core/capability.ts'
import type { Domain } from '../../core/action.ts'
import type { Effect } from '../../core/decision.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import type { Pattern } from './pattern.ts'
import { PatternIndex } from './pattern-index.ts'
import { SlotTable } from './slot-table.ts'

/** Where a clause comes from, in the order in which they are weighed among equals. */
export type Source = 'exclusion' | 'rule' | 'agent_risk' | 'grant' | 'preset' | 'may_request'

/** One thing that is said about one capability, ready to be weighed. `request` is "not held, but may be asked for". */
export interface Clause {
  readonly source: Source
  readonly effect: Effect | 'request'
  /** As in `Decision.rule`. */
  readonly rule: string
  readonly reason: string
  /** As written; the only member is the same text, ready for `Decision.capabilities`. */
  readonly capability: string
  readonly capabilities: readonly string[]
  /** Among clauses of one effect the lowest settles it, so that the answer names the same rule every time. */
  readonly order: number
  /** Positions in `RISK_LEVELS`; `riskAtMost` of -1 is the policy's own bar. */
  readonly riskAtLeast: number
  readonly riskAtMost: number
  /** Epoch milliseconds; holds from the first, and no longer at the second. */
  readonly from: number
  readonly until: number
  readonly task: string | undefined
  /** Whether it holds for the owner too. */
  readonly forOwner: boolean
  readonly where: string | undefined
  /** `from` and `until` in whole seconds, at most a {@link LAST_SECOND}: see `isInTime`. */
  readonly fromSecond: number
  readonly untilSecond: number
}

export type ClauseParts = Pick<Clause, 'source' | 'effect' | 'rule' | 'reason' | 'capability' | 'order'> &
  Partial<Omit<Clause, 'fromSecond' | 'untilSecond'>>

/** What V8 keeps inside an object without a box of its own ends here. */
const LAST_SECOND = 2 ** 31 - 1

/** Whole seconds, held between 0 and {@link LAST_SECOND}. */
export function secondOf(ms: number): number {
  return ms <= 0 ? 0 : ms >= LAST_SECOND * 1000 ? LAST_SECOND : Math.floor(ms / 1000)
}

/**
 * Whether the clause holds at `now`. The whole seconds settle it without a look at the exact times, which lie elsewhere
 * in memory; only within the very second do these decide.
 */
export function isInTime(clause: Clause, now: number, second: number): boolean {
  if (second > clause.fromSecond && second < clause.untilSecond) return true
  return now >= clause.from && now < clause.until
}

/** Every clause has the same shape in memory, and what is asked first stands first: both keep deciding fast. */
export function clauseOf(parts: ClauseParts): Clause {
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = parts
  return {
    effect: parts.effect,
    riskAtLeast: parts.riskAtLeast ?? 0,
    fromSecond: secondOf(from),
    untilSecond: secondOf(until),
    task: parts.task,
    forOwner: parts.forOwner ?? false,
    riskAtMost: parts.riskAtMost ?? (parts.effect === 'allow' ? -1 : RISK_LEVELS.length),
    rule: parts.rule,
    reason: parts.reason,
    capabilities: Object.freeze([parts.capability]),
    source: parts.source,
    capability: parts.capability,
    order: parts.order,
    from,
    until,
    where: parts.where,
  }
}

/** One `namespace:verb`, resolved once. */
export interface Operation {
  readonly id: number
  readonly namespace: string
  readonly verb: string
  readonly kind: ResourceKind
  readonly domain: Domain
  readonly needsResource: boolean
  /** `namespace:verb:`, for messages; and the same behind a space. */
  readonly prefix: string
  readonly spacedPrefix: string
}

const NEEDS_RESOURCE = new Set(['fs', 'net', 'process:spawn', 'tool:call', 'secret:use', 'model'])

/** Every operation there is, by namespace and verb. */
export const OPERATIONS: ReadonlyMap<string, ReadonlyMap<string, Operation>> = (() => {
  const all = Object.entries(NAMESPACES).flatMap(([namespace, { verbs, resource, domain }]) =>
    verbs.map((verb) => ({ namespace, verb, kind: resource, domain })),
  )
  const table = new Map<string, Map<string, Operation>>()
  for (const [id, { namespace, verb, kind, domain }] of all.entries()) {
    const needsResource = NEEDS_RESOURCE.has(namespace) || NEEDS_RESOURCE.has(`${namespace}:${verb}`)
    const verbs = table.get(namespace) ?? new Map<string, Operation>()
    const prefix = `${namespace}:${verb}:`
    const spacedPrefix = ` ${prefix}`
    const operation = { id, namespace, verb, kind, domain, needsResource, prefix, spacedPrefix }
    table.set(namespace, verbs.set(verb, operation))
  }
  return table
})()

const QUICK = 1024
/** The operations by a few of their letters: asked for every action, so the usual answer comes without a map. */
const QUICKLY: readonly (Operation | undefined)[] = (() => {
  const table = Array.from({ length: QUICK }, (): Operation | undefined => undefined)
  for (const verbs of OPERATIONS.values()) {
    for (const operation of verbs.values()) table[lettersOf(operation.namespace, operation.verb)] = operation
  }
  return table
})()

function lettersOf(namespace: string, verb: string): number {
  const first = namespace.charCodeAt(0) * 31 + namespace.length * 7
  return (first + verb.charCodeAt(0) * 131 + verb.length * 67) & (QUICK - 1)
}

export function operationOf(namespace: string, verb: string): Operation | undefined {
  const operation = QUICKLY[lettersOf(namespace, verb)]
  return operation !== undefined && operation.verb === verb && operation.namespace === namespace
    ? operation
    : OPERATIONS.get(namespace)?.get(verb)
}

/** The operations a capability speaks of: one, or all of its namespace for `*`. */
export function operationsOf({ namespace, verb }: Capability): Operation[] {
  const verbs = OPERATIONS.get(namespace)
  if (verbs === undefined) return []
  if (verb === '*') return [...verbs.values()]
  const one = verbs.get(verb)
  return one === undefined ? [] : [one]
}

/** Clauses of many operations in one index, the operation being part of the key: one table to look into. */
export type Clauses = PatternIndex<Clause>

export function newClauses(table = new SlotTable<Clause>()): Clauses {
  return new PatternIndex<Clause>(table)
}

/** @throws PolicyError `PATTERN_INVALID`; then none of its operations has it */
export function addClause(clauses: Clauses, capability: Capability, pattern: Pattern, clause: Clause): void {
  const plain = isPlain(clause) ? clause : undefined
  const added: number[] = []
  try {
    for (const { id } of operationsOf(capability)) {
      clauses.add(pattern, clause, id, plain)
      added.push(id)
    }
  } catch (error) {
    for (const id of added) clauses.remove(pattern, clause, id)
    throw error
  }
}

export function removeClause(
  clauses: Clauses,
  capability: Capability,
  pattern: Pattern,
  clause: Clause,
): void {
  for (const { id } of operationsOf(capability)) clauses.remove(pattern, clause, id)
}

/** Whether it allows, and asks for nothing but its time and a risk below the policy's own bar. */
function isPlain({ effect, riskAtLeast, riskAtMost, task }: Clause): boolean {
  return effect === 'allow' && riskAtLeast === 0 && riskAtMost === -1 && task === undefined
}
