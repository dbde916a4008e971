import {
  isWordUnit,
  joined,
  newPlain,
  PIECE_LIMIT,
  plainInto,
  PRIME,
  scatter,
  SPREAD,
  type FeatureShape,
} from './features.ts'
import { shapeOf, type ModelFile } from './format.ts'

const WEIGHT = 0xff
/** Weights stand in the tables as positive numbers. */
const RAISED = 128
const MOST_PIECES = 255

/**
 * Adds up the weights of a piece as its features are read, without a list of them: what {@link FeatureReader} lists, each
 * once. Each place of a table holds its weight and the last piece in which it was seen, so that both are fetched at once.
 * The longest runs of characters are read first: where they say too little, as in most pieces, the rest is not read.
 */
export class Weigher {
  readonly #shape: FeatureShape
  readonly #shift: number
  readonly #characters: Uint16Array
  readonly #words: Uint16Array
  readonly #characterScale: number
  readonly #wordScale: number
  readonly #bias: number
  readonly #plain = newPlain()
  readonly #enough: number
  /** What the longest runs of the last piece added up to. */
  first = 0
  #piece = 0
  #sum = 0
  #count = 0

  constructor(file: ModelFile) {
    this.#shape = shapeOf(file.header)
    this.#shift = 32 - this.#shape.bits
    this.#characters = Uint16Array.from(file.characterWeights, (weight) => weight + RAISED)
    this.#words = Uint16Array.from(file.wordWeights, (weight) => weight + RAISED)
    this.#characterScale = file.header.characterScale
    this.#wordScale = file.header.wordScale
    this.#bias = file.header.bias
    this.#enough = file.header.firstLook
  }

  /** What the weights of `text` from `start` to `end` add up to, before it is made a probability; nothing where they are not read. */
  weigh(text: string, start: number, end: number): number {
    this.#nextPiece()
    const length = plainInto(this.#plain, text, start, Math.min(end, start + PIECE_LIMIT))
    const sizes = this.#shape.characters
    this.#sum = this.#count = 0
    this.#addRuns(length, sizes.at(-1)!)
    this.first = this.#characterScale * this.#share()
    if (this.first < this.#enough) return this.#bias
    for (let at = sizes.length - 2; at >= 0; at--) this.#addRuns(length, sizes[at]!)
    const characters = this.#share()
    this.#sum = this.#count = 0
    this.#addWords(length)
    return this.#bias + this.#characterScale * characters + this.#wordScale * this.#share()
  }

  /** A long piece has more features than a short one; the root keeps their sums comparable. */
  #share(): number {
    return this.#count === 0 ? 0 : (this.#sum - RAISED * this.#count) / Math.sqrt(this.#count)
  }

  #nextPiece(): void {
    this.#piece += 1
    if (this.#piece <= MOST_PIECES) return
    for (const table of [this.#characters, this.#words])
      for (let at = 0; at < table.length; at++) table[at]! &= WEIGHT
    this.#piece = 1
  }

  #addRuns(length: number, size: number): void {
    const plain = this.#plain
    const table = this.#characters
    const shift = this.#shift
    const seen = this.#piece << 8
    // base 0x01000193, the first unit leaves as the next one comes (Rabin and Karp)
    let leaving = 1
    let hash = this.#shape.seed ^ size
    for (let at = 0; at < Math.min(size, length); at++) hash = (Math.imul(hash, PRIME) + plain[at]!) | 0
    for (let at = 0; at < size; at++) leaving = Math.imul(leaving, PRIME)
    const start = Math.imul(this.#shape.seed ^ size, Math.imul(leaving, PRIME - 1))
    let sum = 0
    let count = 0
    for (let last = size - 1; last < length;) {
      const place = Math.imul(hash ^ (hash >>> 15), SPREAD) >>> shift
      const held = table[place]!
      if ((held & ~WEIGHT) !== seen) {
        table[place] = seen | (held & WEIGHT)
        sum += held & WEIGHT
        count++
      }
      last += 1
      const change = (plain[last]! - Math.imul(plain[last - size]!, leaving) - start) | 0
      hash = (Math.imul(hash, PRIME) + change) | 0
    }
    this.#sum += sum
    this.#count += count
  }

  #addWords(length: number): void {
    const plain = this.#plain
    const sizes = this.#shape.words
    const seed = this.#shape.seed
    let hash = seed
    let isInside = false
    let before = 0
    let beforeThat = 0
    for (let at = 0; at < length; at++) {
      const code = plain[at]!
      if (isWordUnit(code)) {
        hash = Math.imul(hash ^ code, PRIME)
        isInside = true
        if (code < 0x2e80) continue // above it, each sign is a word of its own: those scripts put no blanks
      }
      if (!isInside) continue
      const word = scatter(hash)
      for (const size of sizes) {
        if (size === 1) this.#addWord(word)
        else if (size === 2 && before !== 0) this.#addWord(joined(before, word, 2))
        else if (size === 3 && beforeThat !== 0) {
          this.#addWord(joined(joined(beforeThat, before, 2), word, 3))
          this.#addWord(joined(beforeThat, word, 4)) // with any one word between them
        }
      }
      beforeThat = before
      before = word
      hash = seed
      isInside = false
    }
  }

  #addWord(hash: number): void {
    const place = scatter(hash) >>> this.#shift
    const held = this.#words[place]!
    if (held >> 8 === this.#piece) return
    this.#words[place] = (this.#piece << 8) | (held & WEIGHT)
    this.#sum += held & WEIGHT
    this.#count++
  }
}
