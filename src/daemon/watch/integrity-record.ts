import { messageOf } from '../../core/error.ts'
import type { GateEvent } from '../../gate/index.ts'
import type { Filter } from '../../record/audit/index.ts'
import { STATES, type IntegrityState, type MonitorStep, type Recorded } from '../../watch/integrity/index.ts'

const BARE = {
  event_type: 'system',
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'watch',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'low',
  rule: '',
} as const

export const BASELINE_TAKEN = 'integrity:baseline'
export const STATE_CHANGED = 'integrity:state'

/** Each baseline and each state, so that an older one put back is known as one. */
export function integrityEvent(step: MonitorStep): GateEvent {
  if (step.what === 'baseline') {
    const { revision, digest, entries } = step
    return {
      ...BARE,
      ...{ action: BASELINE_TAKEN, target: 'baseline.json', result: 'success', risk_level: 'high' },
      details: { revision, digest, entries },
    }
  }
  const { revision, state, reason } = step
  const isGood = state === 'trusted'
  return {
    ...BARE,
    ...{ action: STATE_CHANGED, target: state, reason: reason.slice(0, 500) },
    result: isGood ? 'success' : 'violation',
    risk_level: isGood ? 'low' : 'critical',
    details: { revision, state },
  }
}

type Query = (
  filter: Filter,
) => readonly { readonly details: Readonly<Record<string, string | number | boolean>> }[]

/** What the record knows of the newest baseline and state. @throws when it cannot be asked */
export function recordedIn(query: Query): Recorded {
  const newest = (action: string) => query({ action, order: 'newest', limit: 1 })[0]?.details
  const base = newest(BASELINE_TAKEN)
  const state = newest(STATE_CHANGED)
  return {
    ...(base === undefined
      ? {}
      : { baseline: { revision: Number(base['revision']), digest: String(base['digest']) } }),
    ...(state === undefined
      ? {}
      : { state: { revision: Number(state['revision']), state: stateNamed(state['state']) } }),
  }
}

function stateNamed(name: unknown): IntegrityState {
  return STATES.find((state) => state === name) ?? 'unknown'
}

export function notAsked(error: unknown): string {
  return `the record cannot be asked for the newest baseline: ${messageOf(error)}`
}
