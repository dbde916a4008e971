import type { Observed } from './event.ts'
import type { Hit } from './hit.ts'
import type { Rule } from './schema.ts'
import { trackerOf, type Tracker } from './tracker.ts'

export interface DetectorFacts {
  readonly rules: number
  /** How many windows are open, over all rules. */
  readonly windows: number
  /** How many things they remember. */
  readonly marks: number
  /** Windows given up because there were too many: an attack by ever new names would show here. */
  readonly forgotten: number
}

/** Rules at work. Pure over the events it is shown: the same events give the same hits, whatever the hour. */
export class Detector {
  readonly #home: string
  #trackers: readonly Tracker[]

  /** @param home what `~` in the paths of rules stands for */
  constructor(rules: readonly Rule[], home: string) {
    this.#home = home
    this.#trackers = rules.map((rule) => trackerOf(rule, home))
  }

  /** Other rules from now on; those that stay as they were keep what they remember. */
  load(rules: readonly Rule[]): void {
    const known = new Map(this.#trackers.map((tracker) => [JSON.stringify(tracker.rule), tracker]))
    this.#trackers = rules.map((rule) => known.get(JSON.stringify(rule)) ?? trackerOf(rule, this.#home))
  }

  /** @returns the rules this event completes */
  observe(event: Observed): readonly Hit[] {
    const hits: Hit[] = []
    for (const tracker of this.#trackers) {
      const hit = tracker.see(event)
      if (hit !== undefined) hits.push(hit)
    }
    return hits
  }

  sweep(at: number): void {
    for (const tracker of this.#trackers) tracker.sweep(at)
  }

  facts(): DetectorFacts {
    const all = this.#trackers.map((tracker) => tracker.facts())
    const total = (of: 'keys' | 'marks' | 'forgotten') => all.reduce((sum, each) => sum + each[of], 0)
    return {
      ...{ rules: this.#trackers.length, windows: total('keys') },
      ...{ marks: total('marks'), forgotten: total('forgotten') },
    }
  }
}
