import { Rewriting, type Rewritten } from '../view.ts'
import { MENDABLE, VOCABULARY } from './vocabulary.ts'

/** Reads garbled words back: letters swapped inside them, digits for letters, letters apart, words run together. */
const LONGEST = 16
const WORDS = new Set(VOCABULARY)
/** The letters of a word whatever their order, `l` as good as `i`, with the first and the last where they stand. */
const WEIGHT = Int32Array.from({ length: 128 }, (_, code) => scattered(code === 108 ? 105 : code))
const BY_KEY: ReadonlyMap<number, string> = new Map(
  MENDABLE.toSorted((a, b) => b.length - a.length).map(
    (word) => [keyOf(word, 0, word.length), word] as const,
  ),
)
/** Which ends a word of which length has: the cheap look before a key is made. */
const ENDS = new Uint8Array((LONGEST + 1) << 10)
for (const word of MENDABLE) if (word.length <= LONGEST) ENDS[endsOf(word, 0, word.length)] = 1

const LEAST_MENDED = 3

/** So far apart that sums of different letters differ. */
function scattered(code: number): number {
  const once = Math.imul((code + 1) ^ 0x9e3779b9, 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return Math.imul(twice ^ (twice >>> 16), 0x27d4eb2f) ^ (twice >>> 11)
}

function keyOf(text: string, start: number, end: number): number {
  let between = 0
  for (let at = start + 1; at < end - 1; at++) between = (between + WEIGHT[text.charCodeAt(at) & 127]!) | 0
  return Math.imul(between, 0x2c1b3c6d) ^ endsOf(text, start, end)
}

function endsOf(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) === 108 ? 105 : text.charCodeAt(start)
  const last = text.charCodeAt(end - 1) === 108 ? 105 : text.charCodeAt(end - 1)
  return ((end - start) << 10) | ((first & 31) << 5) | (last & 31)
}

/** The word these letters may have been; undefined when they are one, or none. */
function wordFor(text: string, start: number, end: number): string | undefined {
  if (end - start < 4 || end - start > LONGEST || ENDS[endsOf(text, start, end)] === 0) return undefined
  const word = BY_KEY.get(keyOf(text, start, end))
  return word === undefined || text.startsWith(word, start) || WORDS.has(text.slice(start, end))
    ? undefined
    : word
}

/** A text in its normal form with garbled words mended; undefined when hardly one was. */
export function mended(text: string): Rewritten | undefined {
  const found: { start: number; end: number; word: string }[] = []
  let start = -1
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 32
    const isLetter = code >= 97 && code <= 122
    if (isLetter && start < 0) start = at
    if (isLetter || start < 0) continue
    const word = wordFor(text, start, at)
    if (word !== undefined) found.push({ start, end: at, word })
    start = -1
  }
  return found.length < LEAST_MENDED ? undefined : replaced(text, found)
}

function replaced(text: string, found: readonly { start: number; end: number; word: string }[]): Rewritten {
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
const SHORTEST_LEET = 3
const LONGEST_LEET = 18
const LEAST_LEET = 2

/** Digits and marks in words read as the letters they look like; undefined where hardly a word has them. */
export function withoutLeet(text: string): Rewritten | undefined {
  const found = leetWords(text)
  // a name such as `sha256` is no such word: at least two must come out as words that are known
  const known = found.filter(({ word }) => WORDS.has(word)).length
  return known < LEAST_LEET ? undefined : replaced(text, found)
}

function leetWords(text: string): { start: number; end: number; word: string }[] {
  const found: { start: number; end: number; word: string }[] = []
  let start = -1
  let kinds = 0
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 32
    const kind = code < 128 ? LEETISH[code]! : 0
    if (kind !== 0) {
      if (start < 0) start = at
      kinds |= kind
      continue
    }
    if (kinds === 3 && at - start >= SHORTEST_LEET && at - start <= LONGEST_LEET) {
      const bare = text.slice(start, at).replace(/[!|+]+$/, '')
      found.push({ start, end: start + bare.length, word: readLeet(bare) })
    }
    start = -1
    kinds = 0
  }
  return found
}

function readLeet(word: string): string {
  const letters = word.replaceAll(/[^a-z]/g, (mark) => LEET[mark] ?? mark)
  return wordFor(letters, 0, letters.length) ?? letters
}

/** Letters with something between each: a blank, a dot, a hyphen. */
const APART = /(?<![a-z0-9])[a-z0-9](?:[ ._|/,-]{1,5}[a-z0-9](?![a-z0-9])){5,}/gi

export function together(text: string): Rewritten | undefined {
  const out = new Rewriting()
  let done = 0
  for (const match of text.matchAll(APART)) {
    out.keep(text.slice(done, match.index), done)
    out.put(joined(match[0]), match.index)
    done = match.index + match[0].length
  }
  if (done === 0) return undefined
  out.keep(text.slice(done), done)
  return out.done(text.length)
}

/** Where words are parted by more than letters are, there; else where the vocabulary says. */
function joined(run: string): string {
  const gaps = run.match(/[^a-z0-9]+/gi) ?? []
  const usual = gaps.reduce((shortest, gap) => (gap.length < shortest.length ? gap : shortest))
  const hasWords = gaps.some((gap) => gap.length > usual.length || (gap !== usual && /\s/.test(gap)))
  if (hasWords)
    return run.replaceAll(/[a-z0-9]+|[^a-z0-9]+/gi, (part) =>
      /[a-z0-9]/i.test(part) ? part : part === usual ? '' : ' ',
    )
  return parted(run.replaceAll(/[^a-z0-9]/gi, '').toLowerCase())
}

/** The vocabulary letter by letter: 26 followers a node, and whether a word ends there. */
const TRIE = trieOf(VOCABULARY)

function trieOf(words: readonly string[]): { readonly next: Int32Array; readonly isEnd: Uint8Array } {
  const most = words.reduce((sum, { length }) => sum + length, 1)
  const next = new Int32Array(most * 26)
  const isEnd = new Uint8Array(most)
  let nodes = 1
  for (const word of words) {
    let node = 0
    for (let at = 0; at < word.length; at++) {
      const slot = node * 26 + word.charCodeAt(at) - 97
      if (next[slot] === 0) next[slot] = nodes++
      node = next[slot]!
    }
    isEnd[node] = 1
  }
  return { next, isEnd }
}

const A_WORD = 1
const A_LOOSE_LETTER = 3

/** Letters cut into words, as few and as long as can be; what is no word stays single letters. */
export function parted(letters: string): string {
  const cost = new Float64Array(letters.length + 1).fill(Infinity)
  const from = new Int32Array(letters.length + 1)
  cost[0] = 0
  for (let start = 0; start < letters.length; start++) {
    improve(cost, from, start, start + 1, A_LOOSE_LETTER)
    for (let at = start, node = 0; at < letters.length; at++) {
      const letter = letters.charCodeAt(at) - 97
      node = letter < 0 || letter > 25 ? 0 : TRIE.next[node * 26 + letter]!
      if (node === 0) break
      if (TRIE.isEnd[node] === 1) improve(cost, from, start, at + 1, A_WORD)
    }
  }
  const words: string[] = []
  for (let end = letters.length; end > 0; end = from[end]!) words.push(letters.slice(from[end], end))
  return words.reverse().join(' ')
}

function improve(cost: Float64Array, from: Int32Array, start: number, end: number, by: number): void {
  const candidate = cost[start]! + by
  if (candidate >= cost[end]!) return
  cost[end] = candidate
  from[end] = start
}

/** Long runs of letters that are several words without blanks. */
const RUN_TOGETHER = /(?<![a-z])[a-z]{18,2000}(?![a-z])/g

export function apart(text: string): Rewritten | undefined {
  const found = [...text.matchAll(RUN_TOGETHER)].flatMap((match) => {
    const word = parted(match[0])
    const isRead = word.split(' ').filter((part) => part.length > 2 && WORDS.has(part)).length >= 3
    return isRead ? [{ start: match.index, end: match.index + match[0].length, word }] : []
  })
  return found.length === 0 ? undefined : replaced(text, found)
}
