import type { Pattern } from './pattern.ts'

/**
 * A pattern's place in an index, kept to take it out again. What most patterns are compared by stands in the slot
 * itself: deciding is mostly waiting for memory, and every object less to visit is felt.
 */
export interface Slot<T> {
  /** The index and the operation it belongs to: two keys may be the same by chance, and then this tells. */
  readonly cell: number
  /** The one port, or -1; it stands here so that the list of ports need not be visited for it. */
  readonly port: number
  readonly shape: Pattern['shape']
  readonly fixed: number
  /** Undefined beside a `port` as well. */
  readonly ports: Pattern['ports']
  readonly head: string
  readonly value: T
  next: Slot<T> | undefined
  /** The runs of a `glob`. */
  readonly runs: Pattern['runs']
  readonly key: number
}

/** Above the number of operations there are. */
const CELLS_PER_INDEX = 256
const SMALLEST = 16
const EMPTY = 0

/**
 * What many indexes keep their slots in: slots of one key in a chain, keys by open addressing in one array of numbers.
 * So a question that finds nothing, which is most, reads a few bytes of an array small enough to stay in the cache.
 */
export class SlotTable<T> {
  #keys = new Int32Array(SMALLEST)
  #chains: (Slot<T> | undefined)[] = places<T>(SMALLEST)
  /** How far a mixed key is moved down to be a place. */
  #shift = 32 - Math.log2(SMALLEST)
  #used = 0
  #indexes = 0

  /** The first cell of an index; never given twice. */
  nextCell(): number {
    return this.#indexes++ * CELLS_PER_INDEX
  }

  /** The slots under `key`, and those under another that fell together with it; whoever asks compares. */
  chain(key: number): Slot<T> | undefined {
    const keys = this.#keys
    const last = keys.length - 1
    for (let at = Math.imul(key, 0x9e3779b1) >>> this.#shift; ; at = (at + 1) & last) {
      const held = keys[at]!
      if (held === key) return this.#chains[at]
      if (held === EMPTY) return undefined
    }
  }

  add(slot: Slot<T>): void {
    if (this.#used * 4 >= this.#keys.length * 3) this.#grow()
    const at = this.#place(slot.key)
    if (this.#keys[at] === EMPTY) this.#used++
    this.#keys[at] = slot.key
    slot.next = this.#chains[at]
    this.#chains[at] = slot
  }

  remove(slot: Slot<T>): boolean {
    const at = this.#place(slot.key)
    const first = this.#chains[at]
    if (first === slot) {
      this.#chains[at] = slot.next
      if (slot.next === undefined) this.#close(at)
      return true
    }
    let before = first
    while (before !== undefined && before.next !== slot) before = before.next
    if (before === undefined) return false
    before.next = slot.next
    return true
  }

  /** Where `key` stands, or the empty place where it would. */
  #place(key: number): number {
    const keys = this.#keys
    let at = Math.imul(key, 0x9e3779b1) >>> this.#shift
    while (keys[at] !== key && keys[at] !== EMPTY) at = (at + 1) & (keys.length - 1)
    return at
  }

  /** Empties a place and moves up whoever was kept from its own by it, so that no search ends too early. */
  #close(place: number): void {
    const keys = this.#keys
    const last = keys.length - 1
    this.#used--
    let gap = place
    for (let at = (gap + 1) & last; keys[at] !== EMPTY; at = (at + 1) & last) {
      const own = Math.imul(keys[at]!, 0x9e3779b1) >>> this.#shift
      if (((at - own) & last) < ((at - gap) & last)) continue
      keys[gap] = keys[at]!
      this.#chains[gap] = this.#chains[at]
      gap = at
    }
    keys[gap] = EMPTY
    this.#chains[gap] = undefined
  }

  #grow(): void {
    const keys = this.#keys
    const chains = this.#chains
    this.#keys = new Int32Array(keys.length * 2)
    this.#chains = places<T>(keys.length * 2)
    this.#shift--
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === EMPTY) continue
      const at = this.#place(keys[i]!)
      this.#keys[at] = keys[i]!
      this.#chains[at] = chains[i]
    }
  }
}

function places<T>(count: number): (Slot<T> | undefined)[] {
  return Array.from({ length: count }, () => undefined)
}

/** A hash as a key: 0 means that a place is empty. */
export function keyFrom(hash: number): number {
  return hash | 0 || 1
}
