import type { BookLine, LineFields } from './book.ts'
import { nextTrust, UNKNOWN, type Trust, type TrustEvent, type TrustRules } from './trust.ts'

export interface TrustBookOptions {
  readonly append: (fields: LineFields) => unknown
  /** Told of every change of stage, so that unused permits of a lower one are taken back. */
  readonly changed: (agent: string, trust: Trust, before: Trust) => void
  readonly rules?: TrustRules
}

/** The trust of every agent, as the book of approvals tells it. */
export class TrustBook {
  readonly #options: TrustBookOptions
  readonly #all = new Map<string, Trust>()

  constructor(options: TrustBookOptions, lines: readonly BookLine[]) {
    this.#options = options
    for (const line of lines) {
      if (line.kind !== 'trust') continue
      const { agent, kind: _kind, v: _v, seq: _seq, prev: _prev, key: _key, ...trust } = line
      this.#all.set(agent, trust)
    }
  }

  of(agent: string): Trust {
    return this.#all.get(agent) ?? UNKNOWN
  }

  /** Trust in this very code: other code has none. */
  stageFor(agent: string, capability: string): Trust['stage'] {
    const { stage, capability: known } = this.of(agent)
    return known === capability ? stage : 'draft'
  }

  apply(agent: string, event: TrustEvent, now: number): Trust {
    const before = this.of(agent)
    const after = nextTrust(before, event, now, this.#options.rules)
    if (after === before) return before
    // in memory first: a book that cannot be written must not keep trust alive
    this.#all.set(agent, after)
    if (after.stage !== before.stage) this.#options.changed(agent, after, before)
    this.#options.append({ kind: 'trust', agent, ...after, successes: [...after.successes].slice(-1000) })
    return after
  }

  list(): readonly (readonly [string, Trust])[] {
    return [...this.#all].toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
}
