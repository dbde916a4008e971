export interface AwakeClock {
  /** Milliseconds, from any start. */
  readonly now: () => number
  /** Calls back in the next turn of the event loop, which does not sleep before it. */
  readonly nextTurn: (turn: () => void) => void
}

const OWN: AwakeClock = { now: () => performance.now(), nextTurn: setImmediate }

/**
 * Keeps an event loop from falling asleep over a short wait: it goes on turning, and everything else is dealt with as
 * ever. To wake a sleeping thread can take as long as a commit, and an entry crosses to the writer and back.
 */
export class Awake {
  readonly #limitMs: number
  readonly #clock: AwakeClock
  #since = Number.NaN
  #isTurning = false

  constructor(limitMs: number, clock: AwakeClock = OWN) {
    this.#limitMs = limitMs
    this.#clock = clock
  }

  /** From now on, until {@link rest}, for no longer than the limit. */
  stay(): void {
    this.#since = this.#clock.now()
    if (this.#isTurning) return
    this.#isTurning = true
    this.#clock.nextTurn(this.#turn)
  }

  rest(): void {
    this.#since = Number.NaN
  }

  readonly #turn = (): void => {
    // also false after `rest`: a comparison with NaN is
    if (this.#clock.now() - this.#since < this.#limitMs) this.#clock.nextTurn(this.#turn)
    else this.#isTurning = false
  }
}

/** Waits after which one way of waiting is judged … */
const TRIAL_WAITS = 16
/** … and for which the better one is kept, before both are tried again. */
const KEPT_WAITS = 512
/** To stay awake takes processor time: it must shorten the waits to this part of what they are asleep. */
const WORTH_IT = 0.85
/** No single wait counts for more: a quiet hour must not outweigh the rest. */
const COUNTED_MS = 1

/**
 * Chooses how to wait for answers. To stay awake shortens waits where the processors are idle, and lengthens them where
 * they are not, as schedulers favour those who slept; where the disk is slow it is for nothing. So both ways are tried in
 * turns, and the better is kept for a while.
 */
export class WayToWait {
  readonly #now: () => number
  #phase: 'try-awake' | 'try-asleep' | 'keep' = 'try-awake'
  #left = TRIAL_WAITS
  #tookMs = 0
  #awakeMs = 0
  #since = Number.NaN
  /** Whether to stay awake over the waits that begin now. */
  isAwake = true

  constructor(now: () => number = OWN.now) {
    this.#now = now
  }

  /** A wait begins, unless one is under way. */
  begin(): void {
    if (Number.isNaN(this.#since)) this.#since = this.#now()
  }

  end(): void {
    if (Number.isNaN(this.#since)) return
    this.#tookMs += Math.min(this.#now() - this.#since, COUNTED_MS)
    this.#since = Number.NaN
    if (--this.#left === 0) this.#judge()
  }

  #judge(): void {
    if (this.#phase === 'try-awake') {
      this.#awakeMs = this.#tookMs
      this.#enter('try-asleep', false, TRIAL_WAITS)
    } else if (this.#phase === 'try-asleep') {
      this.#enter('keep', this.#awakeMs < this.#tookMs * WORTH_IT, KEPT_WAITS)
    } else this.#enter('try-awake', true, TRIAL_WAITS)
  }

  #enter(phase: 'try-awake' | 'try-asleep' | 'keep', isAwake: boolean, waits: number): void {
    this.#phase = phase
    this.isAwake = isAwake
    this.#left = waits
    this.#tookMs = 0
  }
}
