import { Book, type Kept } from './book.ts'
import { conditionOf, fieldOf } from './condition.ts'
import type { Observed } from './event.ts'
import { hitOf, isWithin, keyOf, markOf, type Hit, type Mark } from './hit.ts'
import type { Rule } from './schema.ts'
import type { Tracker } from './tracker.ts'

interface First extends Mark {
  /** What the second must name; empty when it need not. */
  readonly value: string
}
interface Firsts extends Kept {
  firsts: First[]
}

/** Of one key; the newest stay. */
const MOST_FIRSTS = 200
/** Shorter last parts of a path are found in too many commands. */
const SHORTEST_NAME = 3

/** One thing, then another. The second may have to name what the first was about: a file that was written, then run. */
export function sequenceTracker(rule: Rule, shape: NonNullable<Rule['sequence']>, home: string): Tracker {
  const { first, then } = shape
  const withinMs = shape.within * 1000
  const isFirst = conditionOf(first.when, first.unless, home)
  const isThen = conditionOf(then.when, then.unless, home)
  const book = new Book<Firsts>((at) => ({ lastAt: at, size: 0, firsts: [] }))

  const complete = (event: Observed): Hit | undefined => {
    const key = keyOf(event, then.by)
    if (key === undefined) return undefined
    return book.withKnown(key.join('\0'), event.at, (kept) => {
      const before = kept.firsts.filter((mark) => isWithin(mark, event.at, withinMs))
      const named = before.findLast(({ value }) => isNamed(value, event, then.names))
      kept.firsts = before.filter((mark) => mark !== named)
      kept.size = kept.firsts.length
      if (named === undefined) return undefined
      const found = named.value === '' ? {} : { first: named.value }
      return hitOf(rule, event, key, [named, markOf(event)], found)
    })
  }

  const begin = (event: Observed): void => {
    const key = keyOf(event, first.by)
    const value = first.keep === undefined ? '' : fieldOf(event, first.keep)
    if (key === undefined || value === undefined) return
    book.with(key.join('\0'), event.at, (kept) => {
      const same = (mark: First) => mark.value === String(value)
      const fresh = kept.firsts.filter((mark) => !same(mark) && isWithin(mark, event.at, withinMs))
      kept.firsts = [...fresh, { ...markOf(event), value: String(value) }].slice(-MOST_FIRSTS)
      kept.size = kept.firsts.length
    })
  }

  return {
    rule,
    see(event) {
      const hit = isThen(event) ? complete(event) : undefined
      if (isFirst(event)) begin(event)
      return hit
    },
    sweep: (at) => book.sweep(at, withinMs),
    facts: () => book.facts(),
  }
}

function isNamed(value: string, event: Observed, names: string | undefined): boolean {
  if (names === undefined || value === '') return true
  const text = fieldOf(event, names)
  if (typeof text !== 'string') return false
  const last = value.slice(value.lastIndexOf('/') + 1)
  // quotes and the like part words as blanks do
  const words = text.split(/[\s"'`;|&()<>=]+/)
  return words.some((word) => word === value || (last.length >= SHORTEST_NAME && endOf(word) === last))
}

function endOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}
