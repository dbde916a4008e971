/** A piece of a text, from `start` up to `end`, in UTF-16 units. */
export interface Segment {
  readonly start: number
  readonly end: number
}

/** How long a piece is at most. Longer pieces drown an instruction in what stands around it. */
export const SEGMENT_LENGTH = 500
/** How short a piece may become for the sake of ending with a sentence. */
const SHORTEST = 250
/** A paragraph of so much stands alone; a heading that is shorter goes with what follows it. */
const PARAGRAPH = 20
const LINE_END = 10

/**
 * Cuts a text into pieces of at most {@link SEGMENT_LENGTH}: at each line end that was left in it, which in the normal
 * form is where a paragraph ends, and in a longer paragraph at the end of a sentence.
 */
export function* segments(text: string): Generator<Segment> {
  for (let start = 0; start < text.length;) {
    const end = segmentEnd(text, start)
    yield { start, end }
    start = end
  }
}

/** Where the piece that begins at `start` ends. Looks no further than the piece is long. */
export function segmentEnd(text: string, start: number): number {
  const limit = Math.min(start + SEGMENT_LENGTH, text.length)
  for (let at = start + PARAGRAPH; at < limit; at++) if (text.charCodeAt(at) === LINE_END) return at + 1
  return limit === text.length ? limit : sentenceEnd(text, start, limit)
}

function sentenceEnd(text: string, start: number, limit: number): number {
  let blank = 0
  for (let at = limit; at > start + SHORTEST; at--) {
    if (isSentenceEnd(text.charCodeAt(at - 1), text.charCodeAt(at))) return at
    if (blank === 0 && isBlank(text.charCodeAt(at))) blank = at
  }
  if (blank !== 0) return blank
  const isPair = (text.charCodeAt(limit) & 0xfc00) === 0xdc00
  return isPair ? limit - 1 : limit
}

function isSentenceEnd(code: number, next: number): boolean {
  if (code === 0x3002 || code === 0xff01 || code === 0xff1f) return true // 。！？ have no blank after them
  return (code === 46 || code === 33 || code === 63) && isBlank(next)
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0
}
