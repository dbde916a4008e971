/** How long somebody counts as watching after the page went: a page that is loaded again is back before. */
export const LINGER_MS = 5000
const LOOK_EVERY_MS = 250

/**
 * Whoever loads the only page again must not withdraw what waits for an answer: so a page counts as watching for some
 * seconds after it went, unless its session is over. Once for each session, so that coming and going adds up to nothing.
 */
export class Lingering {
  readonly #forMs: number
  /** By session. */
  readonly #ends = new Map<string, AbortController>()

  constructor(forMs = LINGER_MS) {
    this.#forMs = forMs
  }

  /** @returns a signal that comes some seconds after `gone`, and at once where the session no longer goes on */
  after(session: string, gone: AbortSignal, isLive: () => boolean): AbortSignal {
    const end = new AbortController()
    const begin = (): void => this.#begin(session, end, isLive)
    if (gone.aborted) begin()
    else gone.addEventListener('abort', begin, { once: true })
    return end.signal
  }

  /** Ends all of it, where the console closes. */
  close(): void {
    for (const end of this.#ends.values()) end.abort()
  }

  #begin(session: string, end: AbortController, isLive: () => boolean): void {
    this.#ends.get(session)?.abort()
    this.#ends.set(session, end)
    const looking = setInterval(() => {
      if (!isLive()) end.abort()
    }, LOOK_EVERY_MS).unref()
    const over = setTimeout(() => end.abort(), this.#forMs).unref()
    end.signal.addEventListener(
      'abort',
      () => {
        clearInterval(looking)
        clearTimeout(over)
        if (this.#ends.get(session) === end) this.#ends.delete(session)
      },
      { once: true },
    )
    if (!isLive()) end.abort()
  }
}
