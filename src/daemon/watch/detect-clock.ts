/** What a person or a time server corrects by is less. */
const TOLERATED_MS = 2000

/** Sees that the machine's clock was set back, by the one that nobody can set. */
export class ClockWatch {
  #wallMs: number
  #monotonicMs: number

  constructor(wallMs: number, monotonicMs: number) {
    this.#wallMs = wallMs
    this.#monotonicMs = monotonicMs
  }

  /**
   * Forward jumps are not told: a machine that slept makes one each time it wakes.
   *
   * @returns by how many milliseconds it was set back since the last look; undefined when it was not
   */
  look(wallMs: number, monotonicMs: number): number | undefined {
    const backMs = monotonicMs - this.#monotonicMs - (wallMs - this.#wallMs)
    this.#wallMs = wallMs
    this.#monotonicMs = monotonicMs
    return backMs > TOLERATED_MS ? backMs : undefined
  }
}

/** @returns by how much the clock lies before the newest entry; undefined when it does not */
export function behindRecord(entryMs: number, wallMs: number): number | undefined {
  return entryMs - wallMs > TOLERATED_MS ? entryMs - wallMs : undefined
}
