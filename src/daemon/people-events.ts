import type { GateEvent } from '../gate/index.ts'

const BARE = {
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'identity',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'medium',
  rule: '',
  target: '',
  details: {},
} as const

/** The action of {@link changeEvent}, by which the newest version of the book is found again. */
export const PEOPLE_CHANGE = 'people:change'

/** That the book of people was changed in a way nobody may take back unseen. */
export function changeEvent(version: number): GateEvent {
  return {
    ...BARE,
    event_type: 'authentication',
    action: PEOPLE_CHANGE,
    target: 'people.db',
    result: 'success',
    risk_level: 'low',
    details: { version },
  }
}

/** Somebody proved who they are, or failed to. */
export interface AuthTry {
  readonly who: string
  /** `owner:login`, `people:redeem`, … */
  readonly action: string
  readonly target?: string
  readonly uid?: number
  /** What else is known of it, such as the session and the way somebody came. */
  readonly details?: GateEvent['details']
  /** The error's code; absent when it went well. */
  readonly refused?: string
  readonly reason?: string
}

export function authEvent(attempt: AuthTry): GateEvent {
  const { who, action, target = '', uid, details = {}, refused, reason = '' } = attempt
  return {
    ...BARE,
    event_type: 'authentication',
    agent: who,
    action,
    target,
    decision: refused === undefined ? 'allow' : 'deny',
    reason,
    result: refused === undefined ? 'success' : 'denied',
    rule: refused ?? '',
    details: uid === undefined ? details : { ...details, uid },
  }
}
