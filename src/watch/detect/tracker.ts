import { Book, type Kept } from './book.ts'
import { conditionOf, fieldOf, type Condition } from './condition.ts'
import type { Observed } from './event.ts'
import { hitOf, isWithin, keyOf, markOf, type Hit, type Mark } from './hit.ts'
import { sequenceTracker } from './sequence.ts'
import { LONGEST_WINDOW_S, type Rule } from './schema.ts'
import { sumTracker } from './sum.ts'

/** One rule at work: what it still remembers, and whether an event completes it. */
export interface Tracker {
  readonly rule: Rule
  see(event: Observed): Hit | undefined
  /** Forgets what is too old to matter. */
  sweep(at: number): void
  facts(): { readonly keys: number; readonly marks: number; readonly forgotten: number }
}

const NOTHING = { keys: 0, marks: 0, forgotten: 0 }

/** @param home what `~` in a path stands for */
export function trackerOf(rule: Rule, home: string): Tracker {
  if (rule.count !== undefined) return countTracker(rule, rule.count, home)
  if (rule.distinct !== undefined) return distinctTracker(rule, rule.distinct, home)
  if (rule.rhythm !== undefined) return rhythmTracker(rule, rule.rhythm, home)
  if (rule.sum !== undefined) return sumTracker(rule, rule.sum, home)
  if (rule.sequence !== undefined) return sequenceTracker(rule, rule.sequence, home)
  return matchTracker(rule, home)
}

function matchTracker(rule: Rule, home: string): Tracker {
  const { when, unless, by } = rule.match!
  const holds = conditionOf(when, unless, home)
  return {
    rule,
    see(event) {
      if (!holds(event)) return undefined
      // a single event is enough, whether or not its agent is known
      return hitOf(rule, event, keyOf(event, by) ?? [], [markOf(event)])
    },
    sweep: () => undefined,
    facts: () => NOTHING,
  }
}

interface Marks extends Kept {
  marks: Mark[]
}

function marksBook(): Book<Marks> {
  return new Book<Marks>((at) => ({ lastAt: at, size: 0, marks: [] }))
}

/** What all that keep marks by key have in common; `full` says whether they are enough, and what was found. */
function marking(
  rule: Rule,
  {
    by,
    within,
    holds,
  }: { readonly by: readonly string[]; readonly within: number; readonly holds: Condition },
  full: (marks: Mark[], event: Observed) => Hit['found'] | undefined,
): Tracker {
  const book = marksBook()
  const withinMs = within * 1000
  return {
    rule,
    see(event) {
      if (!holds(event)) return undefined
      const key = keyOf(event, by)
      if (key === undefined) return undefined
      return book.with(key.join('\0'), event.at, (kept) => {
        const isOld = (mark: Mark) => !isWithin(mark, event.at, withinMs)
        while (kept.marks.length > 0 && isOld(kept.marks[0]!)) kept.marks.shift()
        kept.marks.push(markOf(event))
        const found = full(kept.marks, event)
        const hit = found === undefined ? undefined : hitOf(rule, event, key, kept.marks, found)
        if (hit !== undefined) kept.marks = [] // what was told is not told again: the next one needs as many anew
        kept.size = kept.marks.length
        return hit
      })
    },
    sweep: (at) => book.sweep(at, withinMs),
    facts: () => book.facts(),
  }
}

function countTracker(rule: Rule, shape: NonNullable<Rule['count']>, home: string): Tracker {
  const holds = conditionOf(shape.when, shape.unless, home)
  return marking(rule, { ...shape, holds }, (marks) => (marks.length >= shape.at_least ? {} : undefined))
}

interface Values extends Kept {
  values: Map<string, Mark>
}

function distinctTracker(rule: Rule, shape: NonNullable<Rule['distinct']>, home: string): Tracker {
  const { by, of, at_least: atLeast, within } = shape
  const holds = conditionOf(shape.when, shape.unless, home)
  const book = new Book<Values>((at) => ({ lastAt: at, size: 0, values: new Map() }))
  return {
    rule,
    see(event) {
      const value = holds(event) ? fieldOf(event, of) : undefined
      const key = value === undefined ? undefined : keyOf(event, by)
      if (key === undefined) return undefined
      return book.with(key.join('\0'), event.at, (kept) => {
        for (const [each, mark] of kept.values)
          if (!isWithin(mark, event.at, within * 1000)) kept.values.delete(each)
        kept.values.set(String(value).slice(0, 300), markOf(event))
        const isFull = kept.values.size >= atLeast
        const values = [...kept.values.keys()].slice(0, 30).join(' ').slice(0, 500)
        const hit = isFull ? hitOf(rule, event, key, [...kept.values.values()], { values }) : undefined
        if (isFull) kept.values = new Map()
        kept.size = kept.values.size
        return hit
      })
    },
    sweep: (at) => book.sweep(at, within * 1000),
    facts: () => book.facts(),
  }
}

function rhythmTracker(rule: Rule, shape: NonNullable<Rule['rhythm']>, home: string): Tracker {
  const { at_least: atLeast, pause, jitter } = shape
  const holds = conditionOf(shape.when, shape.unless, home)
  return marking(rule, { ...shape, within: LONGEST_WINDOW_S, holds }, (marks) => {
    marks.splice(0, marks.length - atLeast) // only the newest: what came before the rhythm must not hide it
    const last = marks.at(-1)!
    if (marks.length < atLeast || !isWithin(marks[0]!, last.at, shape.within * 1000)) return undefined
    const pauses = marks.slice(1).map(({ at }, nth) => (at - marks[nth]!.at) / 1000)
    const mean = pauses.reduce((sum, each) => sum + each, 0) / pauses.length
    const deviation = Math.sqrt(pauses.reduce((sum, each) => sum + (each - mean) ** 2, 0) / pauses.length)
    if (mean < pause || deviation > jitter * mean) return undefined
    return { pause_ms: Math.round(mean * 1000), deviation_ms: Math.round(deviation * 1000) }
  })
}
