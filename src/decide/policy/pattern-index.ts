import { PolicyError } from './error.ts'
import { matches } from './match.ts'
import type { Pattern } from './pattern.ts'
import { LIMITS } from './resource.ts'
import { hashRun, type Scan } from './scan.ts'
import { keyFrom, SlotTable, type Slot } from './slot-table.ts'

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
  readonly #table: SlotTable<T>
  readonly #firstCell: number
  /** Bit d: there is a pattern of this way with d leading names (bit 31: 31 or more). */
  #exactDepths = 0
  #openDepths = 0
  #tailDepths = 0
  #floating = 0
  /** Bit o modulo 32: there is, or was, a pattern for operation o. A clear bit spares every look into the table. */
  #operations = 0
  #size = 0

  constructor(table = new SlotTable<T>()) {
    this.#table = table
    this.#firstCell = table.nextCell()
  }

  get size(): number {
    return this.#size
  }

  /** @throws PolicyError `PATTERN_INVALID` when the cell would hold too many patterns only a scan can find */
  add(pattern: Pattern, value: T, operation = 0): Slot<T> {
    const way = wayOf(pattern)
    const cell = this.#firstCell + operation
    const key = keyFrom(keyOf(pattern, way) ^ saltOf(cell))
    if (way === 'open' && pattern.shape === 'glob') checkRoom(pattern, cell, this.#table.chain(key))
    const { shape, fixed, head, runs } = pattern
    const port = onlyPort(pattern.ports)
    const ports = port === -1 ? pattern.ports : undefined
    const slot: Slot<T> = { cell, port, shape, fixed, ports, head, value, next: undefined, runs, key }
    this.#table.add(slot)
    this.#operations |= 1 << operation
    const bit = depthBit(fixed)
    if (way === 'exact') this.#exactDepths |= bit
    else if (way === 'open') this.#openDepths |= bit
    else if (way === 'tail') this.#tailDepths |= bit
    else this.#floating++
    this.#size++
    return slot
  }

  remove(slot: Slot<T>): void {
    if (this.#table.remove(slot)) this.#size--
  }

  /**
   * Writes the value of every pattern that covers the scanned resource into `found`, from index `count` on.
   *
   * @returns how many `found` holds now
   */
  find(scan: Scan, found: T[], count: number, operation = 0): number {
    if (this.#size === 0 || (this.#operations & (1 << operation)) === 0) return count
    const cell = this.#firstCell + operation
    const salt = saltOf(cell)
    const table = this.#table
    const { heads } = scan
    const depth = scan.count
    let n = count
    if ((this.#exactDepths & depthBit(depth)) !== 0) {
      n = tryChain(table.chain(keyFrom(heads[depth]! ^ salt)), cell, scan, found, n)
    }
    const open = this.#openDepths
    // the lowest depth there is a pattern of; the highest bit stands for all depths beyond
    for (let d = open === 0 ? depth + 1 : 31 - Math.clz32(open & -open); d <= depth; d++) {
      if ((open & depthBit(d)) !== 0)
        n = tryChain(table.chain(keyFrom(heads[d]! ^ OPEN ^ salt)), cell, scan, found, n)
    }
    if ((this.#tailDepths | this.#floating) === 0) return n
    return this.#findRare(scan, found, n, cell)
  }

  #findRare(scan: Scan, found: T[], count: number, cell: number): number {
    const salt = saltOf(cell)
    const table = this.#table
    const { heads, names, count: depth } = scan
    let n = count
    if (this.#tailDepths !== 0 && depth > 0) {
      const end = names[depth - 1]!
      for (let d = 0; d < depth; d++) {
        if ((this.#tailDepths & depthBit(d)) === 0) continue
        n = tryChain(table.chain(keyFrom(hashRun(heads[d]!, end) ^ TAIL ^ salt)), cell, scan, found, n)
      }
    }
    if (this.#floating > 0) {
      for (let i = 0; i < depth; i++) {
        const chain = table.chain(keyFrom(names[i]! ^ FLOATING ^ salt))
        // what did not match, or did, for the same name further up gives the same answer here
        if (chain !== undefined && names.indexOf(names[i]!) === i) {
          n = tryChain(chain, cell, scan, found, n)
        }
      }
    }
    return n
  }
}

function tryChain<T>(
  first: Slot<T> | undefined,
  cell: number,
  scan: Scan,
  found: T[],
  count: number,
): number {
  let n = count
  for (let slot = first; slot !== undefined; slot = slot.next) {
    if (slot.cell !== cell || (slot.port !== -1 && slot.port !== scan.port)) continue
    if (matches(slot, scan)) found[n++] = slot.value
  }
  return n
}

/** The port of a pattern that speaks of one alone, as most do; otherwise -1. */
function onlyPort(ports: Pattern['ports']): number {
  return ports !== undefined && ports.length === 2 && ports[0] === ports[1] ? ports[0]! : -1
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

function checkRoom<T>(pattern: Pattern, cell: number, first: Slot<T> | undefined): void {
  const limit = pattern.fixed === 0 ? LIMITS.looseInCell : LIMITS.sharedHeadInCell
  let held = 0
  for (let slot = first; slot !== undefined; slot = slot.next) {
    if (slot.cell === cell && slot.shape === 'glob') held++
  }
  if (held < limit) return
  throw new PolicyError('PATTERN_INVALID', {
    what: `there are ${limit} patterns beside "${pattern.text.slice(0, 120)}" that only trying one by one can find`,
    fix: 'give the pattern a fixed beginning of its own, such as /srv/data/**, or a fixed last name',
  })
}
