import { isAtLeast, RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import {
  EVENT_TYPES,
  OUTCOMES,
  RESULTS,
  VERDICTS,
  type Entry,
  type EventType,
  type Result,
  type Verdict,
} from './entry.ts'
import { auditError } from './errors.ts'

/** Which entries are wanted. Everything given must hold. */
export interface Filter {
  readonly agent?: string
  /** The start of the action: `fs:` finds `fs:read`. */
  readonly action?: string
  readonly decision?: Verdict
  readonly result?: Result
  /** This risk or worse. */
  readonly risk?: RiskLevel
  readonly eventType?: EventType
  /** Epoch milliseconds, inclusive. */
  readonly since?: number
  /** Epoch milliseconds, exclusive. */
  readonly until?: number
  readonly permit?: string
  /** Allows that carried a permit whose outcome is not in the ledger. */
  readonly unsettled?: boolean
  /** At most so many, 1 to 10,000; 100 unless told. */
  readonly limit?: number
  /** Only what comes after this sequence number, in the order asked for. */
  readonly after?: number
  /** Only sequence numbers below this one, whatever the order: the way to go on where a page of the newest ended. */
  readonly before?: number
  /** `oldest` unless told. */
  readonly order?: 'oldest' | 'newest'
}

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 10_000

const KNOWN = new Set<string>([
  'agent',
  'action',
  'decision',
  'result',
  'risk',
  'eventType',
  'since',
  'until',
  'permit',
  'unsettled',
  'limit',
  'after',
  'before',
  'order',
])

/** Refuses a filter that would silently find something else than meant. @throws AuditError `AUDIT_INVALID` */
export function checkFilter(filter: Filter): void {
  const unknown = Object.keys(filter).find((key) => !KNOWN.has(key))
  const { decision, result, risk, eventType, since, until, limit, after, before } = filter
  const wrong =
    unknown ??
    (decision !== undefined && !VERDICTS.includes(decision) ? 'decision' : undefined) ??
    (result !== undefined && !RESULTS.includes(result) ? 'result' : undefined) ??
    (risk !== undefined && !RISK_LEVELS.includes(risk) ? 'risk' : undefined) ??
    (eventType !== undefined && !EVENT_TYPES.includes(eventType) ? 'eventType' : undefined) ??
    (since !== undefined && !Number.isSafeInteger(since) ? 'since' : undefined) ??
    (until !== undefined && !Number.isSafeInteger(until) ? 'until' : undefined) ??
    (after !== undefined && !Number.isSafeInteger(after) ? 'after' : undefined) ??
    (before !== undefined && !Number.isSafeInteger(before) ? 'before' : undefined) ??
    (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)
      ? 'limit'
      : undefined)
  if (wrong === undefined) return
  throw auditError(
    'AUDIT_INVALID',
    `the filter's "${wrong}" is unknown or not of the right shape`,
    `use only: ${[...KNOWN].join(', ')}; limit is 1 to ${MAX_LIMIT}`,
  )
}

/** Whether an entry passes, as far as the entry alone can tell: `unsettled` needs the others, `after` and `limit` the order. */
export function passes(entry: Entry, filter: Filter): boolean {
  const { agent, action, decision, result, risk, eventType, since, until, permit, unsettled, before } = filter
  return (
    (agent === undefined || entry.agent === agent) &&
    (action === undefined || entry.action.startsWith(action)) &&
    (decision === undefined || entry.decision === decision) &&
    (result === undefined || entry.result === result) &&
    (risk === undefined || isAtLeast(entry.risk_level, risk)) &&
    (eventType === undefined || entry.event_type === eventType) &&
    (since === undefined || entry.timestamp >= new Date(since).toISOString()) &&
    (until === undefined || entry.timestamp < new Date(until).toISOString()) &&
    (permit === undefined || entry.permit_id === permit) &&
    (before === undefined || entry.seq < before) &&
    (unsettled !== true || isPermitted(entry))
  )
}

/** An allow that handed out a permit: an outcome must follow. */
export function isPermitted(entry: Pick<Entry, 'decision' | 'permit_id'>): boolean {
  return entry.decision === 'allow' && entry.permit_id !== ''
}

export function isOutcome(entry: Pick<Entry, 'result' | 'permit_id' | 'decision'>): boolean {
  return (
    entry.permit_id !== '' && entry.decision === '' && (OUTCOMES as readonly string[]).includes(entry.result)
  )
}

export interface Sql {
  readonly text: string
  readonly values: (string | number)[]
}

/**
 * The same filter as a query for sequence numbers on the index. Values are bound, never written into the text.
 *
 * @param upTo the watermark that was read before: what was indexed since is found in the log already
 */
export function sqlOf(filter: Filter, upTo: number, limit: number): Sql {
  const { agent, action, decision, result, risk, eventType, since, until, permit, unsettled, after, before } =
    filter
  const where = ['seq <= ?']
  const values: (string | number)[] = [upTo]
  const and = (condition: string, ...bound: (string | number)[]) => {
    where.push(condition)
    values.push(...bound)
  }
  const newest = filter.order === 'newest'
  if (agent !== undefined) and('agent = ?', agent)
  if (action !== undefined) and('substr(action, 1, length(?)) = ?', action, action)
  if (decision !== undefined) and('decision = ?', decision)
  if (result !== undefined) and('result = ?', result)
  if (risk !== undefined) and('risk >= ?', RISK_LEVELS.indexOf(risk))
  if (eventType !== undefined) and('event_type = ?', eventType)
  if (since !== undefined) and('ms >= ?', since)
  if (until !== undefined) and('ms < ?', until)
  if (permit !== undefined) and('permit_id = ?', permit)
  if (unsettled === true) and(`seq IN (SELECT seq FROM unsettled)`)
  if (before !== undefined) and('seq < ?', before)
  if (after !== undefined) and(newest ? 'seq < ?' : 'seq > ?', after)
  return {
    text: `SELECT seq FROM entry WHERE ${where.join(' AND ')} ORDER BY seq ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
    values: [...values, limit],
  }
}
