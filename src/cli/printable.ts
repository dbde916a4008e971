/**
 * Text for a terminal. Whatever an agent, a file name or a tool description holds, it can neither move the cursor,
 * nor reorder what is read, nor hide: such characters are shown as `\u{202e}`.
 */

/** Colours and weights Warder itself uses (SGR of ECMA-48); none of them hides text. */
const OWN_STYLES = new Set(['0', '1', '2', '4', '22', '24', '31', '32', '33', '36', '39'])

// controls, formats (which hold the bidirectional ones), private use, surrogates, separators, invisible letters
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|[\u{e0000}-\u{e0fff}]/u
const UNSEEN_OR_EMOJI = late(() => new RegExp(`\\p{RGI_Emoji}|${UNSEEN.source}`, 'gv'))
const STYLE = /\u001b\[(\d{1,2})m/g

export interface PrintableOptions {
  /** Lets Warder's own colours through; when there are none, they are shown like any other control. */
  readonly styles?: boolean
  /** Lets newline and tab through. */
  readonly lines?: boolean
}

export function printable(text: string, { styles = false, lines = false }: PrintableOptions = {}): string {
  if (!UNSEEN.test(text)) return text
  if (!styles) return escape(text, lines)
  let result = ''
  let at = 0
  for (const match of text.matchAll(STYLE)) {
    if (!OWN_STYLES.has(match[1] ?? '')) continue
    result += escape(text.slice(at, match.index), lines) + match[0]
    at = match.index + match[0].length
  }
  return result + escape(text.slice(at), lines)
}

function escape(text: string, lines: boolean): string {
  return text.replace(UNSEEN_OR_EMOJI(), (found) => {
    const code = found.codePointAt(0) ?? 0
    // joined emoji hold a zero width joiner, and are one visible sign
    const isSign = found.length > String.fromCodePoint(code).length || !UNSEEN.test(found)
    return isSign || (lines && (found === '\n' || found === '\t')) ? found : `\\u{${code.toString(16)}}`
  })
}

// marks, formats, and the vowels and finals of Hangul syllables written in parts
const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u
const EMOJI = late(() => /^\p{RGI_Emoji}$/v)

/** How many columns a printable text takes: two for wide signs and emoji, none for combining marks and styles. */
export function widthOf(text: string): number {
  const plain = text.replace(STYLE, '')
  // eslint-disable-next-line no-control-regex
  if (/^[\u0020-\u007e]*$/.test(plain)) return plain.length
  let width = 0
  for (const { segment } of signsOf(plain)) width += widthOfSign(segment)
  return width
}

/** What a reader counts as one sign. Made when it is needed: the first one costs as much as all the rest of a start. */
function signsOf(text: string): Intl.Segments {
  return new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)
}

function widthOfSign(sign: string): number {
  if (EMOJI().test(sign)) return 2
  let width = 0
  for (const letter of sign) {
    const isMark = ZERO_WIDTH.test(letter)
    width += isMark ? 0 : isWide(letter.codePointAt(0) ?? 0) ? 2 : 1
  }
  return width
}

/** First and last of each run of East Asian Wide and Fullwidth characters (Unicode Standard Annex 11). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
]

function isWide(code: number): boolean {
  return WIDE.some(([first, last]) => code >= first && code <= last)
}

/** Cut to `width` columns, with an ellipsis where something is missing. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let result = ''
  let used = 0
  for (const { segment } of signsOf(text)) {
    const next = used + widthOfSign(segment)
    if (next > width - 1) break
    result += segment
    used = next
  }
  return `${result}…`
}

/** Made when it is first needed: to compile what knows all emoji takes longer than most commands. */
function late<T>(make: () => T): () => T {
  const made: { value?: T } = {}
  return () => (made.value ??= make())
}
