import { CHECKS } from './check.ts'
import { REACH, type Look } from './family.ts'
import { isSampleToken } from './placeholder.ts'
import type { TokenRow } from './rules/index.ts'

/** Letters and digits before a sign make it part of a word, unless they end an escape: `\n`, `%3D`, `=`. */
const NO_WORD_BEFORE = '(?<!(?<!\\\\|%[0-9A-Fa-f]|\\\\u[0-9A-Fa-f]{3})[A-Za-z0-9])'
const ELLIPSIS = /^(?:\.\.\.|…|\*\*|##|â\x80¦|\[)/
const HEX_ONLY = /^[0-9a-f-]*$/i

/** A row as a look: at the place of its sign, forwards and, for what leads up to it, backwards. */
export function tokenLook(row: TokenRow): Look {
  const { id, of, body, lead, risk = 'high', reach = REACH, isMixed = false, check } = row
  const signs = row.signs.split(' ').map((sign) => escaped(sign))
  const start = lead === undefined ? NO_WORD_BEFORE : `(?<=${NO_WORD_BEFORE}(${lead}))`
  const pattern = new RegExp(`${start}(?:${signs.join('|')})(${body})${endOf(body)}`, 'y')
  const about = { family: 'token', rule: id } as const
  return (text, at, isLast) => {
    if (!isLast && at + reach > text.length) return 'more'
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return undefined
    const led = lead === undefined ? '' : found[1]!
    const random = led + (lead === undefined ? found[1]! : found[2]!)
    if (isMixed && !isMixedText(random)) return undefined
    const start = at - led.length
    const end = at + found[0].length
    const least = row.entropy ?? (HEX_ONLY.test(random) ? 2.6 : 2.8)
    if ((random.length > 7 && isSampleToken(random, least)) || ELLIPSIS.test(text.slice(end, end + 3)))
      return { ...about, risk: 'low', start, end, note: `a placeholder for a secret of ${of}` }
    if (check !== undefined && !CHECKS[check](text.slice(start, end))) {
      const note = `a secret of ${of}, its check digits wrong`
      return { ...about, risk: risk === 'low' ? 'low' : 'medium', start, end, note }
    }
    return { ...about, risk, start, end, note: `a secret of ${of}` }
  }
}

export function signsOf(row: TokenRow): string[] {
  return row.signs.split(' ')
}

function isMixedText(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text)
}

/** What may not follow: more of the same, for then it is a longer word and not this token. */
function endOf(body: string): string {
  const last = /\[([^\]]*)\](?:\{[^}]*\})?\)?\??$/.exec(body)?.[1] ?? ''
  if (last.includes('-') && /\\w|_/.test(last)) return '(?![\\w-])'
  return '(?!\\w)'
}

function escaped(sign: string): string {
  return sign.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
