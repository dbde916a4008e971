import { isJson } from './decode/strings.ts'

/** Parts of a text in which words are shown rather than said: code, quotations. */
export interface Zones {
  /** What a weight is multiplied with for a hit between these places. */
  readonly factorAt: (start: number, end: number) => number
}

/** So far a quotation goes; a longer one is no quotation but a text with a mark too few. */
const LONGEST_QUOTE = 400
const LONGEST_CODE = 200
const MOST_FENCES = 2000
const IN_FENCE = 0.6
const IN_CODE = 0.6
const IN_QUOTES = 0.75

/** A string of a program, or a quotation; an apostrophe has a letter before it. */
const SINGLE = /(?<![\p{L}\d])'[^'\n]{3,300}'(?![\p{L}\d])/gu
const QUOTES = [
  ['“', '”'],
  ['«', '»'],
  ['„', '“'],
  ['「', '」'],
] as const

interface Zone {
  readonly start: number
  readonly end: number
  readonly factor: number
}

/** Reads mark by mark, once for each kind. In JSON a string is what is said, and no quotation. */
export function zonesOf(text: string): Zones {
  const quoted = isJson(text) ? [] : pairs(text, '"', LONGEST_QUOTE, IN_QUOTES)
  const short = [...pairs(text, '`', LONGEST_CODE, IN_CODE), ...quoted]
  for (const [open, close] of QUOTES) if (text.includes(open)) short.push(...quotes(text, open, close))
  for (const { index, 0: said } of text.matchAll(SINGLE))
    short.push({ start: index, end: index + said.length, factor: IN_QUOTES })
  return { factorAt: among(fences(text), short) }
}

/** Short ones by where they begin: one that reaches a place begins no further before it than the longest is long. */
function among(long: readonly Zone[], short: readonly Zone[]): Zones['factorAt'] {
  const sorted = short.toSorted((a, b) => a.start - b.start)
  return (start, end) => {
    let least = 1
    for (const zone of long) if (zone.start <= start && zone.end >= end) least = Math.min(least, zone.factor)
    for (let at = lastBefore(sorted, start); at >= 0 && sorted[at]!.start >= start - LONGEST_QUOTE; at--)
      if (sorted[at]!.end >= end) least = Math.min(least, sorted[at]!.factor)
    return least
  }
}

function lastBefore(zones: readonly Zone[], place: number): number {
  let [low, high] = [0, zones.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (zones[middle]!.start <= place) low = middle + 1
    else high = middle
  }
  return low - 1
}

function fences(text: string): Zone[] {
  const zones: Zone[] = []
  for (let open = text.indexOf('```'); open >= 0 && zones.length < MOST_FENCES;) {
    const close = text.indexOf('```', open + 3)
    if (close < 0) break // one that is never closed hides nothing
    zones.push({ start: open, end: close + 3, factor: IN_FENCE })
    open = text.indexOf('```', close + 3)
  }
  return zones
}

/** Equal marks at both ends, within a paragraph. */
function pairs(text: string, mark: string, longest: number, factor: number): Zone[] {
  const zones: Zone[] = []
  let open = text.indexOf(mark)
  while (open >= 0) {
    const close = text.indexOf(mark, open + 1)
    if (close < 0) break
    const isNear = close - open <= longest && !text.slice(open, close).includes('\n\n')
    if (isNear) zones.push({ start: open, end: close + 1, factor })
    open = isNear ? text.indexOf(mark, close + 1) : close
  }
  return zones
}

function quotes(text: string, open: string, close: string): Zone[] {
  const zones: Zone[] = []
  for (let at = text.indexOf(open); at >= 0;) {
    const end = text.indexOf(close, at + 1)
    if (end < 0) break
    if (end - at <= LONGEST_QUOTE) zones.push({ start: at, end: end + 1, factor: IN_QUOTES })
    at = text.indexOf(open, end - at <= LONGEST_QUOTE ? end : at + 1)
    if (at >= 0 && at < end - LONGEST_QUOTE) at = text.lastIndexOf(open, end) // the one that belongs to this end
  }
  return zones
}
