import type { RiskLevel, Sensitivity } from './risk.ts'

/** The six decision domains; one `decide()` answers for all. */
export const DOMAINS = [
  'tool_access',
  'path_access',
  'egress',
  'agent_risk',
  'sensitivity',
  'model_promotion',
] as const
export type Domain = (typeof DOMAINS)[number]

/** Something found while looking into a request; evidence for the decision, never a decision. */
export interface Finding {
  readonly rule: string
  readonly risk: RiskLevel
  readonly note: string
}

/** One thing a principal wants done, named exactly: what is decided on is what runs. */
export interface Action {
  /** `fs`, `process`, `net`, `agent`, `tool`, … (see `core/capability.ts`). */
  readonly namespace: string
  /** The verb in that namespace: `read`, `spawn`, `connect`, `start`, … */
  readonly verb: string
  /** The concrete resource, never a pattern: a resolved absolute path, `host:port`, a name; '' when the verb has none. */
  readonly resource: string
  readonly risk: RiskLevel
  /** SHA-256 hex of the canonical JSON of exactly what the door will do; a permit holds for these bytes alone. */
  readonly bytes: string
  /** The label of the data handled, for the sensitivity domain; absent means low. */
  readonly sensitivity?: Sensitivity
  /** Why the principal wants it, in its own words; shown, recorded, never trusted. */
  readonly reason?: string
  /** The task this belongs to, for grants that are bound to one. */
  readonly task?: string
  /** For model promotion: the artefact's format, such as `gguf`. */
  readonly format?: string
  readonly findings?: readonly Finding[]
  /** What it looks like to a person: the command line, the profile. Recorded after redaction, never decided on. */
  readonly about?: Readonly<Record<string, string>>
}

/** `fs:read:/etc/hosts`: how an action is written in records and messages. */
export function actionName(action: Pick<Action, 'namespace' | 'verb' | 'resource'>): string {
  return action.resource === ''
    ? `${action.namespace}:${action.verb}`
    : `${action.namespace}:${action.verb}:${action.resource}`
}
