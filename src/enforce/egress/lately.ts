const LATELY_MS = 10_000
const MOST = 256

/** What happened in the last ten seconds; of very much, the newest. */
export class Lately<T> {
  readonly #monotonicMs: () => number
  #kept: readonly { readonly what: T; readonly at: number }[] = []

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  add(these: readonly T[]): void {
    const at = this.#monotonicMs()
    this.#kept = [...this.#recent(), ...these.map((what) => ({ what, at }))].slice(-MOST)
  }

  all(): readonly T[] {
    return this.#recent().map(({ what }) => what)
  }

  #recent(): readonly { readonly what: T; readonly at: number }[] {
    const since = this.#monotonicMs() - LATELY_MS
    return this.#kept.filter(({ at }) => at >= since)
  }
}
