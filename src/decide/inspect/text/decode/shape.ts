import { isDoubtful, packedLeanings } from './lean.ts'

/**
 * What a text is made of, in one pass: the cheap tests that most decoders end with, taken together.
 */
export interface Shape {
  /** Runs of letters, digits and the marks of base64, in capitals and small letters: start, end, start, end, … */
  readonly mixedRuns: readonly number[]
  /** Letters of one case and digits, or digits of hex, longer than words are. */
  readonly hasLongRun: boolean
  /** Pairs of hex digits, or numbers, one after the other with little between. */
  readonly hasDigits: boolean
  /** Where single characters stand one after the other with marks or blanks between: start, end, start, end, … */
  readonly singles: readonly number[]
  /** Dots and hyphens as Morse has them. */
  readonly hasMorse: boolean
  /** Letters without end, as when blanks were left out: start, end, start, end, … */
  readonly longWords: readonly number[]
  /** Where letters stand as they hardly do in words: start, end, start, end, … */
  readonly doubtful: readonly number[]
  /** Words with digits or marks before letters that are no number in hex. */
  readonly mixedWords: number
  readonly backslashes: number
  readonly ampersands: number
  readonly percents: number
  readonly equals: number
  /** `"`, without which there is no string. */
  readonly quotes: number
  /** `<`, which begins a tag. */
  readonly angles: number
  /** `]`, which ends the text of a link. */
  readonly brackets: number
}

const SMALL = 1
const CAPITAL = 2
const DIGIT = 4
const NOT_HEX = 8
const CODED = 16 // other marks of base64
const DOT = 32 // what Morse is made of
const SWAP = 64 // marks that stand for letters
const BLANK = 128
const WORD = SMALL | CAPITAL | DIGIT
const LETTER = SMALL | CAPITAL
const KIND = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  const hex = /[a-f]/i.test(char) ? 0 : NOT_HEX
  if (/[a-z]/.test(char)) return SMALL | hex
  if (/[A-Z]/.test(char)) return CAPITAL | hex
  if (/\d/.test(char)) return DIGIT
  return (
    (/[+/_-]/.test(char) ? CODED : 0) |
    (/[.-]/.test(char) ? DOT : 0) |
    (/[@$!]/.test(char) ? SWAP : 0) |
    (/[ /]/.test(char) ? BLANK : 0)
  )
})

const LEAST_MIXED = 16
const LEAST_RUN = 24
const LEAST_LONG = 18
const LEAST_SINGLES = 6
const LEAST_DIGITS = 10
const LEAST_MORSE = 8
const MOST_RUNS = 20_000
/** Letters are looked at in blocks that end with a word. */
const BLOCK = 32
/** Longer words add up to more than half a number holds. */
const LONGEST_SUM = 400

export function shapeOf(text: string): Shape {
  const mixedRuns: number[] = []
  const doubtful: number[] = []
  const leanings = packedLeanings()
  const counts = new Uint32Array(128)
  const singles: number[] = []
  const longWords: number[] = []
  let [hasLongRun, hasDigits, hasMorse] = [false, false, false]
  let [mixedWords, alone, groups, morse, ofRun] = [0, 0, 0, 0, 0]
  let [runStart, wordEnd, swap, aloneFrom] = [-1, -1, -1, 0]
  let [block, leaning] = [0, 0]
  const length = text.length
  for (let at = 0; at < length;) {
    let code = text.charCodeAt(at)
    let kind = code < 128 ? KIND[code]! : 0
    if ((kind & WORD) !== 0) {
      const start = at
      let made = 0
      let before = 0
      do {
        made |= kind
        const letter = (kind & LETTER) === 0 ? 0 : code & 31
        leaning = (leaning + leanings[(before << 5) | letter]!) | 0
        before = letter
        code = ++at < length ? text.charCodeAt(at) : 0
        kind = code < 128 ? KIND[code]! : 0
      } while ((kind & WORD) !== 0)
      leaning = (leaning + leanings[before << 5]!) | 0
      const size = at - start
      morse = 0
      if (at - block >= BLOCK) {
        if (size > LONGEST_SUM || isDoubtful(leaning)) doubtful.push(block, at)
        block = at
        leaning = 0
      }
      if (runStart < 0) runStart = start
      ofRun |= made
      const isHex = (made & NOT_HEX) === 0
      if (size === 1) {
        if (alone++ === 0) aloneFrom = start
      } else {
        if (alone >= LEAST_SINGLES && singles.length < MOST_RUNS) singles.push(aloneFrom, start)
        alone = 0
      }
      if (size >= LEAST_LONG) {
        if ((made & DIGIT) === 0) longWords.push(start, at)
        if (size >= LEAST_RUN && (isHex || (made & LETTER) !== LETTER)) hasLongRun = true
      }
      if (isHex && size <= 8 && (size === 2 || (made & DIGIT) !== 0)) {
        if (++groups >= LEAST_DIGITS) hasDigits = true
      } else groups = 0
      if ((made & DIGIT) !== 0 ? !isHex && hasDigitFirst(text, start, at) : swap === start) mixedWords++
      if (at === length) break
      wordEnd = at
    }
    // here stands a mark, a blank or something beyond ASCII
    if (code < 128) counts[code] = counts[code]! + 1
    else if (isAlone(text, at) && alone++ === 0) aloneFrom = at
    if (runStart >= 0 && (kind & CODED) === 0) {
      if (at - runStart >= LEAST_MIXED && (ofRun & LETTER) === LETTER && mixedRuns.length < MOST_RUNS)
        mixedRuns.push(runStart, at)
      runStart = -1
      ofRun = 0
    }
    if ((kind & DOT) !== 0) {
      if (++morse >= LEAST_MORSE) hasMorse = true
    } else if ((kind & BLANK) === 0) morse = 0
    if ((kind & SWAP) !== 0 && (wordEnd === at || swap === at)) swap = at + 1
    at++
  }
  if (block < length && isDoubtful(leaning)) doubtful.push(block, length)
  if (runStart >= 0 && length - runStart >= LEAST_MIXED && (ofRun & LETTER) === LETTER)
    mixedRuns.push(runStart, length)
  if (alone >= LEAST_SINGLES) singles.push(aloneFrom, length)
  return {
    ...{ mixedRuns, doubtful, singles, longWords, hasLongRun, hasDigits, hasMorse, mixedWords },
    ...{ backslashes: counts[92]!, ampersands: counts[38]!, percents: counts[37]!, equals: counts[61]! },
    ...{ quotes: counts[34]!, angles: counts[60]!, brackets: counts[93]! },
  }
}

/** A letter of another script may be spaced out, too. */
function isAlone(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === 32 && text.charCodeAt(at + 1) === 32
}

/** A digit with a letter behind it: `1gn0re`, and not `utf8`. */
function hasDigitFirst(text: string, start: number, end: number): boolean {
  for (let at = start; at < end - 1; at++)
    if (text.charCodeAt(at) < 58 && text.charCodeAt(at + 1) > 58) return true
  return false
}
