import { PolicyError } from './error.ts'
import { matches } from './match.ts'
import type { Pattern } from './pattern.ts'
import { LIMITS } from './resource.ts'
import { hashRun, type Scan } from './scan.ts'

/** A pattern's place in an index, kept to take it out again. */
export interface Slot<T> {
  readonly pattern: Pattern
  readonly value: T
  readonly key: number
  next: Slot<T> | undefined
}

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
  readonly #chains = new Map<number, Slot<T>>()
  /** Bit d: there is a pattern of this way with d leading names (bit 31: 31 or more). */
  #exactDepths = 0
  #openDepths = 0
  #tailDepths = 0
  #floating = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @throws PolicyError `PATTERN_INVALID` when the cell would hold too many patterns only a scan can find */
  add(pattern: Pattern, value: T, operation = 0): Slot<T> {
    const way = wayOf(pattern)
    const key = keyOf(pattern, way) ^ saltOf(operation)
    const first = this.#chains.get(key)
    if (way === 'open' && pattern.shape === 'glob') checkRoom(pattern, first)
    const slot: Slot<T> = { pattern, value, key, next: first }
    this.#chains.set(key, slot)
    const bit = depthBit(pattern.fixed)
    if (way === 'exact') this.#exactDepths |= bit
    else if (way === 'open') this.#openDepths |= bit
    else if (way === 'tail') this.#tailDepths |= bit
    else this.#floating++
    this.#size++
    return slot
  }

  remove(slot: Slot<T>): void {
    const first = this.#chains.get(slot.key)
    if (first === slot) {
      if (slot.next === undefined) this.#chains.delete(slot.key)
      else this.#chains.set(slot.key, slot.next)
    } else {
      let before = first
      while (before !== undefined && before.next !== slot) before = before.next
      if (before === undefined) return
      before.next = slot.next
    }
    this.#size--
  }

  /**
   * Writes the value of every pattern that covers the scanned resource into `found`, from index `count` on.
   *
   * @returns how many `found` holds now
   */
  find(scan: Scan, found: T[], count: number, operation = 0): number {
    const salt = saltOf(operation)
    const chains = this.#chains
    const { heads, names } = scan
    const depth = scan.count
    const last = depthBit(depth)
    let n = count
    if ((this.#exactDepths & last) !== 0) n = tryChain(chains.get(heads[depth]! ^ salt), scan, found, n)
    const open = this.#openDepths
    if (open !== 0) {
      for (let d = 0; d <= depth; d++) {
        if ((open & depthBit(d)) !== 0) n = tryChain(chains.get(heads[d]! ^ OPEN ^ salt), scan, found, n)
      }
    }
    if (this.#tailDepths !== 0 && depth > 0) {
      const end = names[depth - 1]!
      for (let d = 0; d < depth; d++) {
        if ((this.#tailDepths & depthBit(d)) === 0) continue
        n = tryChain(chains.get(hashRun(heads[d]!, end) ^ TAIL ^ salt), scan, found, n)
      }
    }
    if (this.#floating > 0) {
      for (let i = 0; i < depth; i++) {
        const chain = chains.get(names[i]! ^ FLOATING ^ salt)
        // what did not match, or did, for the same name further up gives the same answer here
        if (chain !== undefined && names.indexOf(names[i]!) === i) n = tryChain(chain, scan, found, n)
      }
    }
    return n
  }
}

function tryChain<T>(first: Slot<T> | undefined, scan: Scan, found: T[], count: number): number {
  let n = count
  for (let slot = first; slot !== undefined; slot = slot.next) {
    if (matches(slot.pattern, scan)) found[n++] = slot.value
  }
  return n
}

function saltOf(operation: number): number {
  return Math.imul(operation, 0x61c88647)
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

function checkRoom<T>(pattern: Pattern, first: Slot<T> | undefined): void {
  const limit = pattern.fixed === 0 ? LIMITS.looseInCell : LIMITS.sharedHeadInCell
  let held = 0
  for (let slot = first; slot !== undefined; slot = slot.next) held += slot.pattern.shape === 'glob' ? 1 : 0
  if (held < limit) return
  throw new PolicyError('PATTERN_INVALID', {
    what: `there are ${limit} patterns beside "${pattern.text.slice(0, 120)}" that only trying one by one can find`,
    fix: 'give the pattern a fixed beginning of its own, such as /srv/data/**, or a fixed last name',
  })
}
