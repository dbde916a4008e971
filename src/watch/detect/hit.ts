import { fieldOf } from './condition.ts'
import type { Observed } from './event.ts'
import type { Rule } from './schema.ts'

/** A rule that fired. */
export interface Hit {
  readonly rule: Rule
  readonly at: number
  /** When the first of what it stands for happened. */
  readonly since: number
  /** How many events it stands for. */
  readonly count: number
  /** The event that completed it. */
  readonly event: Observed
  /** The values the rule counts apart. */
  readonly by: readonly string[]
  /** Entries of the ledger it rests on, the first and the last of them. */
  readonly entries: readonly number[]
  /** What the kind of rule found, such as the sum or the values. */
  readonly found: Readonly<Record<string, string | number>>
}

/** One thing that happened, as much as is kept of it. */
export interface Mark {
  readonly at: number
  readonly seq: number | undefined
}

const MOST_ENTRIES = 20

export function markOf({ at, seq }: Observed): Mark {
  return { at, seq }
}

export function hitOf(
  rule: Rule,
  event: Observed,
  by: readonly string[],
  marks: readonly Mark[],
  found: Hit['found'] = {},
): Hit {
  const entries = [...new Set(marks.map(({ seq }) => seq).filter((seq) => seq !== undefined))]
  const few =
    entries.length <= MOST_ENTRIES
      ? entries
      : [...entries.slice(0, MOST_ENTRIES / 2), ...entries.slice(-MOST_ENTRIES / 2)]
  return {
    ...{ rule, event, by, found, entries: few, at: event.at, count: marks.length },
    since: marks.reduce((first, { at }) => Math.min(first, at), event.at),
  }
}

/** The values an event is counted under; undefined when it lacks one of them. */
export function keyOf(event: Observed, by: readonly string[]): string[] | undefined {
  const values: string[] = []
  for (const field of by) {
    const value = fieldOf(event, field)
    if (value === undefined || value === '') return undefined
    values.push(String(value).slice(0, 300))
  }
  return values
}

export function isWithin(mark: { readonly at: number }, at: number, withinMs: number): boolean {
  // a clock that was put back leaves marks in the future: they are as far away as those of the past
  return Math.abs(at - mark.at) <= withinMs
}
