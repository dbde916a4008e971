const LATER_MS = 20
const MOST = 500

/**
 * Collects words for a channel and sends what came together as one message: each message costs both ends as much as a
 * small request does.
 */
export class Batch<T> {
  readonly #send: (words: readonly T[]) => void
  #words: T[] = []
  #soon: NodeJS.Immediate | undefined
  #later: NodeJS.Timeout | undefined

  constructor(send: (words: readonly T[]) => void) {
    this.#send = send
  }

  /** @param isUrgent somebody waits for it; the rest waits a little for company */
  add(words: T, isUrgent: boolean): void {
    this.#words.push(words)
    if (this.#words.length >= MOST) return this.flush()
    if (isUrgent) this.#soon ??= setImmediate(() => this.flush())
    else this.#later ??= setTimeout(() => this.flush(), LATER_MS)
  }

  flush(): void {
    clearImmediate(this.#soon)
    clearTimeout(this.#later)
    this.#soon = this.#later = undefined
    const words = this.#words
    this.#words = []
    if (words.length > 0) this.#send(words)
  }
}
