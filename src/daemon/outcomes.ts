import type { GateEvent } from '../gate/index.ts'

export interface OutcomesOptions {
  readonly append: (event: GateEvent) => Promise<unknown>
  /** Told of each event that could not be written at once. */
  readonly late: (error: unknown) => void
}

/** More are not kept: what is missing then shows as a permit without an outcome. */
const MOST = 10_000

/**
 * What is on record only after the deed: outcomes and receipts. The deed is done, so a full disk must not make it an
 * error of the caller, nor an error nobody caught, with which the daemon and every run in it would end. They are kept
 * and written once the ledger can be.
 */
export class Outcomes {
  readonly #options: OutcomesOptions
  readonly #waiting: GateEvent[] = []
  #isWriting = false

  constructor(options: OutcomesOptions) {
    this.#options = options
  }

  /** Never throws. @returns whether it is on record now, rather than later */
  async write(event: GateEvent): Promise<boolean> {
    try {
      await this.#options.append(event)
      return true
    } catch (error) {
      if (this.#waiting.length < MOST) this.#waiting.push(event)
      this.#options.late(error)
      return false
    }
  }

  /** Writes what waited, oldest first. @throws what the ledger throws; the rest goes on waiting */
  async writeLate(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
        await this.#options.append(event)
        this.#waiting.shift()
      }
    } finally {
      this.#isWriting = false
    }
  }
}
