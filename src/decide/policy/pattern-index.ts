import { PolicyError } from './error.ts'
import {
  depthBit,
  hasExact,
  hasExactDepth,
  hasFloating,
  hasStars,
  headAt,
  openDepths,
  tailDepths,
  type Way,
} from './index-head.ts'
import type { Pattern } from './pattern.ts'
import { LIMITS } from './resource.ts'
import { hashRun, type Scan } from './scan.ts'
import type { Plain } from './slot-record.ts'
import { SlotTable } from './slot-table.ts'

/** Above the number of operations there are. */
const CELLS_PER_INDEX = 256

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
  /** Its number in the table. */
  readonly index: number
  readonly #places: number[] = []

  constructor(table = new SlotTable<T>(), index = table.heads.take()) {
    this.table = table
    this.index = index
  }

  get size(): number {
    return this.table.heads.size(this.index)
  }

  /**
   * @param plain given for what is settled by this answer alone, as long as nothing else speaks
   * @throws PolicyError `PATTERN_INVALID` when the cell would hold too many patterns only a scan can find
   */
  add(pattern: Pattern, value: T, operation = 0, plain?: Plain): void {
    const way = wayOf(pattern)
    const cell = this.index * CELLS_PER_INDEX + operation
    const key = keyOf(pattern, way) ^ saltOf(cell)
    if (way === 'open' && pattern.shape === 'glob') checkRoom(pattern, this.table.countGlobs(key, cell))
    this.table.add(key, cell, pattern, value, plain)
    this.table.heads.noteAdded(this.index, operation, way, pattern.fixed)
  }

  /** Takes out what was put in with the same pattern, value and operation. */
  remove(pattern: Pattern, value: T, operation = 0): void {
    const cell = this.index * CELLS_PER_INDEX + operation
    const key = keyOf(pattern, wayOf(pattern)) ^ saltOf(cell)
    if (this.table.remove(key, cell, value)) this.table.heads.noteRemoved(this.index)
  }

  /**
   * Writes the value of every pattern that covers the scanned resource into `found`, from index `count` on.
   *
   * @returns how many `found` holds now
   */
  find(scan: Scan, found: T[], count: number, operation = 0): number {
    const places = this.#places
    const end = seek(this.table, this.index, scan, places, operation)
    for (let i = 0; i < end; i++) found[count + i] = this.table.value(places[i]!)
    return count + end
  }
}

/**
 * Asks one index of a table: writes where in the table everything stands that covers the scanned resource, from the
 * beginning of `found` on. Good until the next change.
 *
 * @returns how many there are
 */
export function seek<T>(
  table: SlotTable<T>,
  index: number,
  scan: Scan,
  found: number[],
  operation: number,
): number {
  const { words } = table.heads
  const at = headAt(index)
  const isExact = hasExact(words, at, operation)
  const isStarred = hasStars(words, at, operation)
  if (!isExact && !isStarred) return 0
  const cell = index * CELLS_PER_INDEX + operation
  const salt = saltOf(cell)
  const { heads, count: depth } = scan
  let n = 0
  if (isExact && hasExactDepth(words, at, depth)) {
    n = table.find(heads[depth]! ^ salt, cell, scan, depth, found, n)
  }
  if (!isStarred) return n
  const open = openDepths(words, at)
  // the lowest depth there is a pattern of; the highest bit stands for all depths beyond
  for (let d = open === 0 ? depth + 1 : 31 - Math.clz32(open & -open); d <= depth; d++) {
    if ((open & depthBit(d)) === 0) continue
    n = table.find(heads[d]! ^ OPEN ^ salt, cell, scan, d, found, n)
  }
  const tails = tailDepths(words, at)
  if (tails !== 0) n = seekTails(table, tails, scan, found, n, cell)
  return hasFloating(words, at) ? seekFloating(table, scan, found, n, cell) : n
}

function seekTails<T>(
  table: SlotTable<T>,
  tails: number,
  scan: Scan,
  found: number[],
  count: number,
  cell: number,
): number {
  const { heads, names, count: depth } = scan
  let n = count
  for (let d = 0; d < depth; d++) {
    if ((tails & depthBit(d)) === 0) continue
    const key = hashRun(heads[d]!, names[depth - 1]!) ^ TAIL ^ saltOf(cell)
    n = table.find(key, cell, scan, d, found, n)
  }
  return n
}

function seekFloating<T>(
  table: SlotTable<T>,
  scan: Scan,
  found: number[],
  count: number,
  cell: number,
): number {
  const { names, count: depth } = scan
  let n = count
  for (let i = 0; i < depth; i++) {
    const key = names[i]! ^ FLOATING ^ saltOf(cell)
    // what did not match, or did, for the same name further up gives the same answer here
    if (table.mayHold(key) && names.indexOf(names[i]!) === i) n = table.find(key, cell, scan, 0, found, n)
  }
  return n
}

function saltOf(cell: number): number {
  return Math.imul(cell, 0x61c88647)
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
