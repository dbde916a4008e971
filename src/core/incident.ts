import type { RiskLevel } from './risk.ts'

/** What can go wrong in a way that somebody must look at, and how bad it is unless told that it is worse. */
export const INCIDENT_SEVERITY = {
  attestation_failure: 'critical',
  integrity_violation: 'critical',
  unauthorized_access: 'critical',
  policy_bypass_attempt: 'high',
  prompt_injection: 'high',
  manifest_mismatch: 'high',
  model_behavior_anomaly: 'high',
  tool_call_burst: 'medium',
  forbidden_airlock_request: 'medium',
} as const satisfies Readonly<Record<string, RiskLevel>>

export type IncidentClass = keyof typeof INCIDENT_SEVERITY

export const INCIDENT_CLASSES = Object.keys(INCIDENT_SEVERITY) as [IncidentClass, ...IncidentClass[]]

/**
 * What an owner opens by hand: the containment of an agent, or a case that follows a playbook. The other classes come
 * from findings.
 */
export const OWN_CLASSES = ['contained_by_owner', 'credential_compromise', 'data_breach'] as const
export type OwnClass = (typeof OWN_CLASSES)[number]
export type CaseClass = IncidentClass | OwnClass

export const INCIDENT_STATES = [
  'open',
  'containing',
  'contained',
  'containment_failed',
  'acknowledged',
  'resolved',
] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** What a watcher noticed. Without a class it is an alert and no more; with one it becomes an incident. */
export interface Finding {
  /** Which rule or check saw it, such as `agent.denial-burst` or `integrity.changed`. */
  readonly rule: string
  /** Which watcher: `detect`, `boundary`, `host`, `integrity`, `canary`, `posture`, `health`. */
  readonly source: string
  readonly severity: RiskLevel
  /** One line for people. May hold words of an agent's: whoever shows it makes it printable. */
  readonly summary: string
  /** When it happened, in milliseconds since 1970. */
  readonly at: number
  /** Findings with the same key within the grouping time are one alert and one incident, with a count. */
  readonly key: string
  readonly class?: IncidentClass
  readonly agent?: string
  /** The run it happened in, where it is known. */
  readonly run?: string
  readonly evidence: Readonly<Record<string, string | number | boolean>>
}
