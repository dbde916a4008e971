import { canonicalJson, type Json } from '../../../core/canonical.ts'
import { RISK_LEVELS, type RiskLevel } from '../../../core/risk.ts'
import { escaped, type PinKind } from './pin.ts'

/** What one field was, and is. */
export interface PinChange {
  readonly kind: PinKind
  readonly name: string
  /** JSON pointer (RFC 6901). */
  readonly field: string
  /** Absent: there was no such field. */
  readonly before?: Json
  readonly after?: Json
  readonly grade: RiskLevel
  readonly reason: string
}

/** What was seen in a definition; from whoever looks into it. */
export interface Seen {
  readonly verdict: 'clean' | 'marked' | 'blocked'
  readonly findings: readonly { readonly rule: string; readonly field: string; readonly reason: string }[]
  readonly labels: readonly string[]
}

type Difference = Pick<PinChange, 'field' | 'before' | 'after'>

const MOST_CHANGES = 200
/** What says that a tool does no harm; a client may leave a question out because of it. */
const SAFE_WHEN: Readonly<Record<string, boolean>> = {
  '/annotations/readOnlyHint': true,
  '/annotations/destructiveHint': false,
  '/annotations/openWorldHint': false,
}

/** Every field that differs, graded; nothing when only the order of keys, or of what is required, does. */
export function changesBetween(
  { kind, name }: { readonly kind: PinKind; readonly name: string },
  before: Json,
  after: Json,
  seen: Seen | undefined,
): readonly PinChange[] {
  const found: Difference[] = []
  compare(before, after, '', found)
  return found.map((difference) => ({ kind, name, ...difference, ...gradeOf(difference, seen) }))
}

function compare(
  before: Json | undefined,
  after: Json | undefined,
  field: string,
  found: Difference[],
): void {
  if (found.length >= MOST_CHANGES || isEqual(before, after, field)) return
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(own(before, key), own(after, key), `${field}/${escaped(key)}`, found)
  } else if (Array.isArray(before) && Array.isArray(after) && !isSet(field)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++)
      compare(before[index] as Json, after[index] as Json, `${field}/${index}`, found)
  } else {
    found.push({
      field,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })
  }
}

function own(value: Readonly<Record<string, Json>>, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON schema: the order of what is required means nothing. */
function isSet(field: string): boolean {
  return field.endsWith('/required')
}

function isEqual(before: Json | undefined, after: Json | undefined, field: string): boolean {
  if (before === undefined || after === undefined) return before === after
  const plain = (value: Json): Json =>
    isSet(field) && Array.isArray(value) ? value.map((item: Json) => canonicalJson(item)).toSorted() : value
  return canonicalJson(plain(before)) === canonicalJson(plain(after))
}

function gradeOf(
  { field, before, after }: Difference,
  seen: Seen | undefined,
): Pick<PinChange, 'grade' | 'reason'> {
  const finding = seen?.findings.find((each) => isWithin(each.field, field))
  if (finding !== undefined && after !== undefined && seen?.verdict !== 'clean')
    return { grade: 'critical', reason: `what is new there: ${finding.reason}` }
  const safe = SAFE_WHEN[field]
  if (safe !== undefined)
    return after === safe
      ? { grade: 'low', reason: 'it now says that it does less' }
      : { grade: 'high', reason: 'it no longer says that it does no harm' }
  if (field === '/annotations' && before !== undefined && after === undefined)
    return { grade: 'high', reason: 'what it said of its own harmlessness is gone' }
  if (isSet(field) && addsTo(before, after))
    return { grade: 'high', reason: 'it wants a parameter it did not want' }
  if (isSet(field)) return { grade: 'low', reason: 'it no longer wants a parameter' }
  if (/\/properties\/[^/]+$/.test(field) && before === undefined)
    return { grade: 'medium', reason: 'it takes a parameter it did not take' }
  if (/^\/(?:_meta|icons|execution)(?:\/|$)/.test(field))
    return { grade: 'low', reason: 'a side note changed' }
  if (typeof after === 'string' && typeof before === 'string')
    return { grade: 'medium', reason: 'its wording changed' }
  return { grade: 'medium', reason: 'what it takes or gives changed' }
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`)
}

function addsTo(before: Json | undefined, after: Json | undefined): boolean {
  const known = new Set(Array.isArray(before) ? before : [])
  return Array.isArray(after) && after.some((item: Json) => !known.has(item))
}

/** The worst of them. */
export function worstOf(grades: readonly RiskLevel[]): RiskLevel {
  return RISK_LEVELS[Math.max(0, ...grades.map((grade) => RISK_LEVELS.indexOf(grade)))] ?? 'low'
}
