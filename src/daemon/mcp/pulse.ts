export interface PulseOptions {
  readonly ask: (ping: number) => void
  /** It has not answered for too long. Told once. */
  readonly lost: () => void
  readonly monotonicMs: () => number
  readonly everyMs?: number
  readonly patienceMs?: number
}

const EVERY_MS = 5000
const PATIENCE_MS = 60_000

/**
 * Asks a process now and then whether it still hears. One that is caught in what somebody sent it would leave every
 * session waiting, with nobody to end them.
 */
export class Pulse {
  readonly #options: PulseOptions
  readonly #timer: NodeJS.Timeout
  #count = 0
  #asked: { readonly ping: number; readonly sinceMs: number; isLate: boolean } | undefined

  constructor(options: PulseOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.look(), options.everyMs ?? EVERY_MS).unref()
  }

  heard(ping: number): void {
    if (this.#asked?.ping === ping) this.#asked = undefined
  }

  look(): void {
    const { ask, lost, monotonicMs, patienceMs = PATIENCE_MS } = this.#options
    if (this.#asked === undefined) {
      this.#count += 1
      this.#asked = { ping: this.#count, sinceMs: monotonicMs(), isLate: false }
      return ask(this.#count)
    }
    if (monotonicMs() - this.#asked.sinceMs < patienceMs) return
    // it may be us who were held up: its answer is read before the next look
    if (!this.#asked.isLate) return void (this.#asked.isLate = true)
    this.stop()
    lost()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
