import { randomInt } from 'node:crypto'
import { RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import { auditError } from './errors.ts'

export const EVENT_TYPES = [
  'tool_call',
  'capability',
  'agent',
  'external_api',
  'network',
  'file',
  'authentication',
  'policy',
  'containment',
  'system',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export const RESULTS = [
  'allowed',
  'denied',
  'success',
  'failure',
  'timeout',
  'violation',
  'cancelled',
  'error',
  'pending',
] as const
export type Result = (typeof RESULTS)[number]

/** The results that end what a permit allowed. */
export const OUTCOMES = ['success', 'failure', 'timeout', 'violation', 'cancelled', 'error'] as const

export const VERDICTS = ['', 'allow', 'deny', 'ask'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Flat, and without fractions: what an entry says must have one spelling. */
export type Details = Readonly<Record<string, string | number | boolean>>

/** What a caller wants recorded. What is left out is recorded as empty. */
export interface AuditEvent {
  readonly event_type: EventType
  /** The acting principal. */
  readonly agent: string
  readonly action: string
  readonly result: Result
  readonly risk_level: RiskLevel
  readonly target?: string
  readonly capabilities_used?: readonly string[]
  readonly decision?: Verdict
  readonly decision_id?: string
  readonly details?: Details
  readonly layer?: string
  readonly permit_id?: string
  readonly reason?: string
  readonly request_id?: string
  readonly rule?: string
}

/** An event with everything filled in; its members in the order they are written, which is the sorted one. */
export interface StampedEvent {
  readonly action: string
  readonly agent: string
  readonly capabilities_used: readonly string[]
  readonly decision: Verdict
  readonly decision_id: string
  readonly details: Details
  readonly event_type: EventType
  /** `audit-YYYYMMDD-HHMMSSmmm-6hex`, UTC. */
  readonly id: string
  readonly layer: string
  readonly permit_id: string
  readonly reason: string
  readonly request_id: string
  readonly result: Result
  readonly risk_level: RiskLevel
  readonly rule: string
  readonly target: string
  /** UTC, ISO 8601 with milliseconds. */
  readonly timestamp: string
  readonly v: 1
}

/** An entry as it stands in the ledger. `hash` covers the canonical JSON of all the rest. */
export interface Entry extends StampedEvent {
  /** From 1, without gaps, across all segments. */
  readonly seq: number
  /** `hash` of the entry before; 64 zeros for the first. */
  readonly prev_hash: string
  readonly hash: string
}

export const ENTRY_FIELDS = [
  'action',
  'agent',
  'capabilities_used',
  'decision',
  'decision_id',
  'details',
  'event_type',
  'id',
  'layer',
  'permit_id',
  'prev_hash',
  'reason',
  'request_id',
  'result',
  'risk_level',
  'rule',
  'seq',
  'target',
  'timestamp',
  'v',
] as const
export type EntryField = (typeof ENTRY_FIELDS)[number]

export const GENESIS = '0'.repeat(64)

const OPTIONAL_TEXTS = [
  'target',
  'decision_id',
  'layer',
  'permit_id',
  'reason',
  'request_id',
  'rule',
] as const

/** Gives events their time and id. One per ledger: ids made in one millisecond differ by a counter. */
export function createStamp(now: () => number): (event: AuditEvent) => StampedEvent {
  let count = randomInt(0x1000000)
  let lastMs = Number.NaN
  let timestamp = ''
  let prefix = ''
  return (event) => {
    const ms = now()
    if (ms !== lastMs) {
      timestamp = new Date(ms).toISOString()
      const digits = timestamp.replace(/[-:.TZ]/g, '')
      prefix = `audit-${digits.slice(0, 8)}-${digits.slice(8)}-`
      lastMs = ms
    }
    count = (count + 1) & 0xffffff
    return {
      action: event.action,
      agent: event.agent,
      capabilities_used: event.capabilities_used ?? [],
      decision: event.decision ?? '',
      decision_id: event.decision_id ?? '',
      details: event.details ?? {},
      event_type: event.event_type,
      id: prefix + (count + 0x1000000).toString(16).slice(1),
      layer: event.layer ?? '',
      permit_id: event.permit_id ?? '',
      reason: event.reason ?? '',
      request_id: event.request_id ?? '',
      result: event.result,
      risk_level: event.risk_level,
      rule: event.rule ?? '',
      target: event.target ?? '',
      timestamp,
      v: 1,
    }
  }
}

/**
 * Refuses an event whose shape would make an entry nobody can read back. The types say the same; this holds for callers
 * whose values came over a border.
 *
 * @throws AuditError `AUDIT_INVALID`, naming the field
 */
export function checkEvent(event: AuditEvent): void {
  const { event_type, result, risk_level, decision, agent, action, capabilities_used, details } = event
  if (!EVENT_TYPES.includes(event_type)) throw invalid('event_type')
  if (!RESULTS.includes(result)) throw invalid('result')
  if (!RISK_LEVELS.includes(risk_level)) throw invalid('risk_level')
  if (decision !== undefined && !VERDICTS.includes(decision)) throw invalid('decision')
  if (typeof agent !== 'string') throw invalid('agent')
  if (typeof action !== 'string' || action === '') throw invalid('action')
  for (const field of OPTIONAL_TEXTS) {
    if (event[field] !== undefined && typeof event[field] !== 'string') throw invalid(field)
  }
  if (capabilities_used !== undefined && !isTextList(capabilities_used)) throw invalid('capabilities_used')
  for (const key in details) {
    if (!isDetail(details[key])) throw invalid(`details.${key}`)
  }
}

export function isDetail(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function invalid(field: string): Error {
  return auditError(
    'AUDIT_INVALID',
    `the event's ${field} is not of the right shape`,
    'details hold only text, whole numbers and booleans; the other fields take the words the entry format lists',
  )
}
