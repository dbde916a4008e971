/** A count two threads share: it rises with every ring, so that none is missed between a look and a wait. */
export type Bell = Int32Array<SharedArrayBuffer>

export function makeBell(): Bell {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

export function ring(bell: Bell): void {
  Atomics.add(bell, 0, 1)
  Atomics.notify(bell, 0)
}

/**
 * Sleeps until the bell was rung after `rung` was read from it, or until the time is over. The thread does nothing else
 * meanwhile: this is the shortest way there is to be woken by another one.
 */
export function answered(bell: Bell, rung: number, forMs: number): boolean {
  return Atomics.wait(bell, 0, rung, forMs) !== 'timed-out'
}
