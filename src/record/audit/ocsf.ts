import type { RiskLevel } from '../../core/risk.ts'
import type { Entry } from './entry.ts'

const VERSION = '1.5.0'
const API_ACTIVITY = 6003
const APPLICATION_ACTIVITY = 6

/** `activity_id`: what the verb does, in the four words API Activity has; 99 for the rest. */
const ACTIVITIES: Readonly<Record<string, number>> = {
  add: 1,
  mkdir: 1,
  install: 1,
  set: 1,
  read: 2,
  list: 2,
  resolve: 2,
  status: 2,
  verify: 2,
  export: 2,
  write: 3,
  update: 3,
  reload: 3,
  promote: 3,
  delete: 4,
  remove: 4,
  revoke: 4,
}
const ACTIVITY_NAMES: Readonly<Record<number, string>> = { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' }
const RISKS: Readonly<Record<RiskLevel, number>> = { low: 1, medium: 2, high: 3, critical: 4 }
const ALLOWED = { action_id: 1, disposition_id: 1, disposition: 'Allowed' }
const BLOCKED = { action_id: 2, disposition_id: 2, disposition: 'Blocked' }
const UNDECIDED = { action_id: 0, disposition_id: 0, disposition: 'Unknown' }

/**
 * An entry as an OCSF API Activity event with the security_control attributes. A lossy copy for other tools:
 * `metadata.uid` and `metadata.log_name` lead back to the original, `unmapped` holds what the class has no place for.
 *
 * @see OCSF schema, events/application/api_activity and profiles/security_control
 */
export function ocsfOf(entry: Entry, origin: string): Record<string, unknown> {
  const [service = '', verb = ''] = entry.action.split(':')
  const activity = ACTIVITIES[verb] ?? 99
  return {
    activity_id: activity,
    activity_name: ACTIVITY_NAMES[activity] ?? verb,
    category_uid: APPLICATION_ACTIVITY,
    class_uid: API_ACTIVITY,
    type_uid: API_ACTIVITY * 100 + activity,
    time: Date.parse(entry.timestamp),
    severity_id: RISKS[entry.risk_level] + 1,
    ...statusOf(entry),
    ...control(entry),
    message: entry.reason,
    risk_level_id: RISKS[entry.risk_level],
    risk_level: entry.risk_level,
    actor: { user: { name: entry.agent, uid: entry.agent }, app_name: 'warder' },
    src_endpoint: { name: entry.agent },
    api: { operation: entry.action, service: { name: service }, request: { uid: entry.request_id } },
    resources: entry.target === '' ? [] : [{ name: entry.target, type: service }],
    metadata: {
      version: VERSION,
      profiles: ['security_control'],
      product: { name: 'Warder', vendor_name: 'Warder' },
      log_name: origin,
      uid: `${origin}#${entry.seq}`,
      event_code: entry.event_type,
      sequence: entry.seq,
      correlation_uid: entry.request_id,
    },
    unmapped: {
      capabilities_used: entry.capabilities_used,
      decision_id: entry.decision_id,
      details: entry.details,
      hash: entry.hash,
      id: entry.id,
      layer: entry.layer,
      permit_id: entry.permit_id,
      prev_hash: entry.prev_hash,
    },
  }
}

function control(entry: Entry): Record<string, unknown> {
  const outcome = entry.decision === 'allow' ? ALLOWED : entry.result === 'denied' ? BLOCKED : UNDECIDED
  if (entry.decision === '') return outcome
  return {
    ...outcome,
    authorizations: [{ decision: entry.decision, policy: { uid: entry.rule, name: entry.layer } }],
  }
}

function statusOf({ result }: Entry): Record<string, unknown> {
  if (result === 'success' || result === 'allowed') return { status_id: 1, status: 'Success' }
  if (result === 'pending') return { status_id: 0, status: 'Unknown' }
  return { status_id: 2, status: 'Failure', status_detail: result }
}
