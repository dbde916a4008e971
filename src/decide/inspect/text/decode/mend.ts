import { once } from '../once.ts'
import { Rewriting, type Rewritten } from '../view.ts'
import { mendable, vocabulary } from './vocabulary.ts'

/** Reads garbled words back: letters swapped inside them, digits for letters. */
const LONGEST = 16

interface Known {
  readonly words: ReadonlySet<string>
  /** The word that has these letters, whatever their order, `l` as good as `i`, with the first and the last where they stand. */
  readonly byKey: ReadonlyMap<number, string>
  /** Which ends a word of which length has: the cheap look before a key is made. */
  readonly ends: Uint8Array
  readonly weights: Int32Array
}

const known = once((): Known => {
  const weights = Int32Array.from({ length: 128 }, (_, code) => scattered(code === 108 ? 105 : code))
  const ends = new Uint8Array((LONGEST + 1) << 10)
  for (const word of mendable()) if (word.length <= LONGEST) ends[endsOf(word, 0, word.length)] = 1
  // so that of two words with the same letters the shorter stays
  const byLength = mendable().toSorted((a, b) => b.length - a.length)
  const byKey = new Map(byLength.map((word) => [keyOf(word, 0, word.length, weights), word] as const))
  return { words: new Set(vocabulary()), byKey, ends, weights }
})

const LEAST_MENDED = 3

/** So far apart that sums of different letters differ. */
function scattered(code: number): number {
  const once = Math.imul((code + 1) ^ 0x9e3779b9, 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return Math.imul(twice ^ (twice >>> 16), 0x27d4eb2f) ^ (twice >>> 11)
}

function keyOf(text: string, start: number, end: number, weights: Int32Array): number {
  let between = 0
  for (let at = start + 1; at < end - 1; at++) between = (between + weights[text.charCodeAt(at) & 127]!) | 0
  return Math.imul(between, 0x2c1b3c6d) ^ endsOf(text, start, end)
}

function endsOf(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) === 108 ? 105 : text.charCodeAt(start)
  const last = text.charCodeAt(end - 1) === 108 ? 105 : text.charCodeAt(end - 1)
  return ((end - start) << 10) | ((first & 31) << 5) | (last & 31)
}

/** The word these letters may have been; undefined when they are one, or none. */
function wordFor(text: string, start: number, end: number): string | undefined {
  const { ends, byKey, words, weights } = known()
  if (end - start < 4 || end - start > LONGEST || ends[endsOf(text, start, end)] === 0) return undefined
  const word = byKey.get(keyOf(text, start, end, weights))
  return word === undefined || text.startsWith(word, start) || words.has(text.slice(start, end))
    ? undefined
    : word
}

/** Whether a word of small Latin letters may be a known one with its letters swapped. */
export function isGarbled(text: string, start: number, end: number): boolean {
  return wordFor(text, start, end) !== undefined
}

/** A text in its normal form with garbled words mended; undefined when hardly one was. */
export function mended(text: string, garbled: number): Rewritten | undefined {
  if (garbled < LEAST_MENDED) return undefined
  const found: { start: number; end: number; word: string }[] = []
  for (const { index: start, 0: letters } of text.matchAll(/[a-z]+/g)) {
    const word = wordFor(text, start, start + letters.length)
    if (word !== undefined) found.push({ start, end: start + letters.length, word })
  }
  return found.length < LEAST_MENDED ? undefined : replaced(text, found)
}

export function replaced(
  text: string,
  found: readonly { start: number; end: number; word: string }[],
): Rewritten {
  const out = new Rewriting()
  let done = 0
  for (const { start, end, word } of found) {
    out.keep(text.slice(done, start), done)
    out.put(word, start)
    done = end
  }
  out.keep(text.slice(done), done)
  return out.done(text.length)
}

const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  2: 'z',
  3: 'e',
  4: 'a',
  5: 's',
  6: 'g',
  7: 't',
  8: 'b',
  9: 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
  '€': 'e',
  '£': 'l',
  '¡': 'i',
}
/** Letters, and what stands for letters. */
const LEETISH = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  return /[a-z]/.test(char) ? 1 : /[0-9@$!|+]/.test(char) ? 2 : 0
})
const LONGEST_LEET = 18
const LONGEST_NUMBER = 6
const LEAST_LEET = 2
const MOST_LEET = 10_000
/** So many words with digits in them, of so few words: a text in which no word is known may be written so, too. */
const LEAST_STRANGE = 5
const STRANGE_AMONG = 4

/** Digits and marks in words read as the letters they look like; undefined where hardly a word has them. */
export function withoutLeet(text: string): Rewritten | undefined {
  const { found, words } = leetWords(text)
  const isWord = (word: string): boolean => known().words.has(word)
  const readings = new Map<string, string>()
  const reading = (bare: string): string => {
    const before = readings.get(bare)
    const word = before ?? readLeet(bare)
    if (before === undefined) readings.set(bare, word)
    return word
  }
  const mixed = found.filter(({ isMixed }) => isMixed)
  // a name such as `sha256` is no such word: two must come out as words that are known, or every other word be one
  const isStrange = mixed.length >= LEAST_STRANGE && mixed.length * STRANGE_AMONG >= words
  if (!isStrange && mixed.filter(({ bare }) => isWord(reading(bare))).length < LEAST_LEET) return undefined
  // a bare number is a word only where that is a known one: `17` is `it`, and 2024 is a year
  const read = found.filter(({ bare, isMixed }) => isMixed || isWord(reading(bare)))
  return replaced(
    text,
    read.map(({ start, end, bare }) => ({ start, end, word: reading(bare) })),
  )
}

interface LeetWord {
  readonly start: number
  readonly end: number
  /** As it stands there. */
  readonly bare: string
  /** Letters and what stands for letters, both. */
  readonly isMixed: boolean
}

function leetWords(text: string): { found: LeetWord[]; words: number } {
  const found: LeetWord[] = []
  let start = -1
  let kinds = 0
  let words = 0
  for (let at = 0; at <= text.length && found.length < MOST_LEET; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 32
    const kind = code < 128 ? LEETISH[code]! : 0
    if (kind !== 0) {
      if (start < 0) start = at
      kinds |= kind
      continue
    }
    if (start < 0) continue
    words++
    if (kinds !== 1 && at - start <= (kinds === 2 ? LONGEST_NUMBER : LONGEST_LEET)) {
      const bare = text.slice(start, at).replace(/[!|+]+$/, '')
      const end = start + bare.length
      if (bare !== '') found.push({ start, end, bare, isMixed: kinds === 3 })
    }
    start = -1
    kinds = 0
  }
  return { found, words }
}

function readLeet(word: string): string {
  const letters = word.replaceAll(/[^a-z]/g, (mark) => LEET[mark] ?? mark)
  return wordFor(letters, 0, letters.length) ?? letters
}
