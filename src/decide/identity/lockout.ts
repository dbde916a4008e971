import { formatDuration } from '../../core/quantity.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'

/** How many failures bring which pause, the strictest first. */
const STEPS = [
  { failures: 15, pauseMs: 900_000 },
  { failures: 5, pauseMs: 60_000 },
] as const

/** An account nobody failed at for so long begins anew. */
const FORGET_AFTER_MS = 24 * 3_600_000
const MOST_ACCOUNTS = 256

/**
 * Counts failures for an account and for where they came from, on disk: a restart forgets none. A try is counted before
 * it is known how it ends, so that many at once are not more than as many in a row.
 */
export class Lockout {
  readonly #book: PeopleBook
  readonly #now: () => number

  constructor(book: PeopleBook, now: () => number) {
    this.#book = book
    this.#now = now
  }

  /**
   * Counts a try as a failure until {@link succeeded} says otherwise.
   *
   * @throws IdentityError `LOCKED_OUT` while one of the names has to wait; that counts as no try
   */
  begin(...names: readonly string[]): void {
    const now = this.#now()
    refuseLocked(Math.max(...names.map((name) => this.#waitsUntil(name, now))), now)
    this.#makeRoom(now)
    for (const name of names) {
      const before = this.#book.get('lock', name)
      const isOld = before === undefined || now - before.lastAt > FORGET_AFTER_MS
      const failures = (isOld ? 0 : before.failures) + 1
      const pauseMs = pauseFor(failures)
      this.#book.put('lock', name, { failures, lastAt: now, until: pauseMs === 0 ? 0 : now + pauseMs })
    }
  }

  /** The try was right: its names begin anew. */
  succeeded(...names: readonly string[]): void {
    for (const name of names) this.#book.remove('lock', name)
  }

  /** Until when a name has to wait, 0 when it need not. */
  #waitsUntil(name: string, now: number): number {
    const lock = this.#book.get('lock', name)
    if (lock === undefined || lock.until === 0) return 0
    if (now >= lock.lastAt) return now < lock.until ? lock.until : 0
    // a clock that was put back must not shorten the wait: then all of it begins again
    const until = now + (lock.until - lock.lastAt)
    this.#book.put('lock', name, { ...lock, lastAt: now, until })
    return until
  }

  /** No list grows without end: what nobody failed at for a day is forgotten first. */
  #makeRoom(now: number): void {
    const locks = this.#book.entries('lock')
    if (locks.length < MOST_ACCOUNTS) return
    const old = locks.filter(([, { lastAt }]) => now - lastAt > FORGET_AFTER_MS)
    for (const [name] of old) this.#book.remove('lock', name)
    if (old.length > 0) return
    throw identityError(
      'PEOPLE_FULL',
      `${locks.length} accounts failed within a day, and no more are kept apart`,
      'wait, and look at who tries: warder audit list',
    )
  }
}

function pauseFor(failures: number): number {
  // from the fifth on each brings a pause: a guess more after the pause is over is not five more
  return STEPS.find((step) => failures >= step.failures)?.pauseMs ?? 0
}

function refuseLocked(until: number, now: number): void {
  if (until <= now) return
  const wait = formatDuration(Math.ceil((until - now) / 1000) * 1000)
  throw identityError(
    'LOCKED_OUT',
    `there were too many failures in a row: nothing is tried for another ${wait}`,
    `wait ${wait}; look at who tried: warder audit list --type authentication`,
  )
}
