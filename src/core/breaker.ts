import { messageOf } from './error.ts'

export interface BreakerLimits {
  /** Failures in a row until nothing more is tried. */
  readonly failures: number
  /** How long nothing is tried then; after it one call is let through, and decides. */
  readonly restMs: number
}

export const BREAKER: BreakerLimits = { failures: 3, restMs: 30_000 }

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Not tried: what is behind the breaker failed a short time ago, and is left alone until it may have recovered. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError'
  readonly retryInMs: number

  constructor(name: string, why: string, retryInMs: number) {
    super(`${name} is left alone for another ${Math.ceil(retryInMs / 1000)} s, since it failed: ${why}`)
    this.retryInMs = retryInMs
  }
}

/**
 * Stands before something outside that may be dead, so that nobody waits for it again and again. Closed: calls pass.
 * Open: they fail at once. Half open: one call is tried, and every other fails at once until that one has ended.
 */
export class Breaker {
  readonly name: string
  readonly #limits: BreakerLimits
  readonly #monotonicMs: () => number
  #failures = 0
  #openedMs: number | undefined
  #isTrying = false
  #why = ''

  constructor(name: string, monotonicMs: () => number, limits = BREAKER) {
    this.name = name
    this.#monotonicMs = monotonicMs
    this.#limits = limits
  }

  get state(): BreakerState {
    if (this.#openedMs === undefined) return 'closed'
    return this.#isTrying || this.#restLeftMs <= 0 ? 'half-open' : 'open'
  }

  /** Why it is not closed, or what failed last while it still is. */
  get why(): string {
    return this.#why
  }

  /**
   * @param isFailure whether what was thrown speaks against the far end; a caller that lost interest does not
   * @throws BreakerOpenError without calling; whatever `call` throws
   */
  async pass<T>(call: () => Promise<T>, isFailure: (error: unknown) => boolean = () => true): Promise<T> {
    const isTrial = this.#enter()
    try {
      const value = await call()
      this.#failures = 0
      this.#openedMs = undefined
      this.#why = ''
      return value
    } catch (error) {
      if (isFailure(error)) this.#failed(error)
      throw error
    } finally {
      // only the one call that was let through may let the next one through
      if (isTrial) this.#isTrying = false
    }
  }

  #enter(): boolean {
    if (this.#openedMs === undefined) return false
    if (this.#isTrying || this.#restLeftMs > 0)
      throw new BreakerOpenError(this.name, this.#why, Math.max(0, this.#restLeftMs))
    this.#isTrying = true
    return true
  }

  get #restLeftMs(): number {
    return (this.#openedMs ?? 0) + this.#limits.restMs - this.#monotonicMs()
  }

  #failed(error: unknown): void {
    this.#failures += 1
    this.#why = messageOf(error)
    // a call that began before it opened and fails late does not lengthen the rest
    const isStillOpen = this.#openedMs !== undefined && !this.#isTrying
    if (this.#failures >= this.#limits.failures && !isStillOpen) this.#openedMs = this.#monotonicMs()
  }
}
