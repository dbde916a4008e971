import { INCIDENT_SEVERITY, type CaseClass, type Finding, type IncidentClass } from '../../core/incident.ts'
import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import type { ActionName, Order } from './incident.ts'

interface ClassRule {
  /** In this order: what stands still cannot undo what comes after. */
  readonly actions: readonly ActionName[]
  /** Only the recovery ceremony ends it, across restarts. */
  readonly isLatched: boolean
  /** Recovery needs a look at the integrity of Warder that is newer than the containment. */
  readonly needsEvidence: boolean
}

/** What is done by itself about each class. An empty list: somebody looks at it, and that is all. */
export const CLASS_RULES: Readonly<Record<IncidentClass, ClassRule>> = {
  attestation_failure: {
    actions: ['freeze_agent', 'close_egress', 'lock_secrets'],
    isLatched: true,
    needsEvidence: true,
  },
  integrity_violation: {
    actions: ['freeze_agent', 'close_egress', 'lock_secrets'],
    isLatched: true,
    needsEvidence: true,
  },
  unauthorized_access: {
    actions: ['freeze_agent', 'lock_secrets', 'log_alert'],
    isLatched: true,
    needsEvidence: false,
  },
  policy_bypass_attempt: { actions: ['freeze_agent', 'log_alert'], isLatched: false, needsEvidence: false },
  prompt_injection: { actions: ['freeze_agent', 'log_alert'], isLatched: false, needsEvidence: false },
  manifest_mismatch: { actions: ['quarantine', 'freeze_agent'], isLatched: true, needsEvidence: false },
  model_behavior_anomaly: { actions: ['quarantine', 'log_alert'], isLatched: false, needsEvidence: false },
  tool_call_burst: { actions: ['freeze_agent'], isLatched: false, needsEvidence: false },
  forbidden_airlock_request: { actions: [], isLatched: false, needsEvidence: false },
}

/** So many reports of a class within the window, and it is as bad as this. Only upwards. */
export const ESCALATION: Readonly<
  Partial<
    Record<IncidentClass, { readonly count: number; readonly windowMs: number; readonly severity: RiskLevel }>
  >
> = {
  prompt_injection: { count: 3, windowMs: 300_000, severity: 'critical' },
  tool_call_burst: { count: 5, windowMs: 60_000, severity: 'high' },
  policy_bypass_attempt: { count: 2, windowMs: 600_000, severity: 'critical' },
  forbidden_airlock_request: { count: 5, windowMs: 300_000, severity: 'high' },
  model_behavior_anomaly: { count: 3, windowMs: 900_000, severity: 'critical' },
}

export function worse(one: RiskLevel, other: RiskLevel): RiskLevel {
  return isAtLeast(one, other) ? one : other
}

/** At least what its class says: whoever reports can make it worse, never better. */
export function severityOf(kind: IncidentClass, reported: RiskLevel): RiskLevel {
  return worse(INCIDENT_SEVERITY[kind], reported)
}

export function isLatched(kind: CaseClass): boolean {
  return isFound(kind) && CLASS_RULES[kind].isLatched
}

export function needsEvidence(kind: CaseClass, severity: RiskLevel): boolean {
  return severity === 'critical' || (isFound(kind) && CLASS_RULES[kind].needsEvidence)
}

export function isFound(kind: CaseClass): kind is IncidentClass {
  return Object.hasOwn(CLASS_RULES, kind)
}

export const ALL = '*'

/**
 * What shall be done about a finding, with what. Something that names no agent stops nobody, unless it is Warder
 * itself that cannot be trusted any more: then nobody may act.
 *
 * @param isOwn whether the finding is about Warder's own programs, rules or keys
 */
export function ordersFor(kind: IncidentClass, finding: Finding, isOwn: boolean): Order[] {
  const whom = finding.agent ?? (CLASS_RULES[kind].needsEvidence && isOwn ? ALL : undefined)
  return CLASS_RULES[kind].actions.flatMap((action): Order[] => {
    switch (action) {
      case 'freeze_agent':
      case 'close_egress':
        return whom === undefined ? [] : [{ action, target: whom }]
      case 'quarantine':
        return quarantineOf(finding)
      default:
        return [{ action, target: action === 'lock_secrets' ? 'secrets' : 'ledger' }]
    }
  })
}

/** The file, or the tool or server, that a finding names. */
function quarantineOf({ rule, evidence }: Finding): Order[] {
  const { path, target } = evidence
  if (typeof path === 'string' && path.startsWith('/'))
    return [{ action: 'quarantine', target: path, input: { kind: 'file' } }]
  // entries of the record about MCP are on `server/tool`
  const [ofServer = '', ofTool] =
    rule.startsWith('mcp.') && typeof target === 'string' ? target.split(/\/(.*)/s) : []
  const { server = ofServer, tool = ofTool } = evidence
  if (typeof server !== 'string' || server === '') return []
  if (typeof tool !== 'string' || tool === '')
    return [{ action: 'quarantine', target: server, input: { kind: 'server' } }]
  return [{ action: 'quarantine', target: `${server}/${tool}`, input: { kind: 'tool', server, tool } }]
}
