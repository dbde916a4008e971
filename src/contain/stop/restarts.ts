export interface RestartLimits {
  readonly most: number
  readonly windowMs: number
}

/** What fails more often than this does not mend itself. */
export const RESTARTS: RestartLimits = { most: 5, windowMs: 300_000 }

/** Counts restarts in a window that moves on: a failure now and then is no loop. */
export class RestartBudget {
  readonly #limits: RestartLimits
  readonly #monotonicMs: () => number
  #taken: number[] = []

  constructor(monotonicMs: () => number, limits = RESTARTS) {
    this.#limits = limits
    this.#monotonicMs = monotonicMs
  }

  /** @returns false when this one is too many; it is then not counted */
  take(): boolean {
    if (this.taken >= this.#limits.most) return false
    this.#taken.push(this.#monotonicMs())
    return true
  }

  /** How many were taken within the window. */
  get taken(): number {
    const since = this.#monotonicMs() - this.#limits.windowMs
    this.#taken = this.#taken.filter((at) => at > since)
    return this.#taken.length
  }
}
