import type { HookCall, Session } from '../enforce/session/index.ts'
import type { GateEvent } from '../gate/index.ts'

/** What goes on record of hooks beside verdicts. */

const BARE = {
  event_type: 'authentication',
  capabilities_used: [],
  decision_id: '',
  layer: 'inspection',
  permit_id: '',
  request_id: '',
} as const

/** A harness that does not heed its hook: nothing it asks is allowed any more. */
export function hookLockEvent({ id, harness, workspace, lock }: Session): GateEvent {
  return {
    ...BARE,
    event_type: 'containment',
    agent: harness,
    action: 'agent:stop',
    target: id,
    decision: 'deny',
    layer: 'containment',
    reason: lock?.why ?? '',
    result: 'violation',
    risk_level: 'high',
    rule: 'hook.lock',
    details: { session: id, workspace },
  }
}

/** The marked call was attempted, and refused. */
export function hookProvenEvent({ id, harness }: Session): GateEvent {
  return {
    ...BARE,
    agent: harness,
    action: 'hook:prove',
    target: id,
    decision: 'deny',
    reason: 'the marked call was refused, as it had to be',
    result: 'denied',
    risk_level: 'low',
    rule: 'hook.marker',
    details: { session: id },
  }
}

/** A call that was refused before policy was asked. */
export function hookRefusalEvent(harness: string, rule: string, reason: string, call?: HookCall): GateEvent {
  return {
    ...BARE,
    agent: harness,
    action: 'hook:call',
    target: call?.tool ?? '',
    decision: 'deny',
    reason,
    result: 'denied',
    risk_level: 'medium',
    rule,
    details: call === undefined ? {} : { session: call.session, event: call.event },
  }
}
