/** Time as an argument. `now()` is epoch milliseconds and may jump; `monotonicMs()` only rises. */
export interface Clock {
  readonly now: () => number
  readonly monotonicMs: () => number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // bound once: looking it up at each call costs as much as reading it, and each decision reads it twice
  monotonicMs: performance.now.bind(performance),
}
