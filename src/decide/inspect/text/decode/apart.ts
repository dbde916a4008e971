import type { Normal } from '../normal.ts'
import { once } from '../once.ts'
import { Rewriting, type Rewritten } from '../view.ts'
import { replaced } from './mend.ts'
import { vocabulary } from './vocabulary.ts'

/** Reads words whose letters stand apart, or that run together without a blank. */
const known = once((): ReadonlySet<string> => new Set(vocabulary()))

/** Single characters with blanks between, whatever they are; more blanks, or another kind, part words. */
const ALONE = /(?<!\S)\S(?:\s{1,5}\S(?!\S)){5,}/gu
/** Letters with something else between each: a dot, a hyphen. */
const APART = /(?<![a-z0-9])[a-z0-9](?:[ ._|/,-]{1,5}[a-z0-9](?![a-z0-9])){5,}/gi

/** Letters that stand apart, put together, where single characters do: start, end, …; undefined where none are found. */
export function together(text: string, singles: readonly number[]): Rewritten | undefined {
  const places = widened(text, singles)
  return joinedRuns(text, places, ALONE, isBlank) ?? joinedRuns(text, places, APART, isMark)
}

/** What stands just before and behind may be part of it; up to where a word ends. */
const AROUND = 40

function widened(text: string, singles: readonly number[]): number[] {
  const places: number[] = []
  for (let at = 0; at < singles.length; at += 2) {
    const start = gapNear(text, singles[at]! - AROUND, -1)
    const end = gapNear(text, singles[at + 1]! + AROUND, 1)
    if (places.length > 0 && start <= places.at(-1)!)
      places[places.length - 1] = Math.max(places.at(-1)!, end)
    else places.push(start, end)
  }
  return places
}

function gapNear(text: string, place: number, step: 1 | -1): number {
  let at = place
  for (let left = AROUND; left > 0 && at > 0 && at < text.length && !isBlank(text.charCodeAt(at)); left--)
    at += step
  return Math.min(Math.max(at, 0), text.length)
}

function joinedRuns(
  text: string,
  places: readonly number[],
  runs: RegExp,
  isGap: IsGap,
): Rewritten | undefined {
  const out = new Rewriting()
  let done = 0
  for (let place = 0; place < places.length; place += 2) {
    const from = places[place]!
    for (const { 0: run, index } of text.slice(from, places[place + 1]).matchAll(runs)) {
      if (!hasLetters(run)) continue
      out.keep(text.slice(done, from + index), done)
      out.put(joined(run, isGap), from + index)
      done = from + index + run.length
    }
  }
  if (done === 0) return undefined
  out.keep(text.slice(done), done)
  return out.done(text.length)
}

/** A row of a table is no word: of letters there must be nearly as many as of everything else. */
function hasLetters(run: string): boolean {
  let letters = 0
  let others = 0
  for (let at = 0; at < run.length; at++) {
    const code = run.charCodeAt(at)
    const small = code | 32
    if ((small >= 97 && small <= 122) || (code >= 0xc0 && !(code >= 0x2000 && code < 0x2c00))) letters++
    else if (code > 32) others++
  }
  return letters * 3 >= others * 2
}

type IsGap = (code: number) => boolean

function isBlank(code: number): boolean {
  return code <= 32 || code === 0xa0 || (code >= 0x2000 && code <= 0x200a) || code === 0x3000
}

function isMark(code: number): boolean {
  const small = code | 32
  return !(small >= 97 && small <= 122) && !(code >= 48 && code <= 57)
}

/** Where words are parted by more than letters are, there; else where the vocabulary says. */
function joined(run: string, isGap: IsGap): string {
  const usual = shortestGap(run, isGap)
  const pieces: string[] = []
  let hasWords = false
  eachGap(run, isGap, (done, start, end) => {
    pieces.push(run.slice(done, start))
    // more than usual, or a blank where letters are parted by something else
    if (end - start <= usual.length && (run.startsWith(usual, start) || !/\s/.test(run.slice(start, end))))
      return
    hasWords = true
    pieces.push(' ')
  })
  const letters = pieces.join('')
  if (hasWords) return letters
  const read = letters
    .slice(0, MOST_PARTED)
    .toLowerCase()
    .replaceAll(/[a-z]{8,}/g, parted)
  return read + letters.slice(MOST_PARTED)
}

function shortestGap(run: string, isGap: IsGap): string {
  let shortest: string | undefined
  eachGap(run, isGap, (_, start, end) => {
    if (end > start && end - start < (shortest?.length ?? Infinity)) shortest = run.slice(start, end)
  })
  return shortest ?? ''
}

/** Each gap with where the one before it ended; the end of the run is one of no length. */
function eachGap(run: string, isGap: IsGap, tell: (done: number, start: number, end: number) => void): void {
  let done = 0
  for (let at = 0; at < run.length; at++) {
    if (!isGap(run.charCodeAt(at))) continue
    const start = at
    while (at < run.length && isGap(run.charCodeAt(at))) at++
    tell(done, start, at)
    done = at
  }
  if (done < run.length) tell(done, run.length, run.length)
}

/** The vocabulary letter by letter: 26 followers a node, and whether a word ends there. */
const trie = once(() => trieOf(vocabulary()))

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

/** Letters without a blank are cut into words up to so many in a text: nobody reads further either. */
const MOST_PARTED = 10_000
const A_WORD = 1
const A_LOOSE_LETTER = 3

/** Letters cut into words, as few and as long as can be; what is no word stays single letters. */
export function parted(letters: string): string {
  const { next, isEnd } = trie()
  const cost = new Float64Array(letters.length + 1).fill(Infinity)
  const from = new Int32Array(letters.length + 1)
  cost[0] = 0
  for (let start = 0; start < letters.length; start++) {
    improve(cost, from, start, start + 1, A_LOOSE_LETTER)
    for (let at = start, node = 0; at < letters.length; at++) {
      const letter = letters.charCodeAt(at) - 97
      node = letter < 0 || letter > 25 ? 0 : next[node * 26 + letter]!
      if (node === 0) break
      if (isEnd[node] === 1) improve(cost, from, start, at + 1, A_WORD)
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

const LEAST_RUN = 18
const MOST_RUN = 2000

/** Long runs of letters that are several words without blanks, read where the text before had long words: start, end, … */
export function apart(normal: Normal, longWords: readonly number[]): Rewritten | undefined {
  const { text } = normal
  let left = MOST_PARTED
  let done = 0
  const found: { start: number; end: number; word: string }[] = []
  for (let at = 0; at < longWords.length; at += 2) {
    const { start, end } = lettersAround(text, Math.max(done, placeOf(normal, longWords[at]!)))
    done = end
    if (end - start < LEAST_RUN || end - start > MOST_RUN) continue
    if ((left -= end - start) < 0) break
    const word = parted(text.slice(start, end))
    const isRead = word.split(' ').filter((part) => part.length > 2 && known().has(part)).length >= 3
    if (isRead) found.push({ start, end, word })
  }
  return found.length === 0 ? undefined : replaced(text, found)
}

function lettersAround(text: string, place: number): { start: number; end: number } {
  let start = place
  let end = place
  while (start > 0 && isSmall(text.charCodeAt(start - 1))) start--
  while (end < text.length && isSmall(text.charCodeAt(end))) end++
  return { start, end }
}

function isSmall(code: number): boolean {
  return code >= 97 && code <= 122
}

/** Where in the normal form a place of its source stands, or what comes first behind it. */
function placeOf({ text, from }: Normal, source: number): number {
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (from[middle]! < source) low = middle + 1
    else high = middle
  }
  return low
}
