import { hash } from 'node:crypto'
import { sha256, type Json } from '../../core/canonical.ts'
import type { Details, Entry, StampedEvent } from './entry.ts'

/** No entry is longer, so that its length fits the 16 bits log tiles have for it (C2SP tlog-tiles). */
export const MAX_BODY_BYTES = 65_535
/** What `prev_hash`, `seq` and their names add, at most. */
const LINK_BYTES = 128
/** Texts longer than this are cut when the entry is too large even without its details; in UTF-16 units. */
const CUT_AT = 400

/**
 * The canonical JSON of an event in three pieces, between which the writer puts `prev_hash` and `seq`. No piece holds a
 * line break (JSON escapes it), so that a batch of pieces crosses to the writer's thread as one text.
 */
export type Pieces = readonly [head: string, middle: string, tail: string]

/** An event and its pieces; the event says what the pieces say, also where it had to be shortened. */
export interface Written {
  readonly event: StampedEvent
  readonly pieces: Pieces
}

/**
 * Written by hand for speed: the members stand in sorted order already, and only texts, whole numbers and booleans
 * occur, so JSON.stringify writes what RFC 8785 asks. Lone surrogates become U+FFFD and what is too long is replaced by
 * its digest: a strange event is recorded, never refused.
 */
export function write(event: StampedEvent): Written {
  const pieces = stringify(event)
  // JSON.stringify writes a lone surrogate as \ud8xx; an escaped backslash before "ud" only costs the slow path
  if (pieces[0].includes('\\ud') || pieces[1].includes('\\ud') || pieces[2].includes('\\ud')) {
    const repaired = wellFormed(event)
    if (JSON.stringify(repaired) !== JSON.stringify(event)) return write(repaired)
  }
  if (fits(pieces)) return { event, pieces }
  const shorter = withoutDetails(event)
  const short = stringify(shorter)
  if (fits(short)) return { event: shorter, pieces: short }
  const shortest = withShortTexts(shorter)
  return { event: shortest, pieces: stringify(shortest) }
}

function stringify(event: StampedEvent): Pieces {
  const first = JSON.stringify({
    action: event.action,
    agent: event.agent,
    capabilities_used: event.capabilities_used,
    decision: event.decision,
    decision_id: event.decision_id,
  })
  const second = JSON.stringify({
    event_type: event.event_type,
    id: event.id,
    layer: event.layer,
    permit_id: event.permit_id,
  })
  const middle = JSON.stringify({
    reason: event.reason,
    request_id: event.request_id,
    result: event.result,
    risk_level: event.risk_level,
    rule: event.rule,
  })
  const tail = JSON.stringify({ target: event.target, timestamp: event.timestamp, v: event.v })
  const head = `${first.slice(0, -1)},"details":${detailsText(event.details)},${second.slice(1, -1)}`
  return [head, middle.slice(1, -1), tail.slice(1)]
}

/** The entry's bytes, as hashed and as stored. */
export function bodyOf(pieces: Pieces, prevHash: string, seq: number): string {
  return `${pieces[0]},"prev_hash":"${prevHash}",${pieces[1]},"seq":${seq},${pieces[2]}`
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

function fits(pieces: Pieces): boolean {
  const limit = MAX_BODY_BYTES - LINK_BYTES
  const length = pieces[0].length + pieces[1].length + pieces[2].length
  return length * 3 <= limit || pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0) <= limit
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
