/** What is kept of the past, by key, with a bound: the keys that were quiet for longest are forgotten first. */

const MOST_KEYS = 2000
/** Things kept under all keys of one rule together. */
const MOST_MARKS = 100_000

export interface Kept {
  lastAt: number
  /** How many things it keeps. */
  size: number
}

export class Book<T extends Kept> {
  readonly #make: (at: number) => T
  readonly #byKey = new Map<string, T>()
  #marks = 0
  #forgotten = 0

  constructor(make: (at: number) => T) {
    this.#make = make
  }

  /** Changes what is kept under a key, new if there is none, and counts it as the freshest. */
  with<R>(key: string, at: number, change: (kept: T) => R): R {
    const kept = this.#byKey.get(key) ?? this.#make(at)
    this.#byKey.delete(key)
    this.#marks -= kept.size
    kept.lastAt = at
    const result = change(kept)
    this.#marks += kept.size
    this.#byKey.set(key, kept)
    while (this.#byKey.size > MOST_KEYS || (this.#marks > MOST_MARKS && this.#byKey.size > 1))
      this.#forgetOldest()
    return result
  }

  /** The same, for a key that is there. */
  withKnown<R>(key: string, at: number, change: (kept: T) => R): R | undefined {
    return this.#byKey.has(key) ? this.with(key, at, change) : undefined
  }

  /** Drops what nothing was added to for so long. */
  sweep(at: number, quietMs: number): void {
    for (const [key, kept] of this.#byKey) {
      if (Math.abs(at - kept.lastAt) <= quietMs) continue
      this.#marks -= kept.size
      this.#byKey.delete(key)
    }
  }

  facts(): { readonly keys: number; readonly marks: number; readonly forgotten: number } {
    return { keys: this.#byKey.size, marks: this.#marks, forgotten: this.#forgotten }
  }

  #forgetOldest(): void {
    const [oldest] = this.#byKey
    if (oldest === undefined) return
    this.#marks -= oldest[1].size
    this.#byKey.delete(oldest[0])
    this.#forgotten += 1
  }
}
