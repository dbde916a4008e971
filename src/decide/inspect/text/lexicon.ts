import { normalTextOf } from './normal.ts'
import { SPACED, UNSPACED, type Words } from './words/index.ts'

/**
 * The words rules are made of, and where they stand in a text. One pass over the text reads each word once; all that
 * comes after looks at the few words that are known.
 */

/** One known word in a text. */
export interface Event {
  /** Which word of the lexicon: an index into {@link Lexicon.concepts}. */
  readonly word: number
  /** How many words stand before it; the end of a sentence counts as two, that of a paragraph or a cell as four. */
  readonly place: number
  readonly start: number
  readonly end: number
  /** It begins what is said, or follows only words such as `please`, `now` and `you must`. */
  readonly isOpening: boolean
}

export interface Lexicon {
  /** The concepts of each word. */
  readonly concepts: readonly ReadonlySet<string>[]
  readonly words: readonly string[]
  readonly read: (text: string) => Said
}

/** What one reading of a text gives. */
export interface Said {
  readonly events: readonly Event[]
  /** How many words are none that is known, and have the letters of one. */
  readonly garbled: number
}

/** Whether what stands there, a word of small Latin letters that is none of the lexicon, may be one with its letters swapped. */
export type IsGarbled = (text: string, start: number, end: number) => boolean

/** A power of two, more than twice the number of words. */
const SIZE = 1 << 13
const SHORTEST_STEM = 4
const LONGEST_STEM = 14
const OFFSET = 0x811c9dc5 | 0
const PRIME = 0x01000193
const WORD = 8

/**
 * What a character of the normal form is to words: 8 a letter, 9 a digit, 2 within a word and no part of it, 3 an end,
 * 4 a mark that begins something, 5 one that source is made of, 0 a blank or a hyphen.
 */
const KIND = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  if (/[a-z]/.test(char)) return WORD
  if (/[0-9]/.test(char)) return WORD | 1
  if (char === "'") return 2
  if (/[.?!;:\n|>]/.test(char)) return 3
  if (/[(){}=[\]]/.test(char)) return 5
  return char === ' ' || char === '-' || char === '/' ? 0 : 4
})

/** @param more literal words of rules, each its own concept */
export function createLexicon(more: readonly string[], isGarbled: IsGarbled = () => false): Lexicon {
  const concepts: Set<string>[] = []
  const words: string[] = []
  const indexes = new Map<string, number>()
  const enter = (word: string, concept: string): void => {
    if (!indexes.has(word)) {
      indexes.set(word, words.length)
      words.push(word)
      concepts.push(new Set())
    }
    concepts[indexes.get(word)!]!.add(concept)
  }
  for (const table of SPACED) enterAll(table, enter)
  for (const word of more) enter(word, word)
  const spaced = words.length
  const unspaced = UNSPACED
  enterAll(unspaced, (word, concept) => enter(`~${word}`, concept))
  withStems(words, concepts)
  const tables = tablesOf(words.slice(0, spaced))
  const literals = literalsOf(words, spaced)
  // 1 keeps an opening open, 2 opens again wherever it stands
  const lead = Uint8Array.from(concepts, (each) => (each.has('OPENER') ? 2 : each.has('LEAD') ? 1 : 0))
  const all: Tables = { ...tables, literals, lead, isGarbled }
  return { concepts, words, read: (text) => eventsIn(text, all) }
}

function enterAll(table: Words, enter: (word: string, concept: string) => void): void {
  for (const [concept, list] of Object.entries(table))
    for (const word of list.split(' ').filter(Boolean))
      enter(word.endsWith('*') ? `${normalTextOf(word)}*` : normalTextOf(word).trim(), concept)
}

/** A word that is also covered by a stem has the concepts of that, too. */
function withStems(words: readonly string[], concepts: readonly Set<string>[]): void {
  const stems = words.flatMap((word, at) => (word.endsWith('*') ? [[word.slice(0, -1), at] as const] : []))
  for (const [at, word] of words.entries())
    for (const [stem, from] of stems)
      if (word.startsWith(stem)) for (const each of concepts[from]!) concepts[at]!.add(each)
}

interface Tables {
  readonly slots: Int16Array
  readonly hashes: Int32Array
  readonly stemSlots: Int16Array
  /** By the last six bits of a first letter: a bit for each length a stem that begins so has. */
  readonly stemLengths: Int32Array
  readonly literals: ReadonlyMap<number, readonly (readonly [string, number])[]>
  readonly lead: Uint8Array
  readonly isGarbled: IsGarbled
}

function tablesOf(words: readonly string[]): Pick<Tables, 'slots' | 'hashes' | 'stemSlots' | 'stemLengths'> {
  const slots = new Int16Array(SIZE).fill(-1)
  const stemSlots = new Int16Array(SIZE).fill(-1)
  const stemLengths = new Int32Array(64)
  const hashes = Int32Array.from(words, (word) => hashOf(word.replace(/\*$/, '')))
  for (const [at, word] of words.entries()) {
    const isStem = word.endsWith('*')
    if (isStem) stemLengths[word.charCodeAt(0) & 63]! |= 1 << (word.length - 1)
    const table = isStem ? stemSlots : slots
    let slot = hashes[at]! & (SIZE - 1)
    while (table[slot] !== -1) slot = (slot + 1) & (SIZE - 1)
    table[slot] = at
  }
  return { slots, hashes, stemSlots, stemLengths }
}

function hashOf(word: string): number {
  let hash = OFFSET
  for (let at = 0; at < word.length; at++)
    if (word.charCodeAt(at) !== 39) hash = Math.imul(hash ^ word.charCodeAt(at), PRIME)
  return mixed(hash)
}

function mixed(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
}

function literalsOf(words: readonly string[], from: number): Tables['literals'] {
  const literals = words
    .map((word, at) => [word.slice(1), at] as const)
    .slice(from)
    .toSorted(([a], [b]) => b.length - a.length)
  return Map.groupBy(literals, ([word]) => word.charCodeAt(0))
}

const FIRST_UNSPACED = 0x3040

/** Where Chinese, Japanese and Korean writing stands in the code. */
function isUnspaced(code: number): boolean {
  return (code >= FIRST_UNSPACED && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af)
}

const AROUND_MARKS = 2
/** A letter of a word that is not ASCII. */
const BEYOND = WORD | 4

function eventsIn(text: string, tables: Tables): Said {
  const events: Event[] = []
  const { slots, hashes, stemLengths, literals, lead, isGarbled } = tables
  let garbled = 0
  let place = 0
  let isOpening = true
  let at = 0
  const length = text.length
  while (at < length) {
    const code = text.charCodeAt(at)
    const kind = code < 128 ? KIND[code]! : WORD
    if (kind < WORD) {
      if (kind === 3) {
        // a mark within a word, as in `example.com`, ends nothing
        const next = at + 1 < length ? text.charCodeAt(at + 1) : 32
        if (code === 10 || code === 124) place += 4 // a cell of a table is a paragraph
        else if (next === 32 || next === 10 || next === 34) place += 2
        isOpening = true
      } else if (kind === 4) isOpening = true
      else if (kind === 5) {
        place += AROUND_MARKS // words on both sides of a bracket seldom say one thing
        isOpening = true
      }
      at++
      continue
    }
    const start = at
    if (code >= FIRST_UNSPACED && isUnspaced(code)) {
      const found = literals.get(code)?.find(([word]) => text.startsWith(word, at))
      if (found === undefined) {
        at++
        if ((at & 1) === 0) place++
        continue
      }
      at += found[0].length
      events.push({ word: found[1], place: place++, start, end: at, isOpening: true })
      continue
    }
    let hash = OFFSET
    let made = 0
    for (; at < length; at++) {
      const each = text.charCodeAt(at)
      const part = each < 128 ? KIND[each]! : BEYOND
      if (part < WORD && part !== 2) break
      if (part === BEYOND && each >= FIRST_UNSPACED && isUnspaced(each)) break
      made |= part
      if (part !== 2) hash = Math.imul(hash ^ each, PRIME)
    }
    let word = find(slots, hashes, mixed(hash))
    if (word < 0 && stemLengths[code & 63] !== 0) word = stemOf(text, start, at, tables)
    if (word >= 0) {
      events.push({ word, place, start, end: at, isOpening })
      if (lead[word] !== 1) isOpening = lead[word] === 2
    } else {
      isOpening = false
      if (made === WORD && at - start >= SHORTEST_STEM && isGarbled(text, start, at)) garbled++
    }
    place++
  }
  return { events, garbled }
}

/** The longest stem a word begins with; -1 where there is none. */
function stemOf(
  text: string,
  start: number,
  end: number,
  { hashes, stemSlots, stemLengths }: Tables,
): number {
  const lengths = stemLengths[text.charCodeAt(start) & 63]!
  let hash = OFFSET
  let letters = 0
  let word = -1
  for (let at = start; at < end && letters < LONGEST_STEM; at++) {
    if (text.charCodeAt(at) === 39) continue
    hash = Math.imul(hash ^ text.charCodeAt(at), PRIME)
    if ((lengths & (1 << ++letters)) === 0) continue
    const found = find(stemSlots, hashes, mixed(hash))
    if (found >= 0) word = found
  }
  return word
}

function find(table: Int16Array, hashes: Int32Array, hash: number): number {
  for (let slot = hash & (SIZE - 1); ; slot = (slot + 1) & (SIZE - 1)) {
    const word = table[slot]!
    if (word === -1 || hashes[word] === hash) return word
  }
}
