/** Long pieces of base64 whose beginning decodes to text: they are looked into once. */
const SHORTEST = 32
/** More than this of one piece is not decoded. */
const LONGEST = 16_384

export interface EncodedPiece {
  readonly start: number
  readonly end: number
  readonly text: string
}

const OF_BASE64 = new Uint8Array(128)
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-')
  OF_BASE64[letter.charCodeAt(0)] = 1

/**
 * Looks at every 32nd character: a piece of that length cannot lie between two of them.
 *
 * @returns the pieces that begin at `from` or later, and from where on more text is needed to tell
 */
export function encodedPieces(
  text: string,
  from: number,
  isLast: boolean,
): { pieces: EncodedPiece[]; settled: number } {
  const pieces: EncodedPiece[] = []
  for (let at = from + SHORTEST - 1; at < text.length; at += SHORTEST) {
    if (!isOf(text.charCodeAt(at))) continue
    const start = runStart(text, at, from)
    const end = runEnd(text, at)
    at = end
    if (start < from) continue // it began in what was looked at before
    const isShort = end - start < LONGEST
    if (!isLast && end === text.length && (end - start < SHORTEST || (isShort && isText(text, start))))
      return { pieces, settled: start }
    if (end - start >= SHORTEST && isText(text, start))
      pieces.push(pieceOf(text, start, Math.min(end, start + LONGEST)))
  }
  return { pieces, settled: isLast ? text.length : trailing(text, from) }
}

function pieceOf(text: string, start: number, end: number): EncodedPiece {
  return { start, end, text: Buffer.from(text.slice(start, end), 'base64').toString('latin1') }
}

/** Where the piece begins that the text ends in; it may become a long one. */
function trailing(text: string, from: number): number {
  let start = text.length
  while (start > from && text.length - start < SHORTEST && isOf(text.charCodeAt(start - 1))) start--
  return text.length - start < SHORTEST ? start : text.length
}

function runStart(text: string, at: number, from: number): number {
  let start = at
  while (start > 0 && start >= from && isOf(text.charCodeAt(start - 1))) start--
  return start
}

function runEnd(text: string, at: number): number {
  let end = at
  while (end < text.length && isOf(text.charCodeAt(end))) end++
  return end
}

function isOf(code: number): boolean {
  return code < 128 && OF_BASE64[code] === 1
}

/** Eighteen bytes that are all printable are no accident. */
function isText(text: string, start: number): boolean {
  return /^[\x20-\x7e\t\r\n]{18}/.test(
    Buffer.from(text.slice(start, start + 24), 'base64').toString('latin1'),
  )
}
