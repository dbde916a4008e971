import { Book, type Kept } from './book.ts'
import { conditionOf, fieldOf } from './condition.ts'
import { hitOf, isWithin, keyOf, type Mark } from './hit.ts'
import type { Rule } from './schema.ts'
import type { Tracker } from './tracker.ts'

interface Amounts extends Kept {
  /** One for each second in which something came. */
  buckets: (Mark & { amount: number })[]
  /** What a window of this key usually holds; undefined before one was seen to its end. */
  usual: number | undefined
  windowBegan: number
  windowSum: number
}

/** How much of the newest window goes into what is usual. */
const LEARN = 0.3
/** How long what is usual is remembered of a key that is quiet. */
const REMEMBER_MS = 24 * 3_600_000
const BUCKET_MS = 1000

/** Adds a field up over a sliding window; with `times`, only what is that many times the usual counts. */
export function sumTracker(rule: Rule, shape: NonNullable<Rule['sum']>, home: string): Tracker {
  const { by, of, at_least: atLeast, times } = shape
  const withinMs = shape.within * 1000
  const holds = conditionOf(shape.when, shape.unless, home)
  const book = new Book<Amounts>((at) => ({
    ...{ lastAt: at, size: 0, buckets: [], usual: undefined, windowBegan: at, windowSum: 0 },
  }))
  return {
    rule,
    see(event) {
      const amount = holds(event) ? fieldOf(event, of) : undefined
      const key = typeof amount === 'number' && amount > 0 ? keyOf(event, by) : undefined
      if (key === undefined) return undefined
      return book.with(key.join('\0'), event.at, (kept) => {
        learn(kept, event.at, withinMs)
        add(kept, { at: event.at, seq: event.seq, amount: amount as number }, withinMs)
        const sum = kept.buckets.reduce((total, bucket) => total + bucket.amount, 0)
        const isMore = sum >= atLeast && sum >= (kept.usual ?? 0) * (times ?? 0)
        const usual = Math.round(kept.usual ?? 0)
        const hit = isMore
          ? hitOf(rule, event, key, kept.buckets, { sum: Math.round(sum), usual })
          : undefined
        if (isMore) kept.buckets = []
        kept.size = kept.buckets.length
        return hit
      })
    },
    sweep: (at) => book.sweep(at, times === undefined ? withinMs : REMEMBER_MS),
    facts: () => book.facts(),
  }
}

function learn(kept: Amounts, at: number, withinMs: number): void {
  if (Math.abs(at - kept.windowBegan) <= withinMs) return
  kept.usual = kept.usual === undefined ? kept.windowSum : kept.usual * (1 - LEARN) + kept.windowSum * LEARN
  kept.windowBegan = at
  kept.windowSum = 0
}

function add(kept: Amounts, mark: Mark & { amount: number }, withinMs: number): void {
  kept.windowSum += mark.amount
  kept.buckets = kept.buckets.filter((bucket) => isWithin(bucket, mark.at, withinMs))
  const last = kept.buckets.at(-1)
  if (last !== undefined && Math.abs(mark.at - last.at) < BUCKET_MS) last.amount += mark.amount
  else kept.buckets.push({ ...mark })
}
