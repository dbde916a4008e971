/** A change of a text: what stands there gives way to that JSON. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly json: string
}

/**
 * The place of a value in the text of an object that is known to be well-formed JSON without a key that stands twice:
 * an id can be changed there while all else stays as it came, to the last digit of a number.
 */
export function placeOf(
  text: string,
  ...path: readonly string[]
): { start: number; end: number } | undefined {
  let start = blank(text, 0)
  let end = text.length
  for (const key of path) {
    const found = member(text, start, key)
    if (found === undefined) return undefined
    ;({ start, end } = found)
  }
  return { start, end }
}

/** The edit that puts `value` where a path of keys leads; none when it leads nowhere. */
export function replaced(text: string, value: string | number, ...path: readonly string[]): Edit[] {
  const place = placeOf(text, ...path)
  return place === undefined ? [] : [{ ...place, json: JSON.stringify(value) }]
}

/** The text with these changes, which must not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const { start, end, json } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, start), json)
    at = end
  }
  return parts.length === 0 ? text : `${parts.join('')}${text.slice(at)}`
}

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d]

function member(text: string, start: number, wanted: string): { start: number; end: number } | undefined {
  if (text.charCodeAt(start) !== OPEN) return undefined
  let at = blank(text, start + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = stringEnd(text, at)
    const raw = text.slice(at + 1, keyEnd - 1)
    const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
    const value = blank(text, blank(text, keyEnd) + 1) // over the colon
    const end = valueEnd(text, value)
    if (key === wanted) return { start: value, end }
    at = blank(text, end)
    if (text.charCodeAt(at) !== COMMA) return undefined
    at = blank(text, at + 1)
  }
  return undefined
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return stringEnd(text, start)
  if ((first | 0x20) !== OPEN) return wordEnd(text, start)
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at) - 1
    else if ((code | 0x20) === OPEN) depth += 1
    else if ((code | 0x20) === CLOSE) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return text.length
}

/** Behind the quote that ends the string which begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at)
    if (at === -1) return text.length
    let before = at - 1
    while (text.charCodeAt(before) === BACKSLASH) before -= 1
    if ((at - before) % 2 === 1) return at + 1
  }
}

const WORD = /[^\s,}\]]*/y

function wordEnd(text: string, start: number): number {
  WORD.lastIndex = start
  WORD.exec(text)
  return WORD.lastIndex
}

function blank(text: string, from: number): number {
  let at = from
  while (' \t\r\n'.includes(text[at] ?? 'x')) at += 1
  return at
}
