import { actionName } from '../core/action.ts'
import type { Allowance, Change, Trust } from '../decide/approval/index.ts'
import type { AuditEvent } from '../record/audit/index.ts'
import { cutText } from './cut-text.ts'

/** What goes on record about questions, and about what holds beyond one. */

const BARE = {
  event_type: 'policy',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'approval',
  permit_id: '',
  request_id: '',
} as const

/** The beginning of every action here whose entry names a line of the book. */
export const BOOK_ACTIONS = 'approval:'

/** What can be proved about an answer afterwards. */
export interface Signed {
  readonly text: string
  readonly signature: string
  readonly key: string
}

const RESULTS = {
  asked: 'pending',
  agreed: 'pending',
  answered: 'success',
  expired: 'timeout',
  withdrawn: 'cancelled',
} as const satisfies Record<Change['what'], string>

function decisionOf(what: Change['what'], say: string | undefined): '' | 'ask' | 'allow' | 'deny' {
  if (what === 'asked') return 'ask'
  if (what === 'agreed') return ''
  return say === undefined || say === 'deny' ? 'deny' : 'allow'
}

export function changeEvent({ what, question }: Change, signed?: Signed): AuditEvent {
  const { id, kind, principal, action, rule, reason, payload, say, by, agreedBy, note, subject } = question
  const isAnswer = what === 'answered'
  return {
    ...BARE,
    agent: what === 'asked' ? principal : (by ?? agreedBy ?? 'warder'),
    action: `question:${what}`,
    target: id,
    decision: decisionOf(what, say),
    rule,
    reason: what === 'asked' ? reason : (note ?? ''),
    result: RESULTS[what],
    risk_level: action.risk,
    details: {
      kind,
      payload,
      principal,
      about: actionName(action),
      ...(subject === undefined ? {} : { command: cutText(subject.argv.join(' '), 2000), cwd: subject.cwd }),
      ...(say === undefined ? {} : { say }),
      ...(isAnswer ? { waited_ms: Math.max(0, (question.answeredAt ?? 0) - question.askedAt) } : {}),
      ...(signed === undefined ? {} : { answer: signed.text, signature: signed.signature, key: signed.key }),
    },
  }
}

export function allowanceEvent(
  what: 'allowance' | 'revoke' | 'end',
  allowance: Allowance,
  pattern: string,
  by: string,
  bookSeq: number,
): AuditEvent {
  return {
    ...BARE,
    agent: by,
    action: `${BOOK_ACTIONS}${what}`,
    target: allowance.id,
    rule: `approval.allowance.${allowance.id}`,
    reason: pattern,
    result: 'success',
    risk_level: 'medium',
    details: {
      agent: allowance.agent,
      until: new Date(allowance.expiresAt).toISOString(),
      uses: allowance.uses,
      book_seq: bookSeq,
    },
  }
}

export function trustEvent(agent: string, trust: Trust, before: Trust, bookSeq: number): AuditEvent {
  return {
    ...BARE,
    agent: trust.by,
    action: `${BOOK_ACTIONS}trust`,
    target: agent,
    rule: `trust.${trust.stage}`,
    reason: trust.why,
    result: 'success',
    risk_level: 'medium',
    details: { before: before.stage, escalations: trust.escalations, book_seq: bookSeq },
  }
}

export function autonomyEvent(level: string, before: string, by: string, bookSeq: number): AuditEvent {
  return {
    ...BARE,
    agent: by,
    action: `${BOOK_ACTIONS}autonomy`,
    target: level,
    rule: 'autonomy',
    reason: `it was ${before}`,
    result: 'success',
    risk_level: 'high',
    details: { book_seq: bookSeq },
  }
}

/** The beginning of the action by which the newest version of the budgets is found again. */
export const BUDGET_ACTIONS = 'budget:'

/** That budgets were set or begun again: what is older than this version was put back. */
export function budgetEvent(version: number): AuditEvent {
  return {
    ...BARE,
    agent: 'warder',
    action: `${BUDGET_ACTIONS}change`,
    target: 'approvals.db',
    rule: 'budget',
    reason: '',
    result: 'success',
    risk_level: 'low',
    details: { version },
  }
}
