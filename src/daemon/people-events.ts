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
  /** The error's code; absent when it went well. */
  readonly refused?: string
  readonly reason?: string
}

export function authEvent({ who, action, target = '', uid, refused, reason = '' }: AuthTry): GateEvent {
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
    details: uid === undefined ? {} : { uid },
  }
}
