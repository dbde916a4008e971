import type { Shape } from './shape.ts'
import { looksLikeWords } from './words.ts'
import { Rewriting, type Rewritten } from '../view.ts'

/** Codings that make a run of marks out of a text: found by their shape, kept when what comes out may be words. */
interface Coding {
  readonly name: string
  /** Bounded, or of classes that do not overlap, so that it is linear. */
  readonly shape: RegExp
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
    isLikely: ({ hasMixedRun }) => hasMixedRun,
    shape: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,76})*={0,2}/g,
    decode: fromBase64,
  },
  {
    name: 'morse',
    isLikely: ({ hasMorse }) => hasMorse,
    shape: /[.-]{1,5}(?: {1,3}(?:\/ {1,3})?[.-]{1,5}){11,}/g,
    decode: fromMorse,
  },
]

export interface Decoded {
  readonly name: string
  readonly rewritten: Rewritten
}

/** All pieces of one coding make one text, a line each. */
export function decodedPieces(text: string, made: Shape, budget: number): Decoded[] {
  const found: Decoded[] = []
  for (const { name, shape, decode, isLikely } of CODINGS) {
    if (!isLikely(made)) continue
    const out = new Rewriting()
    let end = 0
    for (const match of text.matchAll(shape)) {
      if (out.length > budget) break
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
