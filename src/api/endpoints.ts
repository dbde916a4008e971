import type { z } from 'zod'
import { ALERT_ENDPOINTS } from './alerts.ts'
import { APPROVAL_ENDPOINTS } from './approvals.ts'
import { AUDIT_ENDPOINTS } from './audit.ts'
import { CANARY_ENDPOINTS } from './canaries.ts'
import { CHANGE_ENDPOINTS } from './changes.ts'
import { CONSOLE_ENDPOINTS } from './console.ts'
import { DAEMON_ENDPOINTS } from './daemon.ts'
import { EGRESS_ENDPOINTS } from './egress.ts'
import { EMERGENCY_ENDPOINTS } from './emergency.ts'
import type { Endpoint } from './endpoint.ts'
import { FIREWALL_ENDPOINTS } from './firewall.ts'
import { GRANT_ENDPOINTS } from './grant.ts'
import { HEALTH_ENDPOINTS } from './health.ts'
import { HOOK_ENDPOINTS } from './hooks.ts'
import { INCIDENT_ENDPOINTS } from './incidents.ts'
import { INTEGRITY_ENDPOINTS } from './integrity.ts'
import { MCP_ENDPOINTS } from './mcp.ts'
import { MCP_PIN_ENDPOINTS } from './mcp-pins.ts'
import { OUTBOX_ENDPOINTS } from './outbox.ts'
import { PEOPLE_ENDPOINTS } from './people.ts'
import { POLICY_ENDPOINTS } from './policy.ts'
import { POSTURE_ENDPOINTS } from './posture.ts'
import { RUN_ENDPOINTS } from './run.ts'
import { SANDBOX_ENDPOINTS } from './sandbox.ts'
import { SECRET_ENDPOINTS } from './secrets.ts'
import { STATUS_ENDPOINTS } from './status.ts'
import { STOP_ENDPOINTS } from './stop.ts'
import { TAINT_ENDPOINTS } from './taint.ts'

export type { AuditFilter, EntryAnswer, EntryShape } from './audit.ts'
export type {
  ExecInput,
  ForwardInput,
  LimitShape,
  OpenedRunShape,
  RunInput,
  RunRequest,
  RunShape,
} from './run.ts'
export type { GuaranteeShape } from './sandbox.ts'
export type { StatusAnswer, StatusShape } from './status.ts'

/**
 * Every call there is. Server, OpenAPI document and reference are made from this table; a client reads the topics it
 * needs, see `topics.ts`.
 */
export const ENDPOINTS = {
  ...STATUS_ENDPOINTS,
  ...DAEMON_ENDPOINTS,
  ...RUN_ENDPOINTS,
  ...GRANT_ENDPOINTS,
  ...POLICY_ENDPOINTS,
  ...AUDIT_ENDPOINTS,
  ...SANDBOX_ENDPOINTS,
  ...CHANGE_ENDPOINTS,
  ...STOP_ENDPOINTS,
  ...PEOPLE_ENDPOINTS,
  ...CONSOLE_ENDPOINTS,
  ...APPROVAL_ENDPOINTS,
  ...HOOK_ENDPOINTS,
  ...OUTBOX_ENDPOINTS,
  ...SECRET_ENDPOINTS,
  ...EGRESS_ENDPOINTS,
  ...TAINT_ENDPOINTS,
  ...MCP_ENDPOINTS,
  ...MCP_PIN_ENDPOINTS,
  ...FIREWALL_ENDPOINTS,
  ...ALERT_ENDPOINTS,
  ...INCIDENT_ENDPOINTS,
  ...HEALTH_ENDPOINTS,
  ...INTEGRITY_ENDPOINTS,
  ...CANARY_ENDPOINTS,
  ...EMERGENCY_ENDPOINTS,
  ...POSTURE_ENDPOINTS,
} as const satisfies Record<string, Endpoint>

export type EndpointName = keyof typeof ENDPOINTS
export type InputOf<N extends EndpointName> = z.input<(typeof ENDPOINTS)[N]['input']>
export type ParsedInputOf<N extends EndpointName> = z.output<(typeof ENDPOINTS)[N]['input']>
export type OutputOf<N extends EndpointName> = z.output<(typeof ENDPOINTS)[N]['output']>
