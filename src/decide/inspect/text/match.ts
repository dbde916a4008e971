import { createLexicon, type Event, type Lexicon } from './lexicon.ts'
import type { RuleFamily, WordRule } from './rules/index.ts'

/** What a rule saw in one text, before anything damps it. */
export interface Hit {
  readonly rule: string
  readonly family: string
  readonly reason: string
  readonly weight: number
  /** In the text that was looked at. */
  readonly start: number
  readonly end: number
}

export interface WordHits {
  readonly hits: readonly Hit[]
  readonly events: readonly Event[]
}

/** One step of a way to say it: which words of the lexicon it takes, and how far ahead it may stand. */
interface Step {
  readonly takes: Uint8Array
  readonly reach: number
}

interface Way {
  readonly rule: WordRule
  readonly family: string
  readonly steps: readonly Step[]
  /** Which rule, for telling each place once. */
  readonly index: number
}

/** No honest text says as many; what comes after them is not looked at, and that is told of. */
const MOST_HITS = 5000
const FLOOD = 0.65
const NEGATED = 0.25
const NEGATION_REACH = 3

/** A finder of word rules; the lexicon is shared, so that the hints for decoders come from the same pass. */
export function createWordMatcher(families: readonly RuleFamily[], hints: readonly string[]) {
  const rules = families.flatMap(({ family, words }) => words.map((rule) => ({ family, rule })))
  const literals = rules.flatMap(({ rule }) => rule.say.flatMap((way) => literalsIn(way)))
  const lexicon = createLexicon([...literals, ...hints])
  const takesOf = takingOf(lexicon)
  const ways = rules.flatMap(({ family, rule }, index) =>
    rule.say.map((say): Way => ({ rule, family, index, steps: stepsOf(say, takesOf) })),
  )
  const starting: Way[][] = lexicon.concepts.map(() => [])
  for (const way of ways)
    for (const [word, takes] of way.steps[0]!.takes.entries()) if (takes === 1) starting[word]!.push(way)
  const table = { starting, negation: takesOf('NOT'), count: rules.length }
  const read = (text: string): WordHits => {
    const events = lexicon.events(text)
    return { events, hits: hitsAmong(events, table) }
  }
  const hintWords = new Set(hints)
  return Object.assign(read, {
    /** 1 for words by which something is shown rather than said. */
    discuss: takesOf('DISCUSS'),
    /** Those of the lexicon that are hints. */
    hints: new Map(lexicon.words.flatMap((word, at) => (hintWords.has(word) ? [[at, word] as const] : []))),
  })
}

function literalsIn(way: string): string[] {
  return way.split(/[ |]/).filter((word) => /^[a-z0]/.test(word) && !/^\d+$/.test(word))
}

function stepsOf(say: string, takesOf: (names: string) => Uint8Array): Step[] {
  const steps: Step[] = []
  let gap = 0
  for (const word of say.split(' ')) {
    if (/^\d+$/.test(word)) gap = Number(word)
    else {
      steps.push({ takes: takesOf(word), reach: gap + 1 })
      gap = 0
    }
  }
  return steps
}

/** Which words a step takes, from `IGNORE|forget`; the same answer for the same step. */
function takingOf({ concepts, words }: Lexicon): (names: string) => Uint8Array {
  const byName = new Map<string, number[]>()
  const enter = (name: string, word: number): void =>
    void byName.set(name, [...(byName.get(name) ?? []), word])
  for (const [word, of] of concepts.entries())
    for (const name of new Set([...of, words[word]!])) enter(name, word)
  const known = new Map<string, Uint8Array>()
  return (names) => {
    const before = known.get(names)
    if (before !== undefined) return before
    const takes = new Uint8Array(words.length)
    for (const name of names.split('|')) for (const word of byName.get(name) ?? []) takes[word] = 1
    known.set(names, takes)
    return takes
  }
}

interface Table {
  readonly starting: readonly (readonly Way[])[]
  readonly negation: Uint8Array
  readonly count: number
}

function hitsAmong(events: readonly Event[], { starting, negation, count }: Table): Hit[] {
  const hits: Hit[] = []
  const covered = new Int32Array(count).fill(-1)
  for (let at = 0; at < events.length && hits.length < MOST_HITS; at++) {
    const event = events[at]!
    for (const { rule, family, steps, index } of starting[event.word]!) {
      if (event.start < covered[index]! || (rule.isOrder === true && !event.isOpening)) continue
      const last = lastOf(events, at, steps)
      if (last < 0) continue
      covered[index] = events[last]!.end
      const isDenied = rule.isNegated !== true && isBehind(events, at, negation)
      hits.push({
        ...{ rule: `${family}.${rule.id}`, family, reason: rule.reason },
        weight: isDenied ? rule.weight * NEGATED : rule.weight,
        ...{ start: event.start, end: events[last]!.end },
      })
    }
  }
  if (hits.length >= MOST_HITS) hits.push(flood(hits.at(-1)!))
  return hits
}

function flood({ start, end }: Hit): Hit {
  const reason = 'says thousands of things that steer a reader'
  return { rule: 'flood.words', family: 'flood', reason, weight: FLOOD, start, end }
}

/** The event the last step takes; each step looks no further than its reach, so that the time is bounded. */
function lastOf(events: readonly Event[], first: number, steps: readonly Step[]): number {
  let reached = [first]
  for (let step = 1; step < steps.length; step++) {
    const { takes, reach } = steps[step]!
    const next: number[] = []
    let from = 0
    for (const at of reached) {
      const limit = events[at]!.place + reach
      for (
        let ahead = Math.max(at + 1, from);
        ahead < events.length && events[ahead]!.place <= limit;
        ahead++
      ) {
        if (takes[events[ahead]!.word] === 1) next.push(ahead)
        from = ahead + 1
      }
    }
    if (next.length === 0) return -1
    reached = next
  }
  return reached[0]!
}

function isBehind(events: readonly Event[], at: number, takes: Uint8Array): boolean {
  const { place } = events[at]!
  for (let back = at - 1; back >= 0 && events[back]!.place >= place - NEGATION_REACH; back--)
    if (takes[events[back]!.word] === 1) return true
  return false
}
