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

/** Letters that stand apart, put together; undefined where none do. */
export function together(text: string): Rewritten | undefined {
  return joinedRuns(text, ALONE, isBlank) ?? joinedRuns(text, APART, isMark)
}

function joinedRuns(text: string, runs: RegExp, isGap: IsGap): Rewritten | undefined {
  const out = new Rewriting()
  let done = 0
  for (const { 0: run, index } of text.matchAll(runs)) {
    if (!hasLetters(run)) continue
    out.keep(text.slice(done, index), done)
    out.put(joined(run, isGap), index)
    done = index + run.length
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

/** Long runs of letters that are several words without blanks. */
const RUN_TOGETHER = /(?<![a-z])[a-z]{18,2000}(?![a-z])/g

export function apart(text: string): Rewritten | undefined {
  let left = MOST_PARTED
  const found = [...text.matchAll(RUN_TOGETHER)].flatMap((match) => {
    if ((left -= match[0].length) < 0) return []
    const word = parted(match[0])
    const isRead = word.split(' ').filter((part) => part.length > 2 && known().has(part)).length >= 3
    return isRead ? [{ start: match.index, end: match.index + match[0].length, word }] : []
  })
  return found.length === 0 ? undefined : replaced(text, found)
}
