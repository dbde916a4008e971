import type { Leaf } from './types.ts'

/** A sign of hiding: what the text holds that a reader does not see. */
export interface Hidden {
  readonly rule: string
  readonly reason: string
  readonly weight: number
  readonly start: number
  readonly end: number
}

const TAGS = /[\u{e0000}-\u{e007f}]{2,}/u
/** A flag of a region is a black flag and letters of tags, and means no harm. */
const FLAG = /\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{2,6}\u{e007f}/gu
const BIDI = /[\u202a-\u202e\u2066-\u2069]/u
/** What a font draws as nothing. */
const IGNORED = String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{e0100}-\u{e01ef}`
/** Between Latin letters nothing joins and nothing varies; keycaps are digits with a variation behind them. */
const WITHIN_LATIN = new RegExp(String.raw`[\p{Script=Latin}\d](?!\ufe0f\u20e3)[${IGNORED}]`, 'u')
const MANY_INVISIBLE = new RegExp(`[${IGNORED}]{4,}`, 'u')
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u
const COMMENT = /<!--|\[\/\/\]: ?#|<[a-z]{1,10}[^>]{0,200}(?:display: ?none|font-size: ?0|hidden\b)/iu
const WORD = /[\p{L}\p{M}\p{N}]+/gu
const PACKED = /[A-Za-z0-9+/_-]{96,}={0,2}/g

const CHECKS: readonly (readonly [rule: string, weight: number, pattern: RegExp, reason: string])[] = [
  ['hidden.tags', 0.9, TAGS, 'letters written as tag characters, which nobody sees and a model reads'],
  ['hidden.bidi', 0.7, BIDI, 'marks that turn the order of what is read around'],
  ['hidden.invisible', 0.7, WITHIN_LATIN, 'an invisible character inside or beside a Latin word'],
  ['hidden.invisible', 0.7, MANY_INVISIBLE, 'a run of invisible characters'],
  ['hidden.control', 0.7, CONTROL, 'a control character, such as one that moves the cursor of a terminal'],
  ['hidden.comment', 0.4, COMMENT, 'a comment or hidden element, which is not shown where text is rendered'],
]

/** What is hidden in a text; ordinary emoji and ordinary writing of any script hide nothing. */
export function hiddenIn({ text, role }: Leaf): readonly Hidden[] {
  const plain = text.replaceAll(FLAG, (flag) => ' '.repeat(flag.length))
  const found = CHECKS.flatMap(([rule, weight, pattern, reason]) => {
    const match = pattern.exec(plain)
    if (match === null) return []
    return [{ rule, weight, reason, start: match.index, end: match.index + match[0].length }]
  })
  const mixed = mixedWord(text)
  const packed = packedRun(text)
  const blank = blankRun(text)
  return [
    ...found,
    ...(mixed === undefined ? [] : [mixed]),
    ...(packed === undefined ? [] : [packed]),
    ...(blank === undefined ? [] : [blank]),
    ...(role === 'name' ? strangeName(text) : []),
  ]
}

const LONG_BLANK = 60
const MANY_LINES = 10

/** Blank for so long that what stands behind it is out of sight. */
function blankRun(text: string): Hidden | undefined {
  for (const { 0: run, index: start } of text.matchAll(/\s{10,}/g)) {
    const end = start + run.length
    const lines = run.split('\n')
    const isLong = lines.length > MANY_LINES || lines.some((line) => line.length >= LONG_BLANK)
    if (!isLong || end === text.length) continue
    const reason = 'a long blank run with text behind it, out of sight'
    return { rule: 'hidden.blank', weight: 0.4, reason, start, end }
  }
  return undefined
}

/** A word of Latin letters with some of another script that look the same. */
function mixedWord(text: string): Hidden | undefined {
  // eslint-disable-next-line no-control-regex
  if (/^[\u0000-\u024f]*$/.test(text)) return undefined
  for (const match of text.matchAll(WORD)) {
    const [word] = match
    const isMixed =
      /\p{Script=Latin}/u.test(word) &&
      /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(word)
    // units such as μs and names such as Δx are one letter of Greek and little else
    if (!isMixed || word.length < 4) continue
    return {
      rule: 'hidden.mixed-script',
      weight: 0.7,
      reason: 'a word of letters from two scripts that look alike',
      start: match.index,
      end: match.index + word.length,
    }
  }
  return undefined
}

/** Long and dense: text that was packed, so that only a program or a model reads it. */
function packedRun(text: string): Hidden | undefined {
  for (const match of text.matchAll(PACKED)) {
    if (bitsPerCharacter(match[0].slice(0, 2000)) < 4.3) continue
    const end = match.index + match[0].length
    return { rule: 'size.packed', weight: 0.35, reason: 'a long run of packed data', start: match.index, end }
  }
  return undefined
}

/** Shannon's entropy of the characters. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>()
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

function strangeName(name: string): Hidden[] {
  const end = name.length
  const place = { start: 0, end }
  if (end > 128) return [{ rule: 'size.name', weight: 0.45, reason: 'a name longer than any name', ...place }]
  if (/^[\w./:-]*$/.test(name)) return []
  const isPlain = /^[\x20-\x7e]*$/.test(name)
  const reason = isPlain
    ? 'a name with characters that names of tools do not have'
    : 'a name with letters that pass for others'
  return [{ rule: 'name.characters', weight: isPlain ? 0.2 : 0.35, reason, ...place }]
}
