/** Kept in memory alone: a daemon that is started anew starts with the airlock shut. */
export interface AirlockState {
  readonly mode: 'off' | 'on'
  readonly openUntil?: number
}

const LONGEST_MS = 24 * 3_600_000

/** What the owner says of whether anything may leave at all. */
export class AirlockSwitch {
  readonly #mode: AirlockState['mode']
  readonly #now: () => number
  readonly #changed: (state: AirlockState) => Promise<void>
  #openUntil = 0

  /** @param changed told of every change, before the one who asked is answered */
  constructor(
    mode: AirlockState['mode'],
    now: () => number,
    changed: (state: AirlockState) => Promise<void>,
  ) {
    this.#mode = mode
    this.#now = now
    this.#changed = changed
  }

  state(): AirlockState {
    const isOpen = this.#mode === 'on' && this.#now() < this.#openUntil
    return { mode: this.#mode, ...(isOpen ? { openUntil: this.#openUntil } : {}) }
  }

  /** @param forMs at most a day, however long is asked for */
  async open(forMs: number): Promise<AirlockState> {
    this.#openUntil = this.#now() + Math.min(forMs, LONGEST_MS)
    return await this.#tell()
  }

  async close(): Promise<AirlockState> {
    this.#openUntil = 0
    return await this.#tell()
  }

  async #tell(): Promise<AirlockState> {
    const state = this.state()
    await this.#changed(state)
    return state
  }
}
