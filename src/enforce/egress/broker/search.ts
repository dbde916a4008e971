import { randomBytes } from 'node:crypto'

/** Something to look for. */
export interface Needle<T> {
  readonly bytes: Uint8Array
  /** A piece of at least so many bytes counts as well; undefined: only the whole. */
  readonly pieceBytes?: number
  readonly tag: T
}

export interface Hit<T> {
  readonly start: number
  readonly end: number
  /** Where in the needle the found bytes begin: 0 for a whole one. */
  readonly offset: number
  readonly isWhole: boolean
  readonly needle: Needle<T>
}

const WIDEST_WINDOW = 12
/** Shorter ones are part of ordinary text too often to be told apart. */
export const SHORTEST_NEEDLE_BYTES = 8
/** So that about one position in sixty-four is looked at twice, and the table stays in the processor's cache. */
const ENTRIES_PER_WINDOW = 64
const [FEWEST_BITS, MOST_BITS] = [10, 21]

interface Window<T> {
  readonly needle: Needle<T>
  readonly at: number
}

/**
 * Finds any of many byte strings, whole or in pieces, in one pass whose speed does not depend on how many they are: a
 * rolling hash over a window (Karp and Rabin, 1987), a table of bits, and a comparison byte by byte before anything is
 * called found. The factor of the hash is random, so that nobody can prepare text that is slow to look through.
 */
export class Search<T> {
  readonly longestBytes: number
  readonly #needles: readonly Needle<T>[]
  readonly #window: number
  readonly #factor = (randomBytes(4).readUInt32LE() | 1) >>> 0
  readonly #leaving: number
  readonly #shift: number
  readonly #table: Uint8Array
  readonly #windows = new Map<number, Window<T>[]>()
  #isClosed = false
  readonly #byFirst: (Needle<T>[] | undefined)[] = Array.from({ length: 256 })

  /** @param needles of at least {@link SHORTEST_NEEDLE_BYTES}; shorter ones are left out */
  constructor(needles: readonly Needle<T>[]) {
    this.#needles = needles.filter(({ bytes }) => bytes.length >= SHORTEST_NEEDLE_BYTES)
    const lengths = this.#needles.map(({ bytes }) => bytes.length)
    this.longestBytes = Math.max(0, ...lengths)
    this.#window = Math.min(WIDEST_WINDOW, ...lengths)
    this.#leaving = power(this.#factor, this.#window)
    const windows = this.#needles.reduce((sum, needle) => sum + this.#lastWindow(needle) + 1, 1)
    const bits = Math.min(
      MOST_BITS,
      Math.max(FEWEST_BITS, Math.ceil(Math.log2(windows * ENTRIES_PER_WINDOW))),
    )
    this.#shift = 32 - bits
    this.#table = new Uint8Array(1 << (bits - 3))
    for (const needle of this.#needles) this.#learn(needle)
  }

  get isEmpty(): boolean {
    return this.#needles.length === 0
  }

  /** Everything found, in order and without overlap; what ends at or before `from` is not told again. */
  find(text: Uint8Array, from = 0): Hit<T>[] {
    if (this.#isClosed) throw new Error('a search is used after it was closed')
    const hits: Hit<T>[] = []
    if (this.isEmpty) return hits
    for (let next = this.#next(text, 0, from); next !== undefined; next = this.#next(text, next.end, from)) {
      hits.push(next)
    }
    return hits
  }

  /** Where the end of the text begins that may be the beginning of a needle; its length when there is none. */
  openFrom(text: Uint8Array): number {
    for (let at = Math.max(0, text.length - this.longestBytes + 1); at < text.length; at += 1) {
      const left = text.length - at
      for (const { bytes } of this.#byFirst[text[at]!] ?? []) {
        if (bytes.length > left && isSame(text, at, bytes, 0, left)) return at
      }
    }
    return text.length
  }

  /** Wipes what it looks for; whoever looks afterwards is refused, so that nothing passes unseen. */
  close(): void {
    this.#isClosed = true
    for (const { bytes } of this.#needles) bytes.fill(0)
    this.#windows.clear()
    this.#table.fill(0)
  }

  #next(text: Uint8Array, begin: number, from: number): Hit<T> | undefined {
    const [width, factor, leaving] = [this.#window, this.#factor, this.#leaving]
    const [table, shift] = [this.#table, this.#shift]
    if (text.length - begin < width) return undefined
    let hash = this.#hash(text, begin)
    for (let i = begin + width; ; i += 1) {
      const slot = hash >>> shift
      if ((table[slot >>> 3]! & (1 << (slot & 7))) !== 0) {
        const hit = this.#confirm(text, i - width, hash, begin)
        if (hit !== undefined && hit.end > from) return hit
      }
      if (i >= text.length) return undefined
      // the byte that comes in, and the one that goes out of the window
      hash = (Math.imul(hash, factor) + text[i]! - Math.imul(text[i - width]!, leaving)) | 0
    }
  }

  #confirm(text: Uint8Array, start: number, hash: number, floor: number): Hit<T> | undefined {
    let best: Hit<T> | undefined
    for (const { needle, at } of this.#windows.get(hash) ?? []) {
      if (!isSame(text, start, needle.bytes, at, this.#window)) continue
      const hit = grown(text, start, floor, needle, at, this.#window)
      const isEnough =
        hit.isWhole || (needle.pieceBytes !== undefined && hit.end - hit.start >= needle.pieceBytes)
      if (isEnough && (best === undefined || hit.end - hit.start > best.end - best.start)) best = hit
    }
    return best
  }

  #learn(needle: Needle<T>): void {
    const { bytes } = needle
    ;(this.#byFirst[bytes[0]!] ??= []).push(needle)
    for (let at = 0; at <= this.#lastWindow(needle); at += 1) {
      const hash = this.#hash(bytes, at)
      const slot = hash >>> this.#shift
      this.#table[slot >>> 3]! |= 1 << (slot & 7)
      const known = this.#windows.get(hash)
      if (known === undefined) this.#windows.set(hash, [{ needle, at }])
      else known.push({ needle, at })
    }
  }

  /** Of one that is looked for whole, the beginning is enough. */
  #lastWindow({ bytes, pieceBytes }: Needle<T>): number {
    return pieceBytes === undefined ? 0 : bytes.length - this.#window
  }

  #hash(bytes: Uint8Array, at: number): number {
    let hash = 0
    for (let i = at; i < at + this.#window; i += 1) {
      hash = (Math.imul(hash, this.#factor) + bytes[i]!) | 0
    }
    return hash
  }
}

/** The window that was found, made as long as text and needle agree on both sides. */
function grown<T>(
  text: Uint8Array,
  start: number,
  floor: number,
  needle: Needle<T>,
  at: number,
  width: number,
): Hit<T> {
  const { bytes } = needle
  let [from, to] = [0, width]
  while (start - from > floor && at - from > 0 && text[start - from - 1] === bytes[at - from - 1]) from += 1
  while (start + to < text.length && at + to < bytes.length && text[start + to] === bytes[at + to]) to += 1
  const offset = at - from
  return { start: start - from, end: start + to, offset, isWhole: from + to === bytes.length, needle }
}

function isSame(text: Uint8Array, at: number, bytes: Uint8Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (text[at + i] !== bytes[from + i]) return false
  return true
}

function power(factor: number, exponent: number): number {
  let result = 1
  for (let i = 0; i < exponent; i += 1) result = Math.imul(result, factor)
  return result
}
