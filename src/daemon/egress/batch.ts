const LATER_MS = 20
const MOST = 500

/**
 * `now`: somebody waits for it. `in turn`: somebody waits for it as well, and it is worked on behind what the other end
 * has already. `later`: it waits a little for company.
 */
export type When = 'now' | 'in turn' | 'later'

/**
 * Collects words for a channel and sends what came together as one message: each message costs both ends as much as a
 * small request does.
 */
export class Batch<T> {
  readonly #send: (words: readonly T[]) => void
  readonly #isBusy: () => boolean
  #words: T[] = []
  #isOneWaiting = false
  #soon: NodeJS.Immediate | undefined
  #later: NodeJS.Timeout | undefined

  /** @param isBusy whether the other end has enough to do, so that what is to be done in turn may as well collect here */
  constructor(send: (words: readonly T[]) => void, isBusy: () => boolean = () => false) {
    this.#send = send
    this.#isBusy = isBusy
  }

  add(words: T, when: When): void {
    this.#words.push(words)
    if (this.#words.length >= MOST) return this.flush()
    if (when === 'now' || (when === 'in turn' && !this.#isBusy()))
      return void (this.#soon ??= setImmediate(() => this.flush()))
    this.#isOneWaiting ||= when === 'in turn'
    this.#later ??= setTimeout(() => this.flush(), LATER_MS) // also what waits for its turn waits no longer
  }

  /** The other end has done something. */
  goOn(): void {
    if (this.#isOneWaiting && !this.#isBusy()) this.#soon ??= setImmediate(() => this.flush())
  }

  flush(): void {
    clearImmediate(this.#soon)
    clearTimeout(this.#later)
    this.#soon = this.#later = undefined
    this.#isOneWaiting = false
    const words = this.#words
    this.#words = []
    if (words.length > 0) this.#send(words)
  }
}
