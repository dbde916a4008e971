import { hash } from 'node:crypto'
import { sha256, type Json } from '../../core/canonical.ts'
import type { Details, Entry, StampedEvent } from './entry.ts'

/** No entry is longer, so that its length fits the 16 bits log tiles have for it (C2SP tlog-tiles). */
export const MAX_BODY_BYTES = 65_535
/** What `prev_hash`, `seq` and their names add, at most. */
const LINK_BYTES = 128
/** Texts longer than this are cut when the entry is too large even without its details; in UTF-16 units. */
const CUT_AT = 400

/** An event and its canonical JSON, without a link; the event says what the text says, also where it was shortened. */
export interface Written {
  readonly event: StampedEvent
  /** Holds no line break (JSON escapes it), so that many of them cross to the writer's thread as one text. */
  readonly text: string
}

/**
 * Canonical JSON at the price of one native call: the event's members stand in sorted order already, and only texts,
 * whole numbers and booleans occur, so JSON.stringify writes what RFC 8785 asks. Lone surrogates become U+FFFD and what
 * is too long is replaced by its digest: a strange event is recorded, never refused.
 */
export function write(event: StampedEvent): Written {
  const text = stringify(event)
  // JSON.stringify writes a lone surrogate as \ud8xx; an escaped backslash before "ud" only costs the slow path
  if (text.includes('\\ud')) {
    const repaired = wellFormed(event)
    if (JSON.stringify(repaired) !== JSON.stringify(event)) return write(repaired)
  }
  if (fits(text)) return { event, text }
  const shorter = withoutDetails(event)
  const short = stringify(shorter)
  if (fits(short)) return { event: shorter, text: short }
  const shortest = withShortTexts(shorter)
  return { event: shortest, text: stringify(shortest) }
}

/**
 * The same bytes as {@link write}, put together by hand, for an event whose texts are all ASCII without anything that JSON
 * escapes: the caller has looked.
 */
export function writePlain(event: StampedEvent): Written {
  const keys = Object.keys(event.details)
  if (!isInOrder(keys)) return write(event)
  let details = ''
  for (const key of keys) {
    const value = event.details[key]
    if (value === undefined) return write(event)
    const written = typeof value === 'string' ? `"${value}"` : String(value)
    details += details === '' ? `"${key}":${written}` : `,"${key}":${written}`
  }
  const used = event.capabilities_used
  const text =
    `{"action":"${event.action}","agent":"${event.agent}",` +
    `"capabilities_used":[${used.length === 0 ? '' : `"${used.join('","')}"`}],` +
    `"decision":"${event.decision}","decision_id":"${event.decision_id}","details":{${details}},` +
    `"event_type":"${event.event_type}","id":"${event.id}","layer":"${event.layer}",` +
    `"permit_id":"${event.permit_id}","reason":"${event.reason}","request_id":"${event.request_id}",` +
    `"result":"${event.result}","risk_level":"${event.risk_level}","rule":"${event.rule}",` +
    `"target":"${event.target}","timestamp":"${event.timestamp}","v":1}`
  return text.length <= MAX_BODY_BYTES - LINK_BYTES ? { event, text } : write(event)
}

function isInOrder(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) if (keys[at - 1]! > keys[at]!) return false
  return true
}

function stringify(event: StampedEvent): string {
  const keys = Object.keys(event.details)
  if (isSorted(keys)) return JSON.stringify(event)
  if (keys.some((key) => /^\d/.test(key))) {
    // JavaScript keeps members such as `10` and `9` in an order of its own: these details are written by hand; in front
    // of them stand texts only, so the first such member is the real one
    const text = JSON.stringify({ ...event, details: {} })
    return text.replace('"details":{}', () => `"details":${detailsText(event.details)}`)
  }
  return JSON.stringify({
    ...event,
    details: Object.fromEntries(keys.sort().map((key) => [key, event.details[key]])),
  })
}

function isSorted(keys: readonly string[]): boolean {
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    const first = key.charCodeAt(0)
    if ((first >= 48 && first <= 57) || (at > 0 && keys[at - 1]! > key)) return false
  }
  return true
}

/**
 * The entry's bytes, as hashed and as stored: the text with its link in it. The places are found from the end: behind
 * each stand only texts, in which every quotation mark is escaped, so that no text can pass for a member's name.
 */
export function bodyOf(text: string, prevHash: string, seq: number): string {
  const tailAt = text.lastIndexOf(',"target":"')
  const middleAt = text.lastIndexOf(',"reason":"', tailAt)
  const [head, middle, tail] = [text.slice(0, middleAt), text.slice(middleAt, tailAt), text.slice(tailAt)]
  return `${head},"prev_hash":"${prevHash}"${middle},"seq":${seq}${tail}`
}

export function hashOf(body: string): string {
  return hash('sha256', body, 'hex')
}

/** Members in the order of their UTF-16 units (RFC 8785, section 3.2.3), written one by one: objects sort `9`, `10`. */
function detailsText(details: Details): string {
  let text = ''
  for (const key of Object.keys(details).sort()) {
    if (details[key] === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(details[key])}`
  }
  return `{${text}}`
}

function fits(text: string): boolean {
  const limit = MAX_BODY_BYTES - LINK_BYTES
  return text.length * 3 <= limit || Buffer.byteLength(text) <= limit
}

function withoutDetails(event: StampedEvent): StampedEvent {
  const written = detailsText(event.details)
  const details = {
    details_bytes: Buffer.byteLength(written),
    details_sha256: sha256(written),
    truncated: true,
  }
  return { ...event, details }
}

function withShortTexts(event: StampedEvent): StampedEvent {
  const used = event.capabilities_used
  return {
    ...event,
    action: cut(event.action),
    agent: cut(event.agent),
    capabilities_used: [...used.slice(0, 8).map(cut), cut(`… ${used.length} in all: ${used.join(' ')}`)],
    decision_id: cut(event.decision_id),
    layer: cut(event.layer),
    permit_id: cut(event.permit_id),
    reason: cut(event.reason),
    request_id: cut(event.request_id),
    rule: cut(event.rule),
    target: cut(event.target),
  }
}

function cut(text: string): string {
  if (text.length <= CUT_AT) return text
  const start = text.slice(0, CUT_AT).toWellFormed() // a cut may halve a surrogate pair
  return `${start}… [${text.length} characters, sha256 ${sha256(text)}]`
}

function wellFormed(event: StampedEvent): StampedEvent {
  return JSON.parse(JSON.stringify(event), (_, value: unknown) => repaired(value)) as StampedEvent
}

function repaired(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), member as unknown]),
  )
}

/** The stored text as an entry. Throws when it is not JSON; the fields are believed, as the hash covers them. */
export function parseEntry(body: string, hash: string): Entry {
  return { ...(JSON.parse(body) as Omit<Entry, 'hash'>), hash }
}

/** The entry without its hash: what the hash is of. */
export function unhashed(entry: Entry): Json {
  const { hash: _, ...rest } = entry
  return rest as unknown as Json
}
