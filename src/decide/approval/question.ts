import type { Action } from '../../core/action.ts'
import { actionName } from '../../core/action.ts'
import { digestOf, type Json } from '../../core/canonical.ts'
import type { Decision } from '../../core/decision.ts'
import type { Principal, Role } from '../../core/principal.ts'
import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import type { CommandPattern } from './pattern.ts'
import type { Subject } from './subject.ts'

/** What a question is about, in the words that decide how carefully it is asked. */
export const KINDS = [
  'command',
  'capability',
  'tool',
  'file',
  'outbound_request',
  'export_data',
  'trust_change',
  'widen_scope',
  'enable_tool',
  'change_security',
  'other',
] as const
export type Kind = (typeof KINDS)[number]

/** A yes to these is asked for twice, whatever their risk. */
const TWICE: ReadonlySet<Kind> = new Set([
  'trust_change',
  'export_data',
  'widen_scope',
  'enable_tool',
  'change_security',
])

/** By `namespace:verb` first, then by namespace. What is in neither is `other`. */
const KIND_OF: Readonly<Record<string, Kind>> = {
  process: 'command',
  'agent:start': 'command',
  tool: 'tool',
  fs: 'file',
  net: 'outbound_request',
  data: 'export_data',
  'audit:export': 'export_data',
  'agent:resume': 'trust_change',
  'model:promote': 'trust_change',
  secret: 'trust_change',
  grant: 'widen_scope',
  'pkg:install': 'enable_tool',
  'service:start': 'enable_tool',
  policy: 'change_security',
  config: 'change_security',
  firewall: 'change_security',
  dns: 'change_security',
  sec: 'change_security',
  approval: 'change_security',
  crypto: 'change_security',
}

export function kindOf({ namespace, verb }: Pick<Action, 'namespace' | 'verb'>): Kind {
  const name = `${namespace}:${verb}`
  if (Object.hasOwn(KIND_OF, name)) return KIND_OF[name]!
  return Object.hasOwn(KIND_OF, namespace) ? KIND_OF[namespace]! : 'other'
}

/** Whether a yes must be confirmed after a second look. */
export function isTwoPhase(kind: Kind, risk: RiskLevel): boolean {
  return TWICE.has(kind) || isAtLeast(risk, 'high')
}

/** Whether a yes needs the passphrase, where there is one, given a short time ago. */
export function needsFresh({ twoPhase, action }: Pick<Question, 'twoPhase' | 'action'>): boolean {
  return twoPhase || isAtLeast(action.risk, 'high')
}

/** What can be said. `rule` stores a standing allowance; `deny` may carry words for who asked. */
export const CHOICES = ['once', 'session', 'rule', 'deny'] as const
export type Choice = (typeof CHOICES)[number]

/**
 * - `pending`: nobody has answered
 * - `agreed`: a yes in principle, to be confirmed after a second look
 * - `answering`: an answer is being written down
 */
export type QuestionState =
  | 'pending'
  | 'agreed'
  | 'answering'
  | 'allowed'
  | 'denied'
  | 'expired'
  | 'withdrawn'

export interface Question {
  readonly id: string
  readonly kind: Kind
  readonly state: QuestionState
  /** Who wants it. */
  readonly principal: string
  readonly role: Role
  readonly action: Action
  /** The rule that asked, and why. */
  readonly rule: string
  readonly reason: string
  /** The command behind it, where there is one. */
  readonly subject?: Subject
  /** SHA-256 over everything that is shown and will run; an answer holds for this alone. */
  readonly payload: string
  readonly twoPhase: boolean
  readonly choices: readonly Choice[]
  /** What `rule` would store unless a hole is asked for. */
  readonly narrowest?: CommandPattern
  /** Epoch milliseconds, for people; the deadline itself is kept by a clock that does not jump. */
  readonly askedAt: number
  readonly expiresAt: number
  /** To be typed by whoever confirms; only there once somebody agreed. */
  readonly word?: string
  /** Who said yes in principle. */
  readonly agreedBy?: string
  readonly say?: Choice
  readonly by?: string
  readonly note?: string
  readonly answeredAt?: number
  /** Of the ledger entry of the answer. */
  readonly entry?: number
}

/** As much of a principal as matters here. */
export type Somebody = Pick<Principal, 'id' | 'role'>

export interface Asking {
  readonly who: Somebody
  readonly action: Action
  readonly decision: Pick<Decision, 'rule' | 'reason'>
  readonly subject?: Subject
  readonly kind?: Kind
}

/** Everything a yes is about, in one digest. */
export function payloadOf({ who, action, subject, kind }: Asking): string {
  const { bytes, risk, reason, sensitivity, task, findings = [] } = action
  return digestOf({
    principal: who.id,
    role: who.role,
    kind: kind ?? kindOf(action),
    action: actionName(action),
    bytes,
    risk,
    reason: reason ?? null,
    sensitivity: sensitivity ?? null,
    task: task ?? null,
    findings: findings.map(({ rule, risk: level, note }) => ({ rule, risk: level, note })),
    subject: subject === undefined ? null : (JSON.parse(JSON.stringify(subject)) as Json),
  })
}

/** Nothing that cannot be undone is allowed for longer than once. */
export function choicesOf(risk: RiskLevel, kind: Kind, hasPattern: boolean): readonly Choice[] {
  if (isTwoPhase(kind, risk) || kind === 'capability') return ['once', 'deny']
  return hasPattern ? CHOICES : ['once', 'session', 'deny']
}
