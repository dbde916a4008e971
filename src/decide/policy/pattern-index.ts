import { PolicyError } from './error.ts'
import type { Pattern } from './pattern.ts'
import { LIMITS } from './resource.ts'
import { hashRun, type Scan } from './scan.ts'
import type { Plain } from './slot-record.ts'
import { SlotTable } from './slot-table.ts'

type Way = 'exact' | 'open' | 'tail' | 'floating'

// one map for four kinds of key; these keep them apart, and every hit is compared in full
const OPEN = 0x5bd1e995
const TAIL = 0x27d4eb2f
const FLOATING = 0x165667b1

/**
 * Patterns found by what is fixed in them, so that asking costs what the resource is long and not how many patterns
 * there are: whole ones by their hash, those with stars by their head, by head and last name, or by a name that
 * follows a leading `**`. Adding or taking out one touches no other.
 */
export class PatternIndex<T> {
  readonly table: SlotTable<T>
  readonly #firstCell: number
  /** Bit d: there is a pattern of this way with d leading names (bit 31: 31 or more). */
  #exactDepths = 0
  #openDepths = 0
  #tailDepths = 0
  #floating = 0
  /** Bit o modulo 32: operation o has, or had, a whole pattern, or one with stars. A clear bit spares a look. */
  #exactOperations = 0
  #starOperations = 0
  #size = 0
  readonly #places: number[] = []

  constructor(table = new SlotTable<T>()) {
    this.table = table
    this.#firstCell = table.nextCell()
  }

  get size(): number {
    return this.#size
  }

  /**
   * @param plain given for what is settled by this answer alone, as long as nothing else speaks
   * @throws PolicyError `PATTERN_INVALID` when the cell would hold too many patterns only a scan can find
   */
  add(pattern: Pattern, value: T, operation = 0, plain?: Plain): void {
    const way = wayOf(pattern)
    const cell = this.#firstCell + operation
    const key = keyOf(pattern, way) ^ saltOf(cell)
    if (way === 'open' && pattern.shape === 'glob') checkRoom(pattern, this.table.countGlobs(key, cell))
    this.table.add(key, cell, pattern, value, plain)
    if (way === 'exact') this.#exactOperations |= 1 << operation
    else this.#starOperations |= 1 << operation
    const bit = depthBit(pattern.fixed)
    if (way === 'exact') this.#exactDepths |= bit
    else if (way === 'open') this.#openDepths |= bit
    else if (way === 'tail') this.#tailDepths |= bit
    else this.#floating++
    this.#size++
  }

  /** Takes out what was put in with the same pattern, value and operation. */
  remove(pattern: Pattern, value: T, operation = 0): void {
    const cell = this.#firstCell + operation
    const key = keyOf(pattern, wayOf(pattern)) ^ saltOf(cell)
    if (this.table.remove(key, cell, value)) this.#size--
  }

  /**
   * Writes the value of every pattern that covers the scanned resource into `found`, from index `count` on.
   *
   * @returns how many `found` holds now
   */
  find(scan: Scan, found: T[], count: number, operation = 0): number {
    const places = this.#places
    const end = this.seek(scan, places, operation)
    for (let i = 0; i < end; i++) found[count + i] = this.table.value(places[i]!)
    return count + end
  }

  /**
   * Like `find`, but writes where in the table they stand, from the beginning of `found` on: good until the next change.
   *
   * @returns how many there are
   */
  seek(scan: Scan, found: number[], operation: number): number {
    const isExact = (this.#exactOperations & (1 << operation)) !== 0
    const hasStars = (this.#starOperations & (1 << operation)) !== 0
    if (!isExact && !hasStars) return 0
    const cell = this.#firstCell + operation
    const salt = saltOf(cell)
    const table = this.table
    const { heads, count: depth } = scan
    let n = 0
    if (isExact && (this.#exactDepths & depthBit(depth)) !== 0) {
      n = table.find(heads[depth]! ^ salt, cell, scan, depth, found, n)
    }
    if (!hasStars) return n
    const open = this.#openDepths
    // the lowest depth there is a pattern of; the highest bit stands for all depths beyond
    for (let d = open === 0 ? depth + 1 : 31 - Math.clz32(open & -open); d <= depth; d++) {
      if ((open & depthBit(d)) === 0) continue
      n = table.find(heads[d]! ^ OPEN ^ salt, cell, scan, d, found, n)
    }
    if ((this.#tailDepths | this.#floating) === 0) return n
    return this.#seekRare(scan, found, n, cell)
  }

  #seekRare(scan: Scan, found: number[], count: number, cell: number): number {
    const salt = saltOf(cell)
    const table = this.table
    const { heads, names, count: depth } = scan
    let n = count
    if (this.#tailDepths !== 0 && depth > 0) {
      const end = names[depth - 1]!
      for (let d = 0; d < depth; d++) {
        if ((this.#tailDepths & depthBit(d)) === 0) continue
        n = table.find(hashRun(heads[d]!, end) ^ TAIL ^ salt, cell, scan, d, found, n)
      }
    }
    if (this.#floating > 0) {
      for (let i = 0; i < depth; i++) {
        const key = names[i]! ^ FLOATING ^ salt
        // what did not match, or did, for the same name further up gives the same answer here
        if (table.mayHold(key) && names.indexOf(names[i]!) === i) n = table.find(key, cell, scan, 0, found, n)
      }
    }
    return n
  }
}

function saltOf(cell: number): number {
  return Math.imul(cell, 0x61c88647)
}

function depthBit(depth: number): number {
  return 1 << (depth > 31 ? 31 : depth)
}

function wayOf(pattern: Pattern): Way {
  if (pattern.shape === 'exact') return 'exact'
  if (pattern.shape !== 'glob') return 'open'
  if (pattern.parts.at(-1)?.is === 'name') return 'tail'
  return pattern.fixed === 0 && pattern.parts[0]?.is === 'deep' && pattern.parts[1]?.is === 'name'
    ? 'floating'
    : 'open'
}

function keyOf(pattern: Pattern, way: Way): number {
  if (way === 'floating') {
    const name = pattern.parts[1]
    return (name?.is === 'name' ? name.hash : 0) ^ FLOATING
  }
  if (way === 'tail') {
    const last = pattern.parts.at(-1)
    return hashRun(pattern.headHash, last?.is === 'name' ? last.hash : 0) ^ TAIL
  }
  return way === 'open' ? pattern.headHash ^ OPEN : pattern.headHash
}

function checkRoom(pattern: Pattern, held: number): void {
  const limit = pattern.fixed === 0 ? LIMITS.looseInCell : LIMITS.sharedHeadInCell
  if (held < limit) return
  throw new PolicyError('PATTERN_INVALID', {
    what: `there are ${limit} patterns beside "${pattern.text.slice(0, 120)}" that only trying one by one can find`,
    fix: 'give the pattern a fixed beginning of its own, such as /srv/data/**, or a fixed last name',
  })
}
