import { fail } from './fault.ts'
import { EXPRESSION_LIMITS, type Budget } from './limits.ts'
import { isList, type Value } from './value.ts'

const DEFAULT_STEPS = 100_000
const DEFAULT_MEMORY_BYTES = 1024 * 1024
const STEPS_BETWEEN_LOOKS = 64
const CHARACTERS_PER_STEP = 64
const LIST_BYTES = 16
const ITEM_BYTES = 8
const CHARACTER_BYTES = 2

interface Size {
  readonly bytes: number
  readonly depth: number
}

/** Counts what an evaluation uses, and ends it when a budget is gone. */
export class Meter {
  readonly #maxSteps: number
  readonly #maxBytes: number
  readonly #time: Budget['time']
  readonly #endMs: number
  #steps = 0
  #bytes = 0
  #lookAt = 0
  /** Lists made so far, with all that is in them: one list in a hundred places counts a hundred times. */
  readonly #lists = new WeakMap<readonly Value[], Size>()

  constructor({ steps = DEFAULT_STEPS, memoryBytes = DEFAULT_MEMORY_BYTES, time }: Budget) {
    this.#maxSteps = steps
    this.#maxBytes = memoryBytes
    this.#time = time
    this.#endMs = time === undefined ? 0 : time.monotonicMs() + time.budgetMs
  }

  get steps(): number {
    return this.#steps
  }

  step(at: number, count = 1): void {
    this.#steps += count
    // written so that a budget of NaN is none, not an endless one
    if (!(this.#steps <= this.#maxSteps)) fail('STEPS', at, `more than ${this.#maxSteps} steps`)
    if (this.#time === undefined || this.#steps < this.#lookAt) return
    this.#lookAt = this.#steps + STEPS_BETWEEN_LOOKS
    if (!(this.#time.monotonicMs() <= this.#endMs)) fail('TIME', at, `more than ${this.#time.budgetMs} ms`)
  }

  /** Steps for going through a text or list. */
  walk(value: Value, at: number): void {
    if (typeof value === 'string') this.step(at, Math.ceil(value.length / CHARACTERS_PER_STEP))
    else if (isList(value)) this.step(at, value.length)
  }

  /** Memory for a text or list just made, and the steps of making it. */
  made<V extends Value>(value: V, at: number): V {
    this.walk(value, at)
    const size = isList(value) ? this.#measure(value, at) : this.#sizeOf(value)
    this.#bytes += size.bytes
    if (!(this.#bytes <= this.#maxBytes)) fail('MEMORY', at, `more than ${this.#maxBytes} bytes`)
    return value
  }

  #measure(list: readonly Value[], at: number): Size {
    const size = { bytes: LIST_BYTES, depth: 1 }
    for (const item of list) {
      const { bytes, depth } = this.#sizeOf(item)
      size.bytes += ITEM_BYTES + bytes
      size.depth = Math.max(size.depth, depth + 1)
    }
    if (size.depth > EXPRESSION_LIMITS.depth)
      fail('TOO_DEEP', at, `lists nest at most ${EXPRESSION_LIMITS.depth} deep`)
    this.#lists.set(list, size)
    return size
  }

  #sizeOf(value: Value): Size {
    if (typeof value === 'string') return { bytes: value.length * CHARACTER_BYTES, depth: 0 }
    return (isList(value) ? this.#lists.get(value) : undefined) ?? { bytes: 0, depth: 0 }
  }
}
