/** How things are said on every page. */

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const ABSOLUTE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

export function agoText(at: number, now: number): string {
  const away = at - now
  if (Math.abs(away) < 1500) return 'now'
  const [unit, ms] = UNITS.find(([, each]) => Math.abs(away) >= each) ?? UNITS.at(-1)!
  return RELATIVE.format(Math.trunc(away / ms), unit)
}

export function clockText(at: number): string {
  return CLOCK.format(at)
}

export function absoluteText(at: number): string {
  return ABSOLUTE.format(at)
}

export function secondsText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const at = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3) - 1)
  return `${(bytes / 1000 ** (at + 1)).toFixed(1)} ${units[at]}`
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/**
 * Everything that shows nothing or turns the order of what is around it: controls, formatting and bidirectional marks,
 * odd spaces, fillers, lone surrogates, private letters and tags.
 */
const UNSEEN = new RegExp(
  [
    String.raw`[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]`,
    String.raw`[\p{Zs}--\u0020]`,
    String.raw`\p{Default_Ignorable_Code_Point}`,
    String.raw`\u2800`,
  ].join('|'),
  'gv',
)

export interface Piece {
  readonly text: string
  readonly unseen: boolean
}

/** Splits a text into what can be shown as it is and what has to be named. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const { 0: char, index } of text.matchAll(UNSEEN)) {
    if (index > from) found.push({ text: text.slice(from, index), unseen: false })
    found.push({ text: nameOf(char), unseen: true })
    from = index + char.length
  }
  if (from < text.length) found.push({ text: text.slice(from), unseen: false })
  return found
}

function nameOf(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `⟨U+${code}⟩`
}

/** The same as one string, for titles and names that are not elements. */
export function visible(text: string): string {
  return pieces(text)
    .map((piece) => piece.text)
    .join('')
}
