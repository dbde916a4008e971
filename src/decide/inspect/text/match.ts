import { createLexicon, type Event, type IsGarbled, type Lexicon, type Said } from './lexicon.ts'
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

export interface WordHits extends Said {
  readonly hits: readonly Hit[]
}

/** One step of a way to say it: which words of the lexicon it takes, and how far ahead one may stand. */
interface Step {
  /** Equal for steps that take the same words: a row of {@link Table.takes}. */
  readonly index: number
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

/** A finder of word rules, and of words that may be known ones garbled, in the same pass. */
export function createWordMatcher(families: readonly RuleFamily[], isGarbled?: IsGarbled) {
  const rules = families.flatMap(({ family, words }) => words.map((rule) => ({ family, rule })))
  const literals = rules.flatMap(({ rule }) => rule.say.flatMap((way) => literalsIn(way)))
  const lexicon = createLexicon(literals, isGarbled)
  const takings = takingsOf(lexicon)
  const ways = rules.flatMap(({ family, rule }, index) =>
    rule.say.map((say): Way => ({ rule, family, index, steps: stepsOf(say, takings.indexOf) })),
  )
  const [negation, discussion] = [takings.indexOf('NOT'), takings.indexOf('DISCUSS')]
  const table = { ...tableOf(ways, takings.rows, lexicon.words.length), negation, count: rules.length }
  const read = (text: string): WordHits => {
    const said = lexicon.read(text)
    return { ...said, hits: hitsAmong(said.events, table) }
  }
  /** Whether by this word something is shown rather than said. */
  const isDiscussion = (word: number): boolean => isTaken(table, discussion, word)
  return Object.assign(read, { isDiscussion })
}

/** All in few and flat lists: what is asked of each word of a text must stay near. */
interface Table {
  readonly ways: readonly Way[]
  /** A bit for each word, so many numbers for each different step. */
  readonly takes: Uint32Array
  readonly width: number
  /** By way, the steps of it. */
  readonly needs: Lists
  /** By word, the ways that begin with it. */
  readonly starting: Lists
  /** By word, the steps that take it. */
  readonly taking: Lists
  readonly steps: number
  readonly negation: number
  readonly count: number
}

/** Lists of small numbers, one behind the other. */
interface Lists {
  readonly all: Uint16Array
  /** Where each begins; one longer than there are lists. */
  readonly from: Uint32Array
}

function flat(lists: readonly (readonly number[])[]): Lists {
  const from = new Uint32Array(lists.length + 1)
  for (const [at, list] of lists.entries()) from[at + 1] = from[at]! + list.length
  return { all: Uint16Array.from(lists.flat()), from }
}

function tableOf(
  ways: readonly Way[],
  rows: readonly (readonly number[])[],
  words: number,
): Omit<Table, 'negation' | 'count'> {
  const starting: number[][] = Array.from({ length: words }, () => [])
  const taking: number[][] = Array.from({ length: words }, () => [])
  const width = Math.ceil(words / 32)
  const takes = new Uint32Array(width * rows.length)
  for (const [step, row] of rows.entries())
    for (const word of row) {
      taking[word]!.push(step)
      takes[step * width + (word >> 5)]! |= 1 << (word & 31)
    }
  for (const [at, { steps }] of ways.entries())
    for (const word of rows[steps[0]!.index]!) starting[word]!.push(at)
  const needs = flat(ways.map(({ steps }) => steps.map(({ index }) => index)))
  return { ways, takes, width, needs, starting: flat(starting), taking: flat(taking), steps: rows.length }
}

function isTaken({ takes, width }: Table, step: number, word: number): boolean {
  return ((takes[step * width + (word >> 5)]! >>> (word & 31)) & 1) === 1
}

function literalsIn(way: string): string[] {
  return way.split(/[ |]/).filter((word) => /^[a-z0]/.test(word) && !/^\d+$/.test(word))
}

function stepsOf(say: string, indexOf: (names: string) => number): Step[] {
  const steps: Step[] = []
  let gap = 0
  for (const word of say.split(' ')) {
    if (/^\d+$/.test(word)) gap = Number(word)
    else {
      steps.push({ index: indexOf(word), reach: gap + 1 })
      gap = 0
    }
  }
  return steps
}

/** Which words a step takes, from `IGNORE|forget`, as a row of their own; the same row for the same step. */
function takingsOf({ concepts, words }: Lexicon) {
  const byName = new Map<string, number[]>()
  const enter = (name: string, word: number): void => {
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [word])
    else known.push(word)
  }
  for (const [word, of] of concepts.entries())
    for (const name of new Set([...of, words[word]!])) enter(name, word)
  const known = new Map<string, number>()
  const rows: number[][] = []
  const indexOf = (names: string): number => {
    const before = known.get(names)
    if (before !== undefined) return before
    known.set(names, rows.length)
    return rows.push([...new Set(names.split('|').flatMap((name) => byName.get(name) ?? []))]) - 1
  }
  return { rows, indexOf }
}

function hitsAmong(events: readonly Event[], table: Table): Hit[] {
  const hits: Hit[] = []
  const covered = new Int32Array(table.count).fill(-1)
  const waysFrom = possibleWays(events, table)
  for (let at = 0; at < events.length && hits.length < MOST_HITS; at++) {
    const event = events[at]!
    for (const { rule, family, steps, index } of waysFrom[event.word]!) {
      if ((rule.isOrder === true && !event.isOpening) || event.start < covered[index]!) continue
      const last = lastOf(events, at, steps, table)
      if (last < 0) continue
      covered[index] = events[last]!.end
      const isDenied = rule.isNegated !== true && isBehind(events, at, table)
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

/** For each word of the text the ways that begin with it and have, somewhere in the text, a word for each step. */
function possibleWays(events: readonly Event[], table: Table): readonly (readonly Way[])[] {
  const { ways, starting, taking } = table
  const waysFrom = new Array<readonly Way[]>(starting.from.length)
  const hasStep = new Uint8Array(table.steps)
  const words: number[] = []
  for (const { word } of events) {
    if (waysFrom[word] !== undefined) continue
    waysFrom[word] = NO_WAYS
    words.push(word)
    for (let at = taking.from[word]!; at < taking.from[word + 1]!; at++) hasStep[taking.all[at]!] = 1
  }
  const isPossible = possibleOnes(table, hasStep)
  for (const word of words) {
    const possible: Way[] = []
    for (let at = starting.from[word]!; at < starting.from[word + 1]!; at++)
      if (isPossible[starting.all[at]!] === 1) possible.push(ways[starting.all[at]!]!)
    if (possible.length > 0) waysFrom[word] = possible
  }
  return waysFrom
}

const NO_WAYS: readonly Way[] = []

function possibleOnes({ ways, needs }: Table, hasStep: Uint8Array): Uint8Array {
  const possible = new Uint8Array(ways.length)
  for (let way = 0, at = 0; way < ways.length; way++) {
    const end = needs.from[way + 1]!
    while (at < end && hasStep[needs.all[at]!] === 1) at++
    possible[way] = at === end ? 1 : 0
    at = end
  }
  return possible
}

function flood({ start, end }: Hit): Hit {
  const reason = 'says thousands of things that steer a reader'
  return { rule: 'flood.words', family: 'flood', reason, weight: FLOOD, start, end }
}

/** The event the last step takes; each step looks no further than its reach, so that the time is bounded. */
function lastOf(events: readonly Event[], first: number, steps: readonly Step[], table: Table): number {
  if (steps.length > 1 && nextOf(events, first, first + 1, steps[1]!, table) < 0) return -1
  let reached = [first]
  for (let step = 1; step < steps.length; step++) {
    const next: number[] = []
    let from = 0
    for (const at of reached) {
      let found = nextOf(events, at, Math.max(at + 1, from), steps[step]!, table)
      for (; found >= 0; found = nextOf(events, at, found + 1, steps[step]!, table)) next.push(found)
      from = Math.max(from, behind(events, at, Math.max(at + 1, from), steps[step]!.reach))
    }
    if (next.length === 0) return -1
    reached = next
  }
  return reached[0]!
}

/** The first event from `from` on that the step takes and that stands within its reach from `at`; -1 where there is none. */
function nextOf(
  events: readonly Event[],
  at: number,
  from: number,
  { index, reach }: Step,
  table: Table,
): number {
  const limit = events[at]!.place + reach
  for (let ahead = from; ahead < events.length && events[ahead]!.place <= limit; ahead++)
    if (isTaken(table, index, events[ahead]!.word)) return ahead
  return -1
}

/** The first event from `from` on that is out of reach. */
function behind(events: readonly Event[], at: number, from: number, reach: number): number {
  const limit = events[at]!.place + reach
  let ahead = from
  while (ahead < events.length && events[ahead]!.place <= limit) ahead++
  return ahead
}

function isBehind(events: readonly Event[], at: number, table: Table): boolean {
  const { place } = events[at]!
  for (let back = at - 1; back >= 0 && events[back]!.place >= place - NEGATION_REACH; back--)
    if (isTaken(table, table.negation, events[back]!.word)) return true
  return false
}
