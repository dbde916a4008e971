/**
 * What a text is made of, in one pass: the cheap tests that most decoders end with, taken together.
 */
export interface Shape {
  /** A run of letters, digits and the marks of base64, in capitals and small letters. */
  readonly hasMixedRun: boolean
  /** Letters of one case and digits, or digits of hex, longer than words are. */
  readonly hasLongRun: boolean
  /** Pairs of hex digits, or numbers, one after the other with little between. */
  readonly hasDigits: boolean
  /** Single letters or digits with one mark or blank between, several in a row. */
  readonly hasSingles: boolean
  /** Dots and hyphens as Morse has them. */
  readonly hasMorse: boolean
  /** Small letters without end, as when blanks were left out. */
  readonly hasLongWord: boolean
  /** Words with digits or marks among their letters. */
  readonly mixedWords: number
  readonly backslashes: number
  readonly ampersands: number
  readonly percents: number
  readonly equals: number
}

const LETTER = 1
const DIGIT = 2
const CODED = 4 // other marks of base64
const DOT = 8 // what Morse is made of
const SWAP = 16 // marks that stand for letters
const CAPITAL = 32
const HEX = 64
const KIND = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  if (/[a-z]/i.test(char))
    return LETTER | (/[A-Z]/.test(char) ? CAPITAL : 0) | (/[a-f]/i.test(char) ? HEX : 0)
  if (/\d/.test(char)) return DIGIT | HEX
  return (
    (/[+/_=-]/.test(char) ? CODED : 0) | (/[.-]/.test(char) ? DOT : 0) | (/[@$!|+]/.test(char) ? SWAP : 0)
  )
})

const LEAST_MIXED = 16
const LEAST_RUN = 24
const LEAST_LONG = 18
const LEAST_SINGLES = 6
const LEAST_DIGITS = 10
const LEAST_MORSE = 8

export function shapeOf(text: string): Shape {
  let [hasMixedRun, hasLongRun, hasDigits, hasSingles, hasMorse, hasLongWord] = [
    false,
    false,
    false,
    false,
    false,
    false,
  ]
  let [mixedWords, backslashes, ampersands, percents, equals] = [0, 0, 0, 0, 0]
  let [run, word, letters, singles, groups, morse] = [0, 0, 0, 0, 0, 0]
  let [ofRun, ofWord, caseOfWord, isHex, hasSwap] = [0, 0, 0, HEX, false]
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 32
    const kind = code < 128 ? KIND[code]! : 0
    if ((kind & (LETTER | DIGIT | CODED)) !== 0) {
      run++
      ofRun |= (kind & LETTER) === 0 ? 0 : (kind & CAPITAL) === 0 ? 1 : 2
      if (run >= LEAST_MIXED && ofRun === 3) hasMixedRun = true
    } else run = ofRun = 0
    if ((kind & (LETTER | DIGIT)) !== 0) {
      word++
      ofWord |= kind
      caseOfWord |= (kind & LETTER) === 0 ? 0 : (kind & CAPITAL) === 0 ? 1 : 2
      isHex &= kind
      if ((kind & LETTER) !== 0 && ++letters >= LEAST_LONG && letters === word) hasLongWord = true
      continue
    }
    if (word > 0) {
      if (word >= LEAST_RUN && (isHex !== 0 || caseOfWord !== 3)) hasLongRun = true
      singles = word === 1 ? singles + 1 : 0
      if (singles >= LEAST_SINGLES) hasSingles = true
      groups = isHex !== 0 && word <= 8 && (word === 2 || (ofWord & DIGIT) !== 0) ? groups + 1 : 0
      if (groups >= LEAST_DIGITS) hasDigits = true
      if (hasSwap || (ofWord & (LETTER | DIGIT)) === (LETTER | DIGIT)) mixedWords++
    }
    hasSwap = (kind & SWAP) !== 0 && word > 0
    if ((kind & DOT) !== 0) {
      if (++morse >= LEAST_MORSE) hasMorse = true
    } else if (code !== 32 && code !== 47) morse = 0
    word = letters = ofWord = caseOfWord = 0
    isHex = HEX
    if (code === 92) backslashes++
    else if (code === 38) ampersands++
    else if (code === 37) percents++
    else if (code === 61) equals++
  }
  return {
    ...{ hasMixedRun, hasLongRun, hasDigits, hasSingles, hasMorse, hasLongWord, mixedWords },
    ...{ backslashes, ampersands, percents, equals },
  }
}
