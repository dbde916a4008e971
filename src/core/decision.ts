import type { Domain } from './action.ts'

/** Who said it: the part of Warder whose answer settled the request. */
export const LAYERS = [
  'identity',
  'inspection',
  'policy',
  'approval',
  'containment',
  'sandbox',
  'ledger',
  'permit',
] as const
export type Layer = (typeof LAYERS)[number]
export type Effect = 'allow' | 'ask' | 'deny'

/** Why a decision is what it is, as data. */
export interface Evidence {
  readonly domain: Domain
  /** SHA-256 hex over the policy in force and the set of live grants. */
  readonly policyDigest: string
  /** The first 16 hex digits of SHA-256 over principal and action. */
  readonly inputHash: string
  /** Rises with every change of policy or grants; a permit of an older epoch is judged again. */
  readonly epoch: number
  /** How long deciding took. */
  readonly microseconds: number
}

/** The answer to "may they". A deny is an answer, not an error. */
export interface Decision {
  readonly effect: Effect
  readonly layer: Layer
  /** The rule that settled it: `policy.rules[3]`, `grant.<id>`, `exclusion.private-keys`, `role.task.default`, `default`. */
  readonly rule: string
  readonly reason: string
  /** What would change the answer, when there is such a thing: a command or a patch. */
  readonly fix?: string
  /** Capabilities that were used to allow it, as written in policy or grant. */
  readonly capabilities: readonly string[]
  readonly evidence: Evidence
}
