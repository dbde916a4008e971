import { messageOf } from '../../core/error.ts'
import { GENESIS, type StampedEvent } from './entry.ts'
import { bodyOf, hashOf, write } from './serialise.ts'
import type { Row } from './segments.ts'
import type { LogStore } from './store.ts'

/** The last durable entry: what the next one is chained to. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

export const EMPTY: Head = { seq: 0, hash: GENESIS }

/** What the writer tells its caller. Acknowledgements and refusals come in the order of the entries. */
export type WriterNews =
  /** `count` entries are durable: the first is `first`, chained to `prev`; their hashes, 64 digits each, in one text. */
  | {
      readonly kind: 'ack'
      readonly count: number
      readonly first: number
      readonly prev: string
      readonly hashes: string
    }
  /** The next `count` entries were not written. */
  | { readonly kind: 'refused'; readonly count: number; readonly why: string }
  /** A segment ended with this entry. */
  | { readonly kind: 'rotated'; readonly closed: Head; readonly segment: number }

export interface WriterOptions {
  readonly store: LogStore
  readonly maxSegmentBytes: number
  readonly tell: (news: WriterNews) => void
}

/** Rows per commit: enough to share one flush among many, few enough that none waits long for its neighbours. */
const MAX_ROWS = 1024
/** `"timestamp":"2026-01-31T23:59:59.999Z","v":1}` ends every body; the day starts this far from the end. */
const DAY_FROM_END = '2026-01-31T23:59:59.999Z","v":1}'.length

/**
 * Chains entries and stores them. Nothing else in Warder gives an entry its number or its hash, and there is one writer
 * per ledger. A segment ends with the UTC day of its first entry or at its size.
 */
export class Writer {
  readonly #options: WriterOptions
  #head: Head
  #day: string
  #needsReopen = false

  constructor(options: WriterOptions) {
    this.#options = options
    const last = options.store.last()
    this.#head = last ?? EMPTY
    this.#day = last === undefined || options.store.isFresh ? '' : dayOf(last.body)
  }

  get head(): Head {
    return this.#head
  }

  /** Appends in order, in as many commits as it takes. Tells what became of every entry; never throws. */
  append(batch: readonly string[]): void {
    for (let at = 0; at < batch.length;) {
      const count = this.#commit(batch, at)
      at += count
    }
  }

  /** Commits some of `batch` from `from` on, or refuses it; returns how many it dealt with. */
  #commit(batch: readonly string[], from: number): number {
    const { store, tell } = this.#options
    const before = this.#head
    let count = 0
    try {
      if (this.#needsReopen) this.#reopen()
      const opening = this.#opening(batch[from]!)
      const rows: Row[] = opening === undefined ? [] : [opening]
      const day = dayOf(batch[from]!)
      if (opening !== undefined) this.#day = day
      let head: Head = opening ?? this.#head
      const prev = head.hash
      let bytes = store.sizeBytes
      const hashes: string[] = []
      for (; from + count < batch.length && count < MAX_ROWS; count++) {
        const text = batch[from + count]!
        if (count > 0 && (bytes > this.#options.maxSegmentBytes || isAfter(text, this.#day))) break
        const seq = head.seq + 1
        const body = bodyOf(text, head.hash, seq)
        const row: Row = { seq, hash: hashOf(body), body }
        head = row
        rows.push(row)
        bytes += body.length + 64
        hashes.push(row.hash)
      }
      store.append(rows)
      this.#head = { seq: head.seq, hash: head.hash }
      tell({ kind: 'ack', count, first: head.seq - count + 1, prev, hashes: hashes.join('') })
      return count
    } catch (error) {
      this.#head = before
      this.#needsReopen = true
      const refused = Math.max(count, Math.min(batch.length - from, MAX_ROWS))
      tell({ kind: 'refused', count: refused, why: messageOf(error) })
      return refused
    }
  }

  /** Begins a segment when it is time to, and returns the entry that opens it. */
  #opening(text: string): Row | undefined {
    const { store, tell, maxSegmentBytes } = this.#options
    const day = dayOf(text)
    const isOver =
      store.segment === 0 || (!store.isFresh && (store.sizeBytes > maxSegmentBytes || day > this.#day))
    if (isOver) {
      const closed = store.segment
      store.startSegment()
      if (closed > 0) tell({ kind: 'rotated', closed: this.#head, segment: closed })
    }
    return store.isFresh ? openingRow(this.#head, store.segment, timestampOf(text)) : undefined
  }

  /**
   * Looks at the disk again after an error. A commit that failed may yet be durable; then its entries stand in the chain
   * although their callers were told they do not, which is the harmless direction.
   */
  #reopen(): void {
    const { store } = this.#options
    store.reopen()
    let head = this.#head
    for (const row of store.read(head.seq, MAX_ROWS * 2)) {
      const follows = row.seq === head.seq + 1 && row.body.includes(`"prev_hash":"${head.hash}"`)
      if (!follows || hashOf(row.body) !== row.hash) throw new Error('the ledger changed under its writer')
      head = { seq: row.seq, hash: row.hash }
    }
    const last = store.last()
    if ((last?.seq ?? 0) !== head.seq || (last?.hash ?? GENESIS) !== head.hash) {
      throw new Error('the ledger changed under its writer')
    }
    this.#head = head
    this.#day = last === undefined || store.isFresh ? '' : dayOf(last.body)
    this.#needsReopen = false
  }
}

/** The first entry of a segment repeats the last hash of the one before, so that a missing segment is a gap. */
function openingRow(head: Head, segment: number, timestamp: string): Row {
  const digits = timestamp.replace(/[-:.TZ]/g, '')
  const event: StampedEvent = {
    action: 'ledger:segment',
    agent: 'warder',
    capabilities_used: [],
    decision: '',
    decision_id: '',
    details: { previous_hash: head.hash, previous_seq: head.seq, segment },
    event_type: 'system',
    // 6 digits of its own: ids made elsewhere come from a counter, and a segment number never repeats
    id: `audit-${digits.slice(0, 8)}-${digits.slice(8)}-${hashOf(`segment ${segment}`).slice(0, 6)}`,
    layer: '',
    permit_id: '',
    reason: segment === 1 ? 'the ledger begins' : 'a new segment begins',
    request_id: '',
    result: 'success',
    risk_level: 'low',
    rule: '',
    target: `segment ${segment}`,
    timestamp,
    v: 1,
  }
  const seq = head.seq + 1
  const body = bodyOf(write(event).text, head.hash, seq)
  return { seq, hash: hashOf(body), body }
}

function timestampOf(text: string): string {
  return text.slice(-DAY_FROM_END, -DAY_FROM_END + 24)
}

/** Whether an entry is of a later day; nearly always it is of the same, which is told without cutting anything out. */
function isAfter(text: string, day: string): boolean {
  return !text.startsWith(day, text.length - DAY_FROM_END) && dayOf(text) > day
}

function dayOf(text: string): string {
  return text.slice(-DAY_FROM_END, -DAY_FROM_END + 10)
}
