/** Regular expressions that others wrote, held to what ends soon on every text: a pattern must not stop who checks with it. */

const LONGEST = 1000
const MOST_KEPT = 500

/** Compiled once each: the same schema is held against every call. */
const KEPT = new Map<string, QuickPattern | undefined>()

export interface QuickPattern {
  /** @returns undefined for a text on which it could take too long to tell */
  readonly matches: (text: string) => boolean | undefined
  /** At most so many tries tell it of a text of this length. */
  readonly tries: (length: number) => number
}

/** A pattern that was written elsewhere; undefined for one that is none, or could take for ever. */
export function patternOf(source: string): QuickPattern | undefined {
  if (KEPT.has(source)) return KEPT.get(source)
  if (KEPT.size >= MOST_KEPT) KEPT.clear()
  const quick = isQuickPattern(source) ? quickOf(source) : undefined
  KEPT.set(source, quick)
  return quick
}

/** Tries are at most the length of the text to the power of the open repetitions, and one more to find a beginning. */
const MOST_TRIES = 1e7

function quickOf(source: string): QuickPattern | undefined {
  const expression = compiled(source)
  if (expression === undefined) return undefined
  const power = openRepetitions(source) + (source.startsWith('^') ? 0 : 1)
  const longest = Math.floor(MOST_TRIES ** (1 / Math.max(1, power)))
  return {
    matches: (text) => (text.length > longest ? undefined : expression.test(text)),
    tries: (length) => (length > longest ? 1 : length ** power),
  }
}

function openRepetitions(source: string): number {
  const plainText = source.replaceAll(/\\./g, 'x').replaceAll(/\[\^?\]?[^\]]*\]/g, 'x')
  return plainText.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0
}

function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u')
  } catch {
    return plain(source)
  }
}

/** Many schemas are written without the strictness of the `u` flag in mind. */
function plain(source: string): RegExp | undefined {
  try {
    return new RegExp(source)
  } catch {
    return undefined
  }
}

/**
 * Whether a pattern ends soon on every text. Refused are a repeated group that itself repeats or chooses (it may try
 * every way to cut a text), references back, and what looks ahead or behind. What is left is polynomial, which {@link patternOf} holds down by length.
 */
export function isQuickPattern(source: string): boolean {
  if (source.length > LONGEST) return false
  const text = source.replaceAll(/\\[^1-9k]/g, 'x') // what is escaped counts as one plain character
  if (text.includes('\\')) return false // references back, and a backslash at the end
  const flat = text.replaceAll(/\[\^?\]?[^\]]*\]/g, 'x') // a class is one character too
  if (/\(\?[=!<]/.test(flat.replaceAll(/\(\?<[A-Za-z_$][\w$]*>/g, '('))) return false
  return !repeatsInside(flat)
}

/** Whether a group that is repeated holds a repetition or a choice of its own. */
function repeatsInside(text: string): boolean {
  const groups: { isWide: boolean }[] = [{ isWide: false }]
  for (let at = 0; at < text.length; at++) {
    const one = text[at]!
    if (one === '(') groups.push({ isWide: false })
    else if (one === '|') groups.at(-1)!.isWide = true
    else if (one === ')') {
      const { isWide } = groups.pop() ?? { isWide: true }
      const isRepeated = /^(?:[*+]|\{\d+,\d*\}|\{\d{2,}\})/.test(text.slice(at + 1, at + 12))
      if (isWide && isRepeated) return true
      const outer = groups.at(-1)
      if (outer === undefined) return true // more groups end than begin
      if (isWide || isRepeated) outer.isWide = true
    } else if (one === '*' || one === '+' || (one === '{' && /^\{\d+,\d*\}/.test(text.slice(at, at + 12)))) {
      groups.at(-1)!.isWide = true
    }
  }
  return groups.length !== 1
}
