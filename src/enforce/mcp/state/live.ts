/**
 * What was given out and has not come back. It holds no more than so many of each caller: one that lets them pile up
 * loses its own oldest, and nobody else's. What is not in here is refused, so that nothing that was used, nor what came
 * from before a restart, can be used again.
 */
export class Live<T> {
  readonly #most: number
  readonly #of = new Map<string, Map<string, { readonly untilMs: number; readonly held: T }>>()

  constructor(mostPerCaller: number) {
    this.#most = mostPerCaller
  }

  get size(): number {
    return [...this.#of.values()].reduce((sum, each) => sum + each.size, 0)
  }

  add(caller: string, id: string, untilMs: number, held: T, nowMs: number): void {
    const mine = this.#of.get(caller) ?? new Map<string, { untilMs: number; held: T }>()
    this.#of.set(caller, mine)
    mine.set(id, { untilMs, held })
    if (mine.size <= this.#most) return
    for (const [each, { untilMs: end }] of mine) if (end <= nowMs) mine.delete(each)
    for (const each of mine.keys()) {
      if (mine.size <= this.#most) return
      mine.delete(each) // a map keeps the order of its keys: the oldest is first
    }
  }

  get(caller: string, id: string, nowMs: number): T | undefined {
    const entry = this.#of.get(caller)?.get(id)
    return entry !== undefined && entry.untilMs > nowMs ? entry.held : undefined
  }

  /** Takes it out: the second who asks does not get it. */
  take(caller: string, id: string, nowMs: number): T | undefined {
    const held = this.get(caller, id, nowMs)
    this.delete(caller, id)
    return held
  }

  delete(caller: string, id: string): void {
    const mine = this.#of.get(caller)
    mine?.delete(id)
    if (mine?.size === 0) this.#of.delete(caller)
  }

  /** All of a caller, when it is gone. */
  forget(caller: string): void {
    this.#of.delete(caller)
  }
}
