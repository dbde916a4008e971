/**
 * Who waits until the end of a run is on record. A permit is told of once; whoever asks before that is answered then.
 */
export class Settlements {
  readonly #waiting = new Map<string, (isWritten: boolean) => void>()

  /** Resolves when the outcome of this permit was written (true), or could not be written at once (false). */
  expect(permitId: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#waiting.set(permitId, resolve)
    return promise
  }

  tell(permitId: string, isWritten: boolean): void {
    this.#waiting.get(permitId)?.(isWritten)
    this.#waiting.delete(permitId)
  }
}

/** The answer of `settled`, or false when it takes longer: a ledger that hangs must not hide that a run has ended. */
export async function withinMs(settled: Promise<boolean>, limitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), limitMs)
  return await Promise.race([settled, promise]).finally(() => clearTimeout(timer))
}
