const MAX_PATTERN = 256
const MAX_STARS = 3
/** What a wildcard is tried on is no longer than this: three stars on more would take too long. */
export const MAX_GLOBBED = 512

/**
 * A shell wildcard as an expression.
 *
 * @param anchor `=` the whole text, `/#` its front, `/%` its end, anything else anywhere
 * @returns undefined when it is too much to try
 */
export function globPattern(glob: string, flags: string, anchor: string): RegExp | undefined {
  // so that no pattern of a stranger's can make us try for ever
  if (glob.length > MAX_PATTERN || glob.split('*').length > MAX_STARS + 1) return undefined
  const body = glob.replace(/\[!?[^\]/]*\]|[\s\S]/g, (piece) => pieceOf(piece))
  const [front, end] = [anchor === '=' || anchor === '/#', anchor === '=' || anchor === '/%']
  try {
    return new RegExp(`${front ? '^' : ''}(?:${body})${end ? '$' : ''}`, `s${flags}`)
  } catch {
    return undefined // a character class out of order
  }
}

function pieceOf(piece: string): string {
  if (piece === '*') return '[^/]*'
  if (piece === '?') return '[^/]'
  if (piece.length > 1 && piece.startsWith('[')) {
    const inner = piece.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\').replaceAll('[', '\\[')
    return `[${inner}]`
  }
  return piece.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
}
