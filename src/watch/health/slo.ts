import * as z from 'zod'

interface Objective {
  readonly about: string
  /** The share of samples that must be good. */
  readonly objective: number
  /** What a sample must not exceed to be good, where it is a time. */
  readonly limitMs?: number
}

/** What Warder promises about itself, over seven days. */
export const SLOS = {
  'decision-availability': { about: 'a decision could be made and recorded', objective: 0.999 },
  'decision-latency': { about: 'a decision was made within 15 ms', objective: 0.95, limitMs: 15 },
  'detection-cycle': { about: 'a detection cycle ran on time', objective: 0.99 },
  'containment-time': {
    about: 'an incident was contained within 5 s',
    objective: 0.99,
    limitMs: 5000,
  },
  'ledger-append': { about: 'the ledger took what it was given', objective: 0.999 },
} as const satisfies Readonly<Record<string, Objective>>
export type SloName = keyof typeof SLOS
const NAMES = Object.keys(SLOS) as SloName[]

const HOUR_MS = 3_600_000
const WINDOW_HOURS = 7 * 24

/** Of one hour: how many samples were good, and how many there were. */
const TallyShape = z.tuple([z.int().min(0), z.int().min(0)]).refine(([good, total]) => good <= total)
const SavedShape = z.strictObject({
  v: z.literal(1),
  hours: z
    .array(z.strictObject({ hour: z.int().min(0), tallies: z.partialRecord(z.enum(NAMES), TallyShape) }))
    .max(WINDOW_HOURS + 2),
})
type Tally = { good: number; total: number }

export interface SloReport {
  readonly name: SloName
  readonly about: string
  readonly objective: number
  readonly good: number
  readonly total: number
  /** `no data` is not a kept promise, and not a broken one either. */
  readonly state: 'met' | 'missed' | 'no data'
  /** How much of the failures that seven days may have is used up: 1 is all of it. */
  readonly burned: number
  /** The same for the last hour alone: 1 means that it lasts for exactly seven days if this goes on. */
  readonly burnRate: number
}

/**
 * Counts good and bad samples by the hour, for seven days. Bounded by hours and names, however many samples come; what
 * lies further back than seven days, or in the future since the clock was set back, counts for nothing.
 */
export class SloTracker {
  readonly #now: () => number
  readonly #hours = new Map<number, Map<SloName, Tally>>()
  #changes = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Counts changes, so that nothing is saved that was saved before. */
  get changes(): number {
    return this.#changes
  }

  count(name: SloName, isGood: boolean): void {
    const hour = Math.floor(this.#now() / HOUR_MS)
    const tallies = this.#hours.get(hour) ?? new Map<SloName, Tally>()
    const tally = tallies.get(name) ?? { good: 0, total: 0 }
    tally.total += 1
    if (isGood) tally.good += 1
    this.#hours.set(hour, tallies.set(name, tally))
    this.#changes += 1
    this.#forget(hour)
  }

  /** Counts a time against its limit. */
  took(name: 'decision-latency' | 'containment-time', ms: number): void {
    this.count(name, ms <= SLOS[name].limitMs)
  }

  report(): SloReport[] {
    const last = Math.floor(this.#now() / HOUR_MS)
    return NAMES.map((name) => {
      const { about, objective } = SLOS[name]
      const { good, total } = this.#sum(name, last - WINDOW_HOURS, last)
      const hour = this.#sum(name, last - 1, last)
      const state = total === 0 ? 'no data' : good / total >= objective ? 'met' : 'missed'
      const burned = burnOf({ good, total }, objective)
      return { ...{ name, about, objective, good, total, state, burned }, burnRate: burnOf(hour, objective) }
    })
  }

  /** As text, to be kept. */
  saved(): string {
    const hours = [...this.#hours].map(([hour, tallies]) => ({
      hour,
      tallies: Object.fromEntries([...tallies].map(([name, { good, total }]) => [name, [good, total]])),
    }))
    return `${JSON.stringify({ v: 1, hours })}\n`
  }

  /** Takes over what was saved, beside what was counted since. @throws when it is not what {@link saved} gave */
  restore(text: string): void {
    const { hours } = SavedShape.parse(JSON.parse(text))
    for (const { hour, tallies } of hours) {
      const here = this.#hours.get(hour) ?? new Map<SloName, Tally>()
      for (const [name, [good, total]] of Object.entries(tallies) as [SloName, [number, number]][]) {
        const { good: seen = 0, total: all = 0 } = here.get(name) ?? {}
        here.set(name, { good: good + seen, total: total + all })
      }
      this.#hours.set(hour, here)
    }
    this.#forget(Math.floor(this.#now() / HOUR_MS))
  }

  #sum(name: SloName, after: number, last: number): Tally {
    const sum = { good: 0, total: 0 }
    for (const [hour, tallies] of this.#hours) {
      const tally = hour > after && hour <= last ? tallies.get(name) : undefined
      sum.good += tally?.good ?? 0
      sum.total += tally?.total ?? 0
    }
    return sum
  }

  #forget(now: number): void {
    for (const hour of this.#hours.keys()) {
      // one hour ahead is a clock that was put right by a little; more is a clock that was wrong
      if (hour <= now - WINDOW_HOURS || hour > now + 1) this.#hours.delete(hour)
    }
  }
}

function burnOf({ good, total }: Tally, objective: number): number {
  return total === 0 ? 0 : (total - good) / total / (1 - objective)
}
