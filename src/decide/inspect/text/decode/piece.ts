import type { Shape } from './shape.ts'
import { looksLikeWords } from './words.ts'
import { Rewriting, type Rewritten } from '../view.ts'

/** Codings that make a run of marks out of a text: found by their shape, kept when what comes out may be words. */
interface Coding {
  readonly name: string
  /** Bounded, or of classes that do not overlap, so that it is linear. */
  readonly shape: RegExp
  /** Tried only where runs of letters and digits in both cases begin. */
  readonly isOfMixedRuns?: true
  readonly decode: (piece: string) => string
  /** Whether it is worth looking for. */
  readonly isLikely: (shape: Shape) => boolean
}

const CODINGS: readonly Coding[] = [
  {
    name: 'hex',
    isLikely: ({ hasLongRun, hasDigits, backslashes }) => hasLongRun || hasDigits || backslashes > 7,
    shape: /(?:0x|\\x)?[0-9a-f]{2}(?:[ :,-]{0,2}(?:0x|\\x)?[0-9a-f]{2}){11,}/gi,
    decode: (piece) => utf8(Buffer.from(piece.replaceAll(/0x|\\x|[^0-9a-f]/gi, ''), 'hex')),
  },
  {
    name: 'binary',
    isLikely: ({ hasLongRun, hasDigits }) => hasLongRun || hasDigits,
    shape: /[01]{8}(?: ?[01]{8}){7,}/g,
    decode: (piece) =>
      utf8(Uint8Array.from(piece.replaceAll(' ', '').match(/.{8}/g)!, (bits) => Number.parseInt(bits, 2))),
  },
  {
    name: 'decimal',
    isLikely: ({ hasDigits }) => hasDigits,
    shape: /\b\d{2,3}(?:[ ,;]{1,2}\d{2,3}){11,}/g,
    decode: (piece) => String.fromCharCode(...piece.match(/\d+/g)!.slice(0, 8192).map(Number)),
  },
  {
    name: 'base32',
    isLikely: ({ hasLongRun }) => hasLongRun,
    shape: /(?<![A-Za-z0-9])(?:[A-Z2-7]{24,}|[a-z2-7]{24,})={0,6}/g,
    decode: (piece) => utf8(fromBase32(piece)),
  },
  {
    name: 'base64',
    isLikely: ({ mixedRuns }) => mixedRuns.length > 0,
    shape: /[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,76})*={0,2}/y,
    isOfMixedRuns: true,
    decode: fromBase64,
  },
  {
    name: 'morse',
    isLikely: ({ hasMorse }) => hasMorse,
    shape: /[.-]{1,5}(?: {1,3}(?:\/ {1,3})?[.-]{1,5}){11,}/g,
    decode: fromMorse,
  },
]

/** Longer than what is looked at of what comes out, in any coding but one of bits. */
const BEGINNING = 4096

export interface Decoded {
  readonly name: string
  readonly rewritten: Rewritten
}

/** All pieces of one coding make one text, a line each. */
export function decodedPieces(text: string, made: Shape, budget: number): Decoded[] {
  const found: Decoded[] = []
  for (const { name, shape, decode, isLikely, isOfMixedRuns } of CODINGS) {
    if (!isLikely(made)) continue
    const out = new Rewriting()
    let end = 0
    for (const match of isOfMixedRuns === true ? ofRuns(text, shape, made) : text.matchAll(shape)) {
      if (out.length > budget) break
      // of a long one the beginning tells whether the rest is worth it
      if (match[0].length > BEGINNING && !looksLikeWords(decode(match[0].slice(0, BEGINNING)))) continue
      const decoded = decode(match[0])
      if (!looksLikeWords(decoded)) continue
      if (out.length > 0) out.put('\n\n', match.index)
      out.stretch(decoded.slice(0, budget), match.index, match[0].length)
      end = match.index + match[0].length
    }
    if (out.length > 0) found.push({ name, rewritten: out.done(end) })
  }
  return found
}

/** Where a run begins, and behind the first marks within it, which may be no part of the coding, as in an address. */
function* ofRuns(text: string, shape: RegExp, { mixedRuns }: Shape): Generator<RegExpExecArray> {
  let done = 0
  for (let run = 0; run < mixedRuns.length; run += 2) {
    const start = codingIn(text, Math.max(mixedRuns[run]!, done), mixedRuns[run + 1]!)
    if (start < 0) continue
    shape.lastIndex = start
    const match = shape.exec(text)
    if (match === null) continue
    done = start + match[0].length
    yield match
  }
}

const LEAST = 16
const FIRST = 48
const MOST_STARTS = 5
const MARKS = /[+/_-]/g

/** The first place in a run from which it decodes to what may be words; -1 where there is none. */
function codingIn(text: string, from: number, end: number): number {
  let start = from
  for (let tries = 0; tries < MOST_STARTS && end - start >= LEAST; tries++) {
    if (beginsAsWords(text.slice(start, Math.min(end, start + FIRST)))) return start
    MARKS.lastIndex = start
    if (!MARKS.test(text)) break
    start = MARKS.lastIndex
  }
  return -1
}

/** The first bytes of what is no coding of words look like noise, and it need not be decoded whole. */
function beginsAsWords(piece: string): boolean {
  const bytes = Buffer.from(piece, 'base64')
  if (bytes[1] === 0 && bytes[3] === 0) return true // PowerShell writes UTF-16
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return false
  return looksLikeWords(bytes.toString('utf8').replace(/\ufffd+$/, '')) // the last character may be cut
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function fromBase64(piece: string): string {
  if (!/[a-z]/.test(piece) || !/[A-Z0-9]/.test(piece)) return ''
  const bytes = Buffer.from(piece.replaceAll(/\s/g, ''), 'base64')
  // PowerShell writes UTF-16
  return bytes.length > 8 && bytes[1] === 0 && bytes[3] === 0
    ? bytes.toString('utf16le')
    : bytes.toString('utf8')
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function fromBase32(piece: string): Uint8Array {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const char of piece.toUpperCase()) {
    const value = BASE32.indexOf(char)
    if (value < 0) break
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 255)
  }
  return Uint8Array.from(bytes)
}

const MORSE: ReadonlyMap<string, string> = new Map(
  '.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..'
    .split(' ')
    .map((code, at) => [code, String.fromCharCode(97 + at)] as const),
)

function fromMorse(piece: string): string {
  return piece
    .split(/ {3}| *\/ */)
    .map((word) =>
      word
        .split(/ +/)
        .map((code) => MORSE.get(code) ?? '')
        .join(''),
    )
    .join(' ')
}
