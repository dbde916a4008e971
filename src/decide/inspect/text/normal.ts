import { foldedChar, latinOf } from './folding.ts'
import { invisibleKind } from './invisible.ts'

/** A text as it is compared, and for each of its characters where in the source it comes from. */
export interface Normal {
  readonly text: string
  /** One longer than the text, so that the end of the last character is known. */
  readonly from: Int32Array
}

/** What becomes of each ASCII character: itself, a small letter, 32 for blanks, 10 for a line end, 0 for what goes. */
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 65 && code <= 90) return code + 32
  if (code === 10 || code === 13) return 10
  if (code <= 32 || code === 95) return 32 // an underscore joins words that are meant to be read apart
  if (code === 42 || code === 96 || code === 126 || code === 127) return 0 // emphasis and code marks
  return code
})

/**
 * The normal form: compatibility characters, accents and capitals folded, what cannot be seen and marks of emphasis
 * taken out, letters of other scripts in Latin words read as what they pass for, blanks made one; two line ends or more
 * become one line end, and one a blank.
 */
export function normalOf(source: string): Normal {
  return plainly(source) ?? unfolded(source)
}

/** The short way, for most texts: nothing to fold but capitals. Undefined where something lies beyond ASCII. */
function plainly(source: string): Normal | undefined {
  const bytes = Buffer.allocUnsafe(source.length)
  const from = new Int32Array(source.length + 1)
  let length = 0
  let last = 32
  let ends = 0
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code > 127) return undefined
    const plain = ASCII[code]!
    if (plain > 32) {
      bytes[length] = last = plain
      from[length++] = at
      ends = 0
      continue
    }
    if (plain === 0) continue
    if (code === 27) at = behindSequence(source, at)
    if (plain === 10 && !(code === 10 && source.charCodeAt(at - 1) === 13)) ends++
    if (last !== 32 && last !== 10) {
      bytes[length] = last = 32
      from[length++] = at
    } else if (ends > 1 && length > 0) bytes[length - 1] = last = 10
  }
  from[length] = source.length
  return { text: bytes.toString('latin1', 0, length), from: from.subarray(0, length + 1) }
}

/** The last character of what a terminal obeys, such as a colour, so that it does not become part of a word. */
function behindSequence(source: string, at: number): number {
  if (source.charCodeAt(at + 1) !== 91) return at
  const most = Math.min(source.length - 1, at + LONGEST_SEQUENCE)
  for (let end = at + 2; end <= most; end++) {
    const code = source.charCodeAt(end)
    if (code >= 64 && code <= 126) return end
    if (code < 32 || code > 126) return at
  }
  return at
}

const LONGEST_SEQUENCE = 40

function unfolded(source: string): Normal {
  // a few characters unfold into several
  const room = source.length * 2 + SLACK * 2
  const chars = new Uint16Array(room)
  const from = new Int32Array(room + 1)
  const length = fold(source, chars, from)
  from[length] = source.length
  const text = Buffer.from(chars.buffer, 0, length * 2).toString('utf16le')
  return { text, from: from.subarray(0, length + 1) }
}

const SLACK = 32

/** {@link normalOf}, the text alone. */
export function normalTextOf(source: string): string {
  return normalOf(source).text
}

function fold(source: string, chars: Uint16Array, from: Int32Array): number {
  const room = chars.length - SLACK
  let length = 0
  let wordStart = 0
  let isMixed = false
  let ends = 0
  const passing: number[] = [] // words of look-alikes alone: start, end
  let isForeign = false
  for (let at = 0; at < source.length && length < room; at++) {
    const code = source.charCodeAt(at)
    if (code > 127) {
      const point = source.codePointAt(at)!
      const start = at
      if (point > 0xffff) at++
      if (invisibleKind(point) !== undefined) continue
      const folded = foldedChar(point)
      if (folded === '') continue
      const first = folded.charCodeAt(0)
      if (first !== 32 && first !== 10) {
        for (let i = 0; i < folded.length && length < room; i++) {
          chars[length] = folded.charCodeAt(i)
          from[length++] = start
        }
        ends = 0
        if (first > 127) isMixed = true
        continue
      }
    }
    const plain = code > 127 ? 32 : ASCII[code]!
    if (plain === 0) continue
    if (plain !== 32 && plain !== 10) {
      chars[length] = plain
      from[length++] = at
      ends = 0
      continue
    }
    if (code === 27) at = behindSequence(source, at)
    if (plain === 10 && !(code === 10 && source.charCodeAt(at - 1) === 13)) ends++
    if (isMixed) {
      const kind = foldWord(chars, wordStart, length)
      if (kind === 'foreign') isForeign = true
      if (kind === 'passing') passing.push(wordStart, length)
      isMixed = false
    }
    const last = length === 0 ? 32 : chars[length - 1]!
    if (last === 32 || last === 10) {
      if (ends > 1 && length > 0) chars[length - 1] = 10
    } else {
      chars[length] = 32
      from[length++] = at
    }
    wordStart = length
  }
  if (isMixed) {
    const kind = foldWord(chars, wordStart, length)
    if (kind === 'foreign') isForeign = true
    if (kind === 'passing') passing.push(wordStart, length)
  }
  // in a text with real words of that script they are words of it as well
  if (!isForeign)
    for (let at = 0; at < passing.length; at += 2) toLatin(chars, passing[at]!, passing[at + 1]!)
  return length
}

/** Folds a word that mixes Latin letters with such as pass for them; tells of one that has no Latin letter at all. */
function foldWord(chars: Uint16Array, start: number, end: number): 'foreign' | 'passing' | 'done' {
  let latin = 0
  let passing = 0
  let others = 0
  for (let at = start; at < end; at++) {
    const code = chars[at]!
    if (code < 128) latin += code >= 97 && code <= 122 ? 1 : 0
    else if (latinOf(code) !== 0) passing++
    else if (isLetter(code)) others++
  }
  if (others > latin || (latin === 0 && others > 0)) return 'foreign'
  if (passing === 0) return 'done'
  if (latin === 0) return 'passing'
  toLatin(chars, start, end)
  return 'done'
}

function isLetter(code: number): boolean {
  return code < 0x2000 || code >= 0x2c00
}

function toLatin(chars: Uint16Array, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const letter = chars[at]! > 127 ? latinOf(chars[at]!) : 0
    if (letter !== 0) chars[at] = letter
  }
}
