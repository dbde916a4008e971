const MAX_WORDS = 64
const MAX_DEPTH = 8

/**
 * The words `{a,b}` or `{1..3}` stand for.
 *
 * @returns undefined when there is something in it that only the shell can work out, or too much of it
 */
export function expandBraces(text: string, depth = 0): string[] | undefined {
  if (depth > MAX_DEPTH || /[$`'"\\]/.test(text)) return undefined
  const open = text.indexOf('{')
  if (open === -1) return [text]
  const close = closing(text, open)
  if (close === -1) return [text]
  const inner = alternatives(text.slice(open + 1, close), depth)
  const rest = expandBraces(text.slice(close + 1), depth + 1)
  if (inner === undefined || rest === undefined) return undefined
  const all = inner.flatMap((one) => rest.map((tail) => text.slice(0, open) + one + tail))
  return all.length > MAX_WORDS ? undefined : all
}

function closing(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  return -1
}

function alternatives(inner: string, depth: number): string[] | undefined {
  const pieces = atCommas(inner)
  if (pieces.length > 1) {
    const words = pieces.map((piece) => expandBraces(piece, depth + 1))
    return words.includes(undefined) ? undefined : words.flatMap((list) => list ?? [])
  }
  const range = /^(-?\d{1,9}|[a-zA-Z])\.\.(-?\d{1,9}|[a-zA-Z])(?:\.\.-?\d+)?$/.exec(inner)
  if (range === null) return [`{${inner}}`]
  const [, from = '', to = ''] = range
  // which numbers they are tells nothing about the risk: the ends stand for all
  return from === to ? [from] : [from, to]
}

function atCommas(text: string): string[] {
  const pieces: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}') depth--
    else if (text[i] === ',' && depth === 0) {
      pieces.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...pieces, text.slice(start)]
}
