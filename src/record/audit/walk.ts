import { hash as hashOnce } from 'node:crypto'
import type { Checkpoint } from './checkpoint.ts'
import type { FieldWitness } from './field.ts'
import { linkOf } from './link.ts'
import type { ArchivedSegment } from './manifest.ts'
import { hexOf } from './segments.ts'
import type { Fault, FaultKind, Verification } from './verify.ts'
import { EMPTY, type Head } from './writer.ts'

const MAX_FAULTS = 100
const BYTES_FAULTS = new Set<FaultKind>(['hash', 'body', 'unreadable'])

/** The two hexadecimal digits of each byte, as one number: comparing is cheaper than writing the digits out. */
const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const text = byte.toString(16).padStart(2, '0')
  return (text.charCodeAt(0) << 8) | text.charCodeAt(1)
})

function isHexOf(bytes: Uint8Array, hex: string): boolean {
  if (bytes.length * 2 !== hex.length) return false
  for (let at = 0; at < bytes.length; at++) {
    if (DIGITS[bytes[at]!] !== ((hex.charCodeAt(at * 2) << 8) | hex.charCodeAt(at * 2 + 1))) return false
  }
  return true
}

/** Walks the chain once, oldest entry first, and collects what does not hold. */
export class ChainWalk {
  readonly #fields: FieldWitness
  readonly #signed = new Map<number, string[]>()
  readonly #faults: Fault[] = []
  readonly #kinds = new Set<FaultKind>()
  readonly #notes: string[] = []
  #witness: Checkpoint | undefined
  #largest: Checkpoint | undefined
  #last: Head = EMPTY
  #started = 0
  #agreed: Head | undefined
  #checkpoints = 0
  #seenElsewhere = 0
  #faultCount = 0
  entries = 0

  constructor(fields: FieldWitness) {
    this.#fields = fields
  }

  fault(fault: Fault): void {
    this.#faultCount++
    this.#kinds.add(fault.kind)
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(fault)
  }

  /** Something the result says nothing about. */
  uncovered(what: string): void {
    this.#notes.push(what)
  }

  expect(signed: readonly Checkpoint[], witness: Checkpoint | undefined): void {
    for (const { seq, hash } of signed) this.#signed.set(seq, [...(this.#signed.get(seq) ?? []), hash])
    this.#checkpoints = signed.length
    this.#witness = witness
    this.#largest = [...signed, ...(witness === undefined ? [] : [witness])].sort((a, b) => b.seq - a.seq)[0]
  }

  /** Believes everything up to a checkpoint. */
  startAt(checkpoint: Checkpoint | undefined): void {
    if (checkpoint === undefined) return
    this.#last = { seq: checkpoint.seq, hash: checkpoint.hash }
    this.#started = checkpoint.seq
    this.#agreed = this.#last
    this.uncovered(`entries 1 to ${checkpoint.seq}: believed, as asked`)
  }

  /** The number after which to read in every segment; rows nobody should have numbered 0 or less are read too. */
  get readAfter(): number {
    return this.#started === 0 ? Number.MIN_SAFE_INTEGER : this.#started
  }

  page(rows: readonly (readonly [number, Uint8Array, string])[]): void {
    for (let at = 0; at < rows.length; at++) {
      const [seq, stored, body] = rows[at]!
      this.#entry(seq, stored, body, rows[at + 1]?.[2])
    }
  }

  /** A segment that is only in an archive: its manifest stands for its entries. */
  archived(segment: ArchivedSegment, month: string): void {
    if (segment.last_seq <= this.#started) return
    if (segment.first_seq !== this.#last.seq + 1) this.#gap(segment.first_seq)
    else if (segment.prev_hash !== this.#last.hash) {
      this.fault({
        kind: 'prev_hash',
        seq: segment.first_seq,
        what: `archived ${segment.name} does not follow entry ${this.#last.seq}`,
      })
    }
    this.#last = { seq: segment.last_seq, hash: segment.last_hash }
    this.#compare(this.#last)
    // checkpoints inside the archived stretch cannot be compared with entries we do not read
    for (const seq of this.#signed.keys()) if (seq < segment.last_seq) this.#signed.delete(seq)
    this.uncovered(
      `entries ${segment.first_seq} to ${segment.last_seq}: in the archive of ${month}, its bytes checked, not opened`,
    )
  }

  finish(hasWitness: boolean): Verification {
    this.#checkEnd(hasWitness)
    const faults = this.#faults.toSorted((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity))
    const bytesIntact = ![...this.#kinds].some((kind) => BYTES_FAULTS.has(kind))
    const chainFaults = [...this.#kinds].filter((kind) => kind !== 'witness')
    return {
      ok: this.#faultCount === 0,
      bytesIntact,
      chainIntact: chainFaults.length === 0,
      seenElsewhereUpTo: this.#seenElsewhere,
      entries: this.entries,
      head: { seq: this.#last.seq, hash: this.#last.hash },
      lastCheckpoint: this.#agreed,
      checkpoints: this.#checkpoints,
      first: faults[0],
      faults,
      faultCount: this.#faultCount,
      notCovered: this.#notes,
    }
  }

  close(): void {
    this.#fields.close()
  }

  #entry(seq: number, stored: Uint8Array, body: string, nextBody: string | undefined): void {
    this.entries++
    if (seq !== this.#last.seq + 1) this.#gap(seq)
    const own = hashOnce('sha256', body, 'hex')
    const isIntact = isHexOf(stored, own)
    if (!isIntact) this.#broken(seq, body, nextBody)
    const link = linkOf(body)
    if (link === undefined) {
      if (isIntact)
        this.fault({ kind: 'body', seq, what: `entry ${seq} is not written the way the ledger writes` })
    } else if (isIntact) {
      if (link.seq !== seq) {
        this.fault({ kind: 'seq', seq, fields: ['seq'], what: `entry ${seq} calls itself entry ${link.seq}` })
      }
      if (link.prevHash !== this.#last.hash && seq === this.#last.seq + 1) {
        const what = `entry ${seq} does not follow entry ${this.#last.seq}: its \`prev_hash\` is of another one`
        this.fault({ kind: 'prev_hash', seq, fields: ['prev_hash'], what })
      }
    }
    this.#last = { seq, hash: isIntact ? own : hexOf(stored) }
    this.#compare(this.#last)
  }

  #gap(seq: number): void {
    const expected = this.#last.seq + 1
    const what =
      seq > expected
        ? `entries ${expected} to ${seq - 1} are missing`
        : `entry ${seq} comes after entry ${this.#last.seq}`
    this.fault({ kind: seq > expected + 1 ? 'segment' : 'seq', seq: Math.min(seq, expected), what })
  }

  /** The body and its hash disagree: say which of the two was changed, and where. */
  #broken(seq: number, body: string, nextBody: string | undefined): void {
    const own = hashOnce('sha256', body, 'hex')
    const next = nextBody === undefined ? undefined : linkOf(nextBody)?.prevHash
    if (next === own || this.#fields.agrees(seq, body)) {
      const what = `entry ${seq}: its stored hash was changed; the body is the one the chain goes on from`
      this.fault({ kind: 'hash', seq, fields: ['hash'], what })
      return
    }
    const { fields, how } = this.#fields.name(seq, body)
    this.fault({ kind: 'hash', seq, fields, what: `entry ${seq}: the body does not match its hash; ${how}` })
  }

  #compare(head: Head): void {
    const signed = this.#signed.get(head.seq)
    if (signed !== undefined) {
      this.#signed.delete(head.seq)
      if (signed.every((hash) => hash === head.hash)) this.#agreed = head
      else {
        const what = `entry ${head.seq} is not the one its checkpoint was signed for: the chain up to it was rewritten`
        this.fault({ kind: 'checkpoint', seq: head.seq, what })
      }
    }
    if (this.#witness?.seq !== head.seq) return
    if (this.#witness.hash === head.hash) this.#seenElsewhere = head.seq
    else {
      const what = `entry ${head.seq} is not the one the witness saw: the chain up to it was rewritten or replaced`
      this.fault({ kind: 'witness', seq: head.seq, what })
    }
  }

  #checkEnd(hasWitness: boolean): void {
    const { seq } = this.#last
    if (this.#largest !== undefined && this.#largest.seq > seq) {
      const by = this.#largest === this.#witness ? 'the witness saw' : 'a checkpoint was signed for'
      const what = `the ledger ends with entry ${seq}, but ${by} ${this.#largest.seq}: its end was cut off, or it is an old copy`
      this.fault({ kind: 'truncated', seq: seq + 1, what })
    }
    const agreed = this.#agreed?.seq ?? 0
    if (agreed < seq) this.uncovered(`entries ${agreed + 1} to ${seq}: not signed by a checkpoint yet`)
    if (!hasWitness) this.uncovered('no witness was named: an old copy of everything would look the same')
    else if (this.#seenElsewhere < seq) {
      this.uncovered(`entries ${this.#seenElsewhere + 1} to ${seq}: not seen by the witness`)
    }
  }
}
