import type { CaseClass, IncidentState } from '../../core/incident.ts'
import { isAtLeast, RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import type { Incident } from './incident.ts'

export interface IncidentFilter {
  readonly class?: CaseClass
  /** `active`: everything that is not resolved. */
  readonly state?: IncidentState | 'active'
  /** At least so bad. */
  readonly severity?: RiskLevel
  readonly agent?: string
}

export function matches(
  incident: Incident,
  { class: kind, state, severity, agent }: IncidentFilter,
): boolean {
  if (kind !== undefined && incident.class !== kind) return false
  if (agent !== undefined && incident.agent !== agent) return false
  if (severity !== undefined && !isAtLeast(incident.severity, severity)) return false
  if (state === 'active') return incident.state !== 'resolved'
  return state === undefined || incident.state === state
}

export function worstFirst(one: Incident, other: Incident): number {
  const bySeverity = RISK_LEVELS.indexOf(other.severity) - RISK_LEVELS.indexOf(one.severity)
  return bySeverity === 0 ? other.openedAt - one.openedAt : bySeverity
}
