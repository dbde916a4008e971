import { once } from './once.ts'

/**
 * What each character is read as. Look-alikes of Latin letters are folded only where a word mixes scripts, so that real
 * Russian, Greek or Cherokee stays what it is.
 */

/** Letters of other scripts that pass for Latin ones, after compatibility folding and in small letters. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  a: 'а α ɑ ⍺ ᴀ ａ',
  b: 'ь ƅ ʙ ᏼ в',
  c: 'с ϲ ᴄ ⲥ ꮯ ƈ',
  d: 'ԁ ɗ ᴅ ꮷ ď',
  e: 'е ҽ ᴇ є ε ℮ ɛ',
  f: 'ƒ ꜰ ſ ϝ',
  g: 'ɡ ց ɢ ƍ ԍ',
  h: 'һ հ ʜ н ħ',
  i: 'і ι ı ɪ ї ɩ ⅰ ӏ ꙇ ׀',
  j: 'ј ϳ ᴊ ʝ',
  k: 'κ к ᴋ ƙ',
  l: 'ⅼ ʟ ł ɭ ǀ ꓲ',
  m: 'м ᴍ ⅿ ɱ',
  n: 'ո п η ɴ ռ ñ',
  o: 'о ο օ ᴏ ๐ օ σ ө ø ᎧO',
  p: 'р ρ ᴘ ƿ þ ⲣ',
  q: 'ԛ գ զ',
  r: 'г ʀ ᴦ ꮁ ɾ',
  s: 'ѕ ꜱ ƽ ꮪ ʂ',
  t: 'т τ ᴛ ŧ ƭ',
  u: 'υ ս ᴜ ʋ ц ս',
  v: 'ν ѵ ᴠ ט',
  w: 'ԝ ѡ ա ᴡ ш ω',
  x: 'х χ × ⅹ ᕁ',
  y: 'у ү γ ʏ ყ',
  z: 'ᴢ ʐ ƶ ᏃZ',
}

const latinLetters = once((): ReadonlyMap<number, number> => {
  const pairs = Object.entries(LOOK_ALIKES).flatMap(([latin, others]) =>
    others.split(/\s*/).map((other) => [other.charCodeAt(0), latin.charCodeAt(0)] as const),
  )
  return new Map(pairs)
})

/** The Latin letter this one passes for, both by their codes; 0 for none. */
export function latinOf(letter: number): number {
  return latinLetters().get(letter) ?? 0
}

const COMBINING = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g
/** Scripts whose marks over letters are ornament to a reader; in others they are letters of their own. */
const HAS_ACCENTS = /^[\u00c0-\u052f\u1e00-\u1fff]/
const REGIONAL_A = 0x1f1e6
const ODD: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['’', "'"],
  ['‘', "'"],
  ['ʼ', "'"],
  ['“', '"'],
  ['”', '"'],
  ['„', '"'],
  ['«', '"'],
  ['»', '"'],
  ['–', '-'],
  ['—', '-'],
  ['ё', 'е'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['đ', 'd'],
])

const known = new Map<number, string>()

/** One character beyond ASCII as it is compared: compatibility form, small, without accents. Empty for a bare accent. */
export function foldedChar(code: number): string {
  const before = known.get(code)
  if (before !== undefined) return before
  const folded = foldFresh(code)
  known.set(code, folded)
  return folded
}

function foldFresh(code: number): string {
  // so that HELLO in flags, which nobody reads as countries, is read as letters
  if (code >= REGIONAL_A && code < REGIONAL_A + 26) return String.fromCharCode(97 + code - REGIONAL_A)
  const plain = String.fromCodePoint(code).normalize('NFKC').toLowerCase()
  const odd = ODD.get(plain)
  if (odd !== undefined) return odd
  const bare = HAS_ACCENTS.test(plain) ? plain.normalize('NFD') : plain
  return bare.replaceAll(COMBINING, '')
}
