import type { Action } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import type { Outcome, PermitClaims } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import type { RiskLevel } from '../core/risk.ts'

/** What the gate asks the ledger to keep; the ledger adds number, id, time and chain. */
export interface GateEvent {
  readonly event_type: EventType
  /** The acting principal. */
  readonly agent: string
  /** `namespace:verb`. */
  readonly action: string
  readonly target: string
  readonly capabilities_used: readonly string[]
  readonly decision: '' | 'allow' | 'ask' | 'deny'
  readonly decision_id: string
  readonly layer: string
  readonly permit_id: string
  readonly reason: string
  readonly request_id: string
  readonly result: 'allowed' | 'denied' | Outcome['result']
  readonly risk_level: RiskLevel
  readonly rule: string
  readonly details: Readonly<Record<string, string | number | boolean>>
}

export type EventType =
  | 'tool_call'
  | 'capability'
  | 'agent'
  | 'external_api'
  | 'network'
  | 'file'
  | 'authentication'
  | 'policy'
  | 'containment'
  | 'system'

const TYPE_OF: Readonly<Record<string, EventType>> = {
  fs: 'file',
  net: 'network',
  process: 'tool_call',
  tool: 'tool_call',
  agent: 'agent',
  grant: 'capability',
  policy: 'policy',
}

/** What a verdict looks like in the ledger. */
export function verdictEvent(
  ids: { readonly request: string; readonly decision: string; readonly permit: string },
  who: Principal,
  action: Action,
  decision: Decision,
): GateEvent {
  return {
    event_type: decision.layer === 'containment' ? 'containment' : (TYPE_OF[action.namespace] ?? 'system'),
    agent: who.id,
    action: `${action.namespace}:${action.verb}`,
    target: action.resource,
    capabilities_used: decision.capabilities,
    decision: decision.effect,
    decision_id: ids.decision,
    layer: decision.layer,
    permit_id: ids.permit,
    reason: decision.reason,
    request_id: ids.request,
    result: decision.effect === 'allow' ? 'allowed' : 'denied',
    risk_level: action.risk,
    rule: decision.rule,
    details: {
      ...action.about,
      bytes: action.bytes,
      channel: who.channel,
      domain: decision.evidence.domain,
      epoch: decision.evidence.epoch,
      input_hash: decision.evidence.inputHash,
      microseconds: Math.round(decision.evidence.microseconds),
      policy_digest: decision.evidence.policyDigest,
      role: who.role,
      ...(who.channel === 'console' && who.session !== undefined ? { session: who.session } : {}),
      ...(action.reason === undefined ? {} : { asked_because: action.reason }),
      ...(action.task === undefined ? {} : { task: action.task }),
      ...(action.findings?.length ? { findings: action.findings.map(({ rule }) => rule).join(' ') } : {}),
    },
  }
}

/** How the act ended, under the same permit, request and decision. */
export function outcomeEvent(claims: PermitClaims, outcome: Outcome): GateEvent {
  const [namespace = '', verb = '', ...resource] = claims.action.split(':')
  return {
    event_type: TYPE_OF[namespace] ?? 'system',
    agent: claims.principal,
    action: `${namespace}:${verb}`,
    target: resource.join(':'),
    capabilities_used: [],
    decision: '',
    decision_id: claims.decision,
    layer: '',
    permit_id: claims.id,
    reason: outcome.note ?? '',
    request_id: claims.request,
    result: outcome.result,
    risk_level: 'low',
    rule: '',
    details: {
      door: claims.door,
      duration_ms: Math.round(outcome.durationMs),
      ...(outcome.exitCode === undefined ? {} : { exit_code: outcome.exitCode }),
    },
  }
}
