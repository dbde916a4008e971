import { BACK, type Match } from './family.ts'
import type { Finder, Placed } from './find.ts'
import { masked, type SecretFinding } from './mask.ts'

/**
 * Bytes that come in pieces, looked at as one text. What is not yet settled is held back: some hundred bytes, or as much
 * as a private key may have once one has begun. Each byte counts as one character, since every sign is ASCII.
 */
interface StreamParts {
  readonly find: Finder
  readonly among: (text: string, matches: readonly Match[]) => SecretFinding[]
}

interface Settled {
  /** What came before, for looks back, and what is settled now. */
  readonly text: string
  readonly from: number
  readonly to: number
  readonly findings: readonly SecretFinding[]
  /** Where `text` begins in the stream. */
  readonly offset: number
}

class Held {
  #text = ''
  /** How much of the text was settled earlier and stays for looks back. */
  #from = 0
  #offset = 0
  readonly #parts: StreamParts

  constructor(parts: StreamParts) {
    this.#parts = parts
  }

  take(chunk: Uint8Array, isLast: boolean): Settled {
    const text = this.#text + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    const from = this.#from
    const { matches, settled } = this.#parts.find(text, from, isLast)
    const to = cutBefore(matches, settled)
    const done = matches.filter(({ end }) => end <= to)
    const result = { text, from, to, findings: this.#parts.among(text, done), offset: this.#offset }
    const kept = Math.max(0, to - BACK)
    this.#text = text.slice(kept)
    this.#from = to - kept
    this.#offset += kept
    return result
  }
}

/** Never through a match, nor between it and what told of it: one that may still grow waits for its end. */
function cutBefore(matches: readonly Placed[], settled: number): number {
  return matches.reduceRight((to, { origin, end }) => (origin < to && end > to ? origin : to), settled)
}

/** A redactor for a stream: whatever the pieces, what comes out is what one piece would have given. */
export class RedactStream {
  readonly #held: Held
  #found = 0

  constructor(parts: StreamParts) {
    this.#held = new Held(parts)
  }

  /** How many masks were put in so far. */
  get found(): number {
    return this.#found
  }

  /** @returns what is settled by now, which may be nothing */
  push(chunk: Uint8Array): Buffer {
    return this.#masked(this.#held.take(chunk, false))
  }

  /** @returns the rest */
  end(): Buffer {
    return this.#masked(this.#held.take(new Uint8Array(0), true))
  }

  #masked({ text, from, to, findings }: Settled): Buffer {
    this.#found += findings.length
    const moved = findings.map((each) => ({ ...each, start: each.start - from, end: each.end - from }))
    return Buffer.from(masked(text.slice(from, to), moved), 'latin1')
  }
}

/** The findings of a stream, as they become certain; their places are bytes from its beginning. */
export class ScanStream {
  readonly #held: Held

  constructor(parts: StreamParts) {
    this.#held = new Held(parts)
  }

  push(chunk: Uint8Array): SecretFinding[] {
    return this.#moved(this.#held.take(chunk, false))
  }

  end(): SecretFinding[] {
    return this.#moved(this.#held.take(new Uint8Array(0), true))
  }

  #moved({ findings, offset }: Settled): SecretFinding[] {
    return findings.map((each) => ({ ...each, start: each.start + offset, end: each.end + offset }))
  }
}
