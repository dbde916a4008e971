/**
 * Characters nobody sees: zero-width ones, direction marks, tag characters, fillers, private-use ones. Most have honest
 * uses: emoji are joined and varied with them, Persian and Indic words need joiners, Arabic and Hebrew need direction
 * marks. What is told of is only what has no such use where it stands.
 */

/** 1: takes no room and may go; 2: turns the direction; 3: a tag character, ASCII that cannot be seen. */
export type InvisibleKind = 1 | 2 | 3

const TAG_FIRST = 0xe0000
const TAG_LAST = 0xe007f
const ZERO_WIDTH = new Set([
  0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180c, 0x180d, 0x180e, 0x200b, 0x200c, 0x200d,
  0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0x3164, 0xfeff,
  0xffa0, 0xfff9, 0xfffa, 0xfffb,
])
const TURNS = new Set([
  0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069,
])

/** By 64 code points: 1 where an unseen one is among them. */
const BLOCKS = new Uint8Array(0x10000 >> 6)
for (const code of [...ZERO_WIDTH, ...TURNS, 0xfe00]) BLOCKS[code >> 6] = 1

/** What kind of unseen character this code point is; undefined for one that can be seen. */
export function invisibleKind(code: number): InvisibleKind | undefined {
  if (code < 0xad) return undefined
  if (code >= 0x10000) return code >= TAG_FIRST && code <= TAG_LAST ? 3 : isHighSelector(code) ? 1 : undefined
  // most of what lies beyond ASCII shares its block with nothing unseen
  if (BLOCKS[code >> 6] === 0) return undefined
  if (TURNS.has(code)) return 2
  return ZERO_WIDTH.has(code) || (code >= 0xfe00 && code <= 0xfe0f) ? 1 : undefined // variation selectors
}

function isHighSelector(code: number): boolean {
  return code >= 0xe0100 && code <= 0xe01ef
}

/** What unseen characters a text holds, and what they say. */
export interface Invisible {
  /** All of them, honest or not. */
  readonly count: number
  /** Places of those that no script, emoji or line needs. */
  readonly odd: readonly number[]
  /** Places of marks that make text read in another order than it is shown, in text that runs one way only. */
  readonly turned: readonly number[]
  /** What tag characters or runs of variation selectors spell, with where it stands. */
  readonly spelled: readonly { readonly text: string; readonly start: number; readonly end: number }[]
}

const NONE: Invisible = { count: 0, odd: [], turned: [], spelled: [] }
/** The cheap look that most texts end with: nothing in them is beyond ASCII and beyond accented letters. */
const ANY = /[^\0-\xac\xae-\u02ff]/
/** Scripts that run from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/
const ENOUGH = 64

export function invisibleIn(text: string): Invisible {
  if (!ANY.test(text)) return NONE
  const odd: number[] = []
  const turned: number[] = []
  const spelled: { text: string; start: number; end: number }[] = []
  const runsBothWays = RIGHT_TO_LEFT.test(text)
  let count = 0
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) < 0xad) continue
    const code = text.codePointAt(at)!
    const kind = invisibleKind(code)
    const width = code > 0xffff ? 2 : 1
    if (kind !== undefined) {
      count++
      if (kind === 3 || code >= 0xfe00) {
        const end = runEnd(text, at)
        const said = saidBy(text.slice(at, end))
        if (said !== '') spelled.push({ text: said, start: at, end })
        else if (!isHonestSelector(text, at, end)) odd.push(at)
        count += countIn(text.slice(at, end)) - 1
        at = end - 1
        continue
      }
      if (kind === 2 && !isHonestTurn(code, runsBothWays) && turned.length < ENOUGH) turned.push(at)
      if (kind === 1 && !isHonestWidth(text, at, code) && odd.length < ENOUGH) odd.push(at)
    }
    at += width - 1
  }
  return { count, odd, turned, spelled }
}

function countIn(run: string): number {
  return Array.from(run).length
}

/** Where a run of tag characters or variation selectors ends. */
function runEnd(text: string, start: number): number {
  let at = start
  while (at < text.length) {
    const code = text.codePointAt(at)!
    const kind = invisibleKind(code)
    if (kind !== 3 && !(kind === 1 && code >= 0xfe00)) break
    at += code > 0xffff ? 2 : 1
  }
  return at
}

/** What a run spells: tag characters are ASCII moved up, and 256 variation selectors can carry bytes. */
function saidBy(run: string): string {
  const codes = Array.from(run, (char) => char.codePointAt(0)!)
  const ascii = codes
    .filter((code) => code > TAG_FIRST + 0x1f && code < TAG_LAST)
    .map((code) => String.fromCharCode(code - TAG_FIRST))
    .join('')
  // the flags of England, Scotland, Wales and their like: a flag, then up to six tags and a cancel tag
  if (ascii !== '') return ascii.length <= 6 && codes.at(-1) === TAG_LAST ? '' : ascii
  const bytes = codes
    .filter((code) => code >= 0xfe00 && code < TAG_FIRST)
    .concat(codes.filter((code) => code >= 0xe0100))
  if (bytes.length < 4) return ''
  const selected = codes.map((code) => (code < 0xff00 ? code - 0xfe00 : code - 0xe0100 + 16))
  const text = String.fromCharCode(...selected.filter((byte) => byte >= 0 && byte < 128).slice(0, 4096))
  return /^[\x09-\x7e]{4,}$/.test(text) ? text : ''
}

/** One selector behind something that can be varied, or the tags of a flag. */
function isHonestSelector(text: string, start: number, end: number): boolean {
  if (countIn(text.slice(start, end)) === 1)
    return start > 0 && text.charCodeAt(start) !== 0xfeff
      ? text.charCodeAt(start - 1) > 0x22
      : text.charCodeAt(start) === 0xfeff
  return text.codePointAt(start - 2) === 0x1f3f4
}

function isHonestTurn(code: number, runsBothWays: boolean): boolean {
  // an override shows letters in another order in any script; a mark or an isolate is needed where two directions meet
  return runsBothWays ? code !== 0x202d && code !== 0x202e : code === 0x200e
}

const NEEDS_JOINERS =
  /[\u0600-\u08ff\u0900-\u0dff\u0e80-\u0fff\u1000-\u109f\u1780-\u18af\u1c00-\u1c7f\ua8e0-\ua8ff\ufb50-\ufdff\ufe70-\ufefc]/
const PICTURE = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f|\u20e3/u

function isHonestWidth(text: string, at: number, code: number): boolean {
  if (code === 0xfeff && at === 0) return true // a byte order mark
  const before = charBefore(text, at)
  const after = text.slice(at + 1, at + 3)
  if (code === 0x200d && PICTURE.test(before)) return true
  if (NEEDS_JOINERS.test(before) || NEEDS_JOINERS.test(after)) return true
  // a soft hyphen or a zero-width space shows where a long word may be broken; scripts without spaces live by the latter
  if (code === 0x200b || code === 0xad)
    return !isBetweenLatin(before, after) || code === 0xad ? isSparse(text, at, code) : false
  return /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af\u1800-\u18af]/.test(before)
}

function charBefore(text: string, at: number): string {
  return text.slice(Math.max(0, at - 2), at)
}

function isBetweenLatin(before: string, after: string): boolean {
  return /[a-z]$/i.test(before) && /^[a-z]/i.test(after)
}

/** None like it within four characters: one that breaks words stands a syllable from the next. */
function isSparse(text: string, at: number, code: number): boolean {
  const sign = String.fromCharCode(code)
  return !text.slice(at + 1, at + 3).includes(sign) && !text.slice(Math.max(0, at - 2), at).includes(sign)
}
