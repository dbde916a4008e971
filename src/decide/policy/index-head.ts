/** How many words each index takes up: two in one line of the processor's cache. */
const WORDS = 8
/** Where the first begins: the allocator puts 16 bytes of its own in front of a large array, and lines have 64. */
const FIRST = 12
const SMALLEST = 16

// bit o modulo 32: operation o has, or had, a whole pattern, or one with stars; a clear bit spares a look
const EXACT_OPERATIONS = 0
const STAR_OPERATIONS = 1
// bit d: there is, or was, a pattern of this way with d leading names (bit 31: 31 or more)
const EXACT_DEPTHS = 2
const OPEN_DEPTHS = 3
const TAIL_DEPTHS = 4
const FLOATING = 5
const SIZE = 6
/** A number its owner keeps there; 0 from the start. */
const MEMO = 7

export type Way = 'exact' | 'open' | 'tail' | 'floating'

/**
 * What the indexes of one table hold, in one block of memory: asking any of them touches half a line of the processor's
 * cache, where an object each would be three. Those of a thousand agents stay near in this way.
 */
export class IndexHeads {
  words = new Int32Array(FIRST + SMALLEST * WORDS)
  #given = 0
  readonly #returned: number[] = []

  /** The number of an index that holds nothing; that of one which was given back may be given again. */
  take(): number {
    const index = this.#returned.pop() ?? this.#given++
    if (headAt(this.#given) > this.words.length) {
      const larger = new Int32Array(FIRST + (this.words.length - FIRST) * 2)
      larger.set(this.words)
      this.words = larger
    }
    return index
  }

  /** Only for an index that holds nothing any more. */
  giveBack(index: number): void {
    this.words.fill(0, headAt(index), headAt(index + 1))
    this.#returned.push(index)
  }

  noteAdded(index: number, operation: number, way: Way, depth: number): void {
    const { words } = this
    const at = headAt(index)
    words[at + (way === 'exact' ? EXACT_OPERATIONS : STAR_OPERATIONS)]! |= 1 << operation
    if (way === 'floating') words[at + FLOATING] = 1
    else {
      const depths = way === 'exact' ? EXACT_DEPTHS : way === 'open' ? OPEN_DEPTHS : TAIL_DEPTHS
      words[at + depths]! |= depthBit(depth)
    }
    words[at + SIZE]!++
  }

  noteRemoved(index: number): void {
    this.words[headAt(index) + SIZE]!--
  }

  size(index: number): number {
    return this.words[headAt(index) + SIZE]!
  }

  memo(index: number): number {
    return this.words[headAt(index) + MEMO]!
  }

  setMemo(index: number, memo: number): void {
    this.words[headAt(index) + MEMO] = memo
  }

  forgetMemos(): void {
    for (let index = 0; index < this.#given; index++) this.setMemo(index, 0)
  }
}

/** Where an index stands among the words; what follows is asked there. */
export function headAt(index: number): number {
  return FIRST + index * WORDS
}

export function hasExact(words: Int32Array, at: number, operation: number): boolean {
  return (words[at + EXACT_OPERATIONS]! & (1 << operation)) !== 0
}

export function hasStars(words: Int32Array, at: number, operation: number): boolean {
  return (words[at + STAR_OPERATIONS]! & (1 << operation)) !== 0
}

export function hasExactDepth(words: Int32Array, at: number, depth: number): boolean {
  return (words[at + EXACT_DEPTHS]! & depthBit(depth)) !== 0
}

export function openDepths(words: Int32Array, at: number): number {
  return words[at + OPEN_DEPTHS]!
}

export function tailDepths(words: Int32Array, at: number): number {
  return words[at + TAIL_DEPTHS]!
}

export function hasFloating(words: Int32Array, at: number): boolean {
  return words[at + FLOATING] !== 0
}

export function depthBit(depth: number): number {
  return 1 << (depth > 31 ? 31 : depth)
}
