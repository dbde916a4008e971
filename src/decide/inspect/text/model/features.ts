/**
 * What the model sees of a piece of text: short runs of characters and of words, each as a place in a table. The
 * trainer and the program both call {@link FeatureReader.read}, so that a weight stands where it will be looked for.
 */

/** What decides where a feature stands; part of the model file. */
export interface FeatureShape {
  /** Start of every hash; another seed is another model. */
  readonly seed: number
  /** How many characters the runs have, in ascending order. */
  readonly characters: readonly number[]
  /** How many words the runs have; 1 to 3. */
  readonly words: readonly number[]
  /** Each of the two tables has 2^bits places. */
  readonly bits: number
}

/** The longest piece that is read, in UTF-16 units. */
export const PIECE_LIMIT = 512
const LOWERED = 0x600
const SPACE = 32
const ZERO = 48
export const PRIME = 0x01000193
/** 2^32 over the golden ratio: its product spreads what is near over all places. */
export const SPREAD = 0x9e37_79b1

/** Capital letters small, digits all one, every blank a space: ASCII to Cyrillic; what lies above stays as it is. */
const PLAIN = plainTable()

/** Room for a piece as {@link plainInto} writes it. */
export function newPlain(): Uint16Array {
  return new Uint16Array(PIECE_LIMIT + 2)
}

/**
 * A piece as features are taken of it, between two blanks. A rule of dashes or a run of blanks is one character: how long
 * somebody drew it says nothing.
 *
 * @returns how many units were written
 */
export function plainInto(plain: Uint16Array, text: string, start: number, end: number): number {
  plain[0] = SPACE
  let length = 1
  let last = SPACE
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    const code = unit < LOWERED ? PLAIN[unit]! : unit
    if (code === last && !isWordUnit(code)) continue
    plain[length++] = code
    last = code
  }
  if (last !== SPACE) plain[length++] = SPACE
  return length
}

/** Reads pieces of text into lists of places; the lists are overwritten by the next piece. */
export class FeatureReader {
  /** Places of the runs of characters, each once, the first `characterCount` of the list. */
  readonly characterPlaces: Uint32Array
  characterCount = 0
  readonly wordPlaces = new Uint32Array(3 * PIECE_LIMIT)
  wordCount = 0
  readonly #shape: FeatureShape
  readonly #shift: number
  readonly #plain = newPlain()
  // which of the last 255 pieces a place was seen in: small enough to stay near, and seldom cleared
  readonly #seenCharacters: Uint8Array
  readonly #seenWords: Uint8Array
  #piece = 0

  constructor(shape: FeatureShape) {
    this.#shape = shape
    this.#shift = 32 - shape.bits
    this.characterPlaces = new Uint32Array(shape.characters.length * (PIECE_LIMIT + 2))
    this.#seenCharacters = new Uint8Array(1 << shape.bits)
    this.#seenWords = new Uint8Array(1 << shape.bits)
  }

  /** Reads `text` from `start` to `end`, at most {@link PIECE_LIMIT} units of it. */
  read(text: string, start: number, end: number): void {
    this.#nextPiece()
    const length = plainInto(this.#plain, text, start, Math.min(end, start + PIECE_LIMIT))
    this.#readCharacters(length)
    this.#readWords(length)
  }

  #nextPiece(): void {
    this.#piece += 1
    if (this.#piece <= 255) return
    this.#seenCharacters.fill(0)
    this.#seenWords.fill(0)
    this.#piece = 1
  }

  #readCharacters(length: number): void {
    this.characterCount = 0
    for (const size of this.#shape.characters) this.#readRuns(length, size)
  }

  #readRuns(length: number, size: number): void {
    const plain = this.#plain
    const seen = this.#seenCharacters
    const piece = this.#piece
    const places = this.characterPlaces
    const shift = this.#shift
    // base 0x01000193, the first unit leaves as the next one comes (Rabin and Karp)
    let leaving = 1
    let hash = this.#shape.seed ^ size
    for (let i = 0; i < Math.min(size, length); i++) hash = (Math.imul(hash, PRIME) + plain[i]!) | 0
    for (let i = 0; i < size; i++) leaving = Math.imul(leaving, PRIME)
    const start = Math.imul(this.#shape.seed ^ size, Math.imul(leaving, PRIME - 1))
    let count = this.characterCount
    for (let last = size - 1; last < length;) {
      const place = Math.imul(hash ^ (hash >>> 15), SPREAD) >>> shift
      if (seen[place] !== piece) {
        seen[place] = piece
        places[count++] = place
      }
      last += 1
      hash = (Math.imul(hash, PRIME) + plain[last]! - Math.imul(plain[last - size]!, leaving) - start) | 0
    }
    this.characterCount = count
  }

  #readWords(length: number): void {
    const plain = this.#plain
    this.wordCount = 0
    let hash = this.#shape.seed
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
      this.#addWords(word, before, beforeThat)
      beforeThat = before
      before = word
      hash = this.#shape.seed
      isInside = false
    }
  }

  #addWords(word: number, before: number, beforeThat: number): void {
    for (const size of this.#shape.words) {
      if (size === 1) this.#addWord(word)
      else if (size === 2 && before !== 0) this.#addWord(joined(before, word, 2))
      else if (size === 3 && beforeThat !== 0) {
        this.#addWord(joined(joined(beforeThat, before, 2), word, 3))
        this.#addWord(joined(beforeThat, word, 4)) // with any one word between them
      }
    }
  }

  #addWord(hash: number): void {
    const place = scatter(hash) >>> this.#shift
    if (this.#seenWords[place] === this.#piece || this.wordCount === this.wordPlaces.length) return
    this.#seenWords[place] = this.#piece
    this.wordPlaces[this.wordCount++] = place
  }
}

export function joined(before: number, word: number, mark: number): number {
  return Math.imul(Math.imul(before, PRIME) ^ word, 0x85eb_ca6b) ^ mark
}

// the last step of MurmurHash3, so that the upper bits, which choose the place, depend on all the others
export function scatter(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85eb_ca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}

export function isWordUnit(code: number): boolean {
  return (code >= 97 && code <= 122) || code === ZERO || (code >= 0xc0 && !(code >= 0x2000 && code < 0x2c00))
}

function plainTable(): Uint16Array {
  const table = new Uint16Array(LOWERED)
  for (let unit = 0; unit < LOWERED; unit++) {
    const lower = String.fromCharCode(unit).toLowerCase()
    table[unit] = lower.length === 1 ? lower.charCodeAt(0) : unit
  }
  for (let unit = 0; unit <= SPACE; unit++) table[unit] = SPACE
  for (let unit = ZERO; unit < ZERO + 10; unit++) table[unit] = ZERO
  table[0xa0] = SPACE
  return table
}
