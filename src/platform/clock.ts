/** Time as an argument. `now()` is epoch milliseconds and may jump; `monotonicMs()` only rises. */
export interface Clock {
  readonly now: () => number
  readonly monotonicMs: () => number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
}
