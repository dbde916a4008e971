import { canonicalJson, sha256, type Json } from '../../../core/canonical.ts'
import type { RiskLevel } from '../../../core/risk.ts'
import { changesBetween, worstOf, type PinChange, type Seen } from './diff.ts'
import type { Pinnable, PinKind } from './pin.ts'
import type { Pin } from './store.ts'

/** A definition as a server gave it, and what was found in it. */
export interface Offered {
  readonly name: string
  readonly definition: unknown
  readonly seen: Seen
}

export type PinAnswer =
  | { readonly isGood: true }
  | { readonly isGood: false; readonly rule: PinRule; readonly reason: string; readonly fix: string }
export type PinRule = 'mcp.pin.changed' | 'mcp.pin.added' | 'mcp.pin.twice' | 'mcp.definition.blocked'

/** What waits for the owner's word. */
export interface Waiting {
  readonly kind: PinKind
  readonly name: string
  readonly rule: PinRule
  readonly digest: string
  readonly grade: RiskLevel
  readonly reason: string
  readonly changes: readonly PinChange[]
}

/** Of everything that waits, in no order. */
export function digestOfWaiting(waiting: readonly Waiting[]): string {
  const lines = waiting.map(({ kind, name, digest }): Json => [kind, name, digest])
  return sha256(canonicalJson(lines.map((line) => canonicalJson(line)).toSorted()))
}

/** Why a definition has to wait; undefined when it is good. */
export function whatWaits(
  is: Pinnable,
  seen: Seen,
  pinned: Pin | undefined,
  isListing: boolean,
): Waiting | undefined {
  const { kind, name, digest } = is
  const base = { kind, name, digest, changes: [] }
  if (pinned === undefined) {
    const finding = seen.findings[0]
    if (seen.verdict === 'blocked')
      return {
        ...base,
        rule: 'mcp.definition.blocked',
        grade: 'critical',
        reason: `${kind} ${name}: ${finding?.reason ?? 'it is not to be trusted'} (at ${finding?.field || '/'})`,
      }
    if (isListing) return undefined
    return {
      ...base,
      rule: 'mcp.pin.added',
      grade: 'high',
      reason: `${kind} ${name} came after the server was approved`,
    }
  }
  if (pinned.digest === digest) return undefined
  const changes = changesBetween(is, pinned.definition as Json, is.definition, seen)
  if (changes.length === 0) return undefined
  const gained = seen.labels.filter((label) => !pinned.labels.includes(label))
  const grade = worstOf([
    ...changes.map((change) => change.grade),
    ...(gained.length > 0 ? (['high'] as const) : []),
  ])
  const fields = changes.map((change) => change.field || '/').slice(0, 5)
  const more = changes.length > fields.length ? ` and ${changes.length - fields.length} more` : ''
  const can = gained.length > 0 ? `; it says it can do more: ${gained.join(', ')}` : ''
  const reason = `${kind} ${name} is not what was approved: ${fields.join(', ')}${more} changed (${grade}: ${worstReason(changes, grade)})${can}`
  return { ...base, rule: 'mcp.pin.changed', grade, reason, changes }
}

function worstReason(changes: readonly PinChange[], grade: RiskLevel): string {
  return changes.find((change) => change.grade === grade)?.reason ?? 'it can do more'
}

/** Of two with one name only the first is looked at by some clients, and only the last by others. */
export function secondOf({ kind, name, digest }: Pinnable): Waiting {
  const reason = `there are two ${kind}s ${name}, and which of them is meant nobody can say`
  return { kind, name, digest, rule: 'mcp.pin.twice', grade: 'critical', reason, changes: [] }
}
