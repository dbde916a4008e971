import { IndexHeads } from './index-head.ts'
import { matches, matchRuns } from './match.ts'
import type { Pattern } from './pattern.ts'
import type { Scan } from './scan.ts'
import {
  copyRecord,
  coversRecord,
  isLapsedIn,
  isOf,
  isPlainIn,
  isShortGlobAt,
  isUnusualAt,
  keyIn,
  needsPattern,
  recordAt,
  recordMemory,
  writeRecord,
  type Plain,
} from './slot-record.ts'

const SMALLEST = 16
const MIX = 0x9e3779b1

// what a mark says of its place; every other value is a part of the key that stands there
const EMPTY = 0
/** Searches go on past it. */
const TAKEN_OUT = 1

/** What is kept beside a record: its value; its pattern, or the three parts of a plain answer. */
const KEPT = 4
type Kept<T> = T | Pattern | string | readonly string[] | undefined

/**
 * What many indexes keep their patterns in, by open addressing. A byte for each place tells most places that cannot
 * hold the key; they are few enough to stay in the cache, so that a question that finds nothing, which is most, is
 * answered from there, and one that finds something waits for little more than the record.
 */
export class SlotTable<T> {
  /** What each index that keeps its patterns here holds. */
  readonly heads = new IndexHeads()
  #marks = new Uint8Array(SMALLEST)
  #memory = recordMemory(SMALLEST)
  #kept: Kept<T>[] = nothing(SMALLEST * KEPT)
  /** How far a mixed key is moved down to be a place. */
  #shift = 32 - Math.log2(SMALLEST)
  #held = 0
  #takenOut = 0
  /** Read early and for nothing else: what the answer will need is on its way from memory while the record is compared. */
  fetched: unknown = undefined

  /**
   * Writes the place of everything put in under this key and cell that covers the scanned resource into `found`.
   *
   * @param depth how many components are in the head the key was made of
   * @returns how many `found` holds now
   */
  find(key: number, cell: number, scan: Scan, depth: number, found: number[], count: number): number {
    const marks = this.#marks
    const last = marks.length - 1
    const mixed = Math.imul(key, MIX)
    const mark = markOf(mixed)
    let n = count
    for (let place = mixed >>> this.#shift, step = 1; ; place = (place + step++) & last) {
      const own = marks[place]!
      if (own === mark) {
        this.fetched = this.#kept[place * KEPT + 1]
        if (this.#isFound(place, key, cell, scan, depth)) found[n++] = place
      } else if (own === EMPTY) return n
    }
  }

  /** Whether the mark of this key is there at all: a quick no to most questions. */
  mayHold(key: number): boolean {
    const marks = this.#marks
    const last = marks.length - 1
    const mixed = Math.imul(key, MIX)
    const mark = markOf(mixed)
    for (let place = mixed >>> this.#shift, step = 1; ; place = (place + step++) & last) {
      if (marks[place] === mark) return true
      if (marks[place] === EMPTY) return false
    }
  }

  #isFound(place: number, key: number, cell: number, scan: Scan, depth: number): boolean {
    const memory = this.#memory
    const at = recordAt(place)
    if (!isOf(memory.words, at, key, cell)) return false
    if (!needsPattern(memory.words, at)) return coversRecord(memory, at, scan, depth)
    const pattern = this.#kept[place * KEPT + 1] as Pattern
    if (isUnusualAt(memory.words, at)) return matches(pattern, scan)
    return coversRecord(memory, at, scan, depth) && matchRuns(pattern, scan)
  }

  /** What stands at a place that `find` has just found. */
  value(place: number): T {
    return this.#kept[place * KEPT] as T
  }

  /** Whether an allow stands there that has no condition but its time, and is surely in it. */
  isPlain(place: number, second: number): boolean {
    return isPlainIn(this.#memory.words, recordAt(place), second)
  }

  /** Whether an allow stands there that is surely not in its time. */
  isLapsed(place: number, second: number): boolean {
    return isLapsedIn(this.#memory.words, recordAt(place), second)
  }

  /** Of what is plain. */
  rule(place: number): string {
    return this.#kept[place * KEPT + 1] as string
  }

  reason(place: number): string {
    return this.#kept[place * KEPT + 2] as string
  }

  capabilities(place: number): readonly string[] {
    return this.#kept[place * KEPT + 3] as readonly string[]
  }

  /** How many patterns of this key and cell can only be found by trying each. */
  countGlobs(key: number, cell: number): number {
    return this.#placesOf(key, cell).filter((place) => this.#isGlob(place)).length
  }

  #isGlob(place: number): boolean {
    const { words } = this.#memory
    if (!needsPattern(words, recordAt(place))) return isShortGlobAt(words, recordAt(place))
    return (this.#kept[place * KEPT + 1] as Pattern).shape === 'glob'
  }

  /** Every place of this key and cell; for changes, which nobody waits for. */
  #placesOf(key: number, cell: number): number[] {
    const places: number[] = []
    const mark = markOf(Math.imul(key, MIX))
    for (
      let place = this.#first(key), step = 1;
      this.#marks[place] !== EMPTY;
      place = this.#then(place, step++)
    ) {
      const isSame = this.#marks[place] === mark && isOf(this.#memory.words, recordAt(place), key, cell)
      if (isSame) places.push(place)
    }
    return places
  }

  #first(key: number): number {
    return Math.imul(key, MIX) >>> this.#shift
  }

  /**
   * Ever longer steps, which come by every place. With steps of one, many patterns under one key would lie in a row, and
   * every key that begins among them would have to walk to its end.
   */
  #then(place: number, step: number): number {
    return (place + step) & (this.#marks.length - 1)
  }

  add(key: number, cell: number, pattern: Pattern, value: T, plain?: Plain): void {
    if ((this.#held + this.#takenOut + 1) * 2 > this.#marks.length) this.#rebuild()
    const place = this.#vacant(key)
    const at = recordAt(place)
    if (this.#marks[place] === TAKEN_OUT) this.#takenOut--
    this.#held++
    this.#marks[place] = markOf(Math.imul(key, MIX))
    writeRecord(this.#memory, at, key, cell, pattern, plain)
    const kept = this.#kept
    kept[place * KEPT] = value
    kept[place * KEPT + 1] = needsPattern(this.#memory.words, at) ? pattern : plain?.rule
    kept[place * KEPT + 2] = plain?.reason
    kept[place * KEPT + 3] = plain?.capabilities
  }

  /** @returns whether there was one of that value to take out */
  remove(key: number, cell: number, value: T): boolean {
    const place = this.#placesOf(key, cell).find((each) => this.#kept[each * KEPT] === value)
    if (place === undefined) return false
    this.#marks[place] = TAKEN_OUT
    this.#kept.fill(undefined, place * KEPT, (place + 1) * KEPT)
    this.#held--
    this.#takenOut++
    return true
  }

  /** The first place from its own on where `key` may be put. */
  #vacant(key: number): number {
    let place = this.#first(key)
    for (let step = 1; this.#marks[place]! > TAKEN_OUT; step++) place = this.#then(place, step)
    return place
  }

  /** Puts everything anew, into more room when it is not for what was taken out alone. */
  #rebuild(): void {
    const [marks, { words }, kept] = [this.#marks, this.#memory, this.#kept]
    const isLarger = this.#held * 3 >= marks.length
    const places = isLarger ? marks.length * 2 : marks.length
    this.#shift = 32 - Math.log2(places)
    this.#marks = new Uint8Array(places)
    this.#memory = recordMemory(places)
    this.#kept = nothing(places * KEPT)
    this.#takenOut = 0
    for (const [from, mark] of marks.entries()) {
      if (mark <= TAKEN_OUT) continue
      const to = this.#vacant(keyIn(words, recordAt(from)))
      this.#marks[to] = mark
      copyRecord(words, recordAt(from), this.#memory.words, recordAt(to))
      for (let i = 0; i < KEPT; i++) this.#kept[to * KEPT + i] = kept[from * KEPT + i]
    }
  }
}

function nothing(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined)
}

/** Seven bits of a mixed key that its place does not tell, never {@link EMPTY} or {@link TAKEN_OUT}. */
function markOf(mixed: number): number {
  return (mixed & 0x7f) | 0x80
}
