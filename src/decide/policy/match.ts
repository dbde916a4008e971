import type { Part, Pattern } from './pattern.ts'
import type { Scan } from './scan.ts'

/** What a pattern is matched by. */
export type Matched = Pick<Pattern, 'shape' | 'fixed' | 'ports' | 'head' | 'runs'>

/** Whether the pattern covers the resource the scan holds. Never backtracks over `**` or `*`: leftmost is enough. */
export function matches(pattern: Matched, scan: Scan): boolean {
  const { shape, fixed, ports, head } = pattern
  if (ports !== undefined && !hasPort(ports, scan.port)) return false
  if (shape === 'tree') return hasHead(fixed, head, scan)
  if (shape === 'exact') {
    return scan.isHost ? scan.count === fixed && hasHead(fixed, head, scan) : scan.text === head
  }
  if (shape === 'glob') return hasHead(fixed, head, scan) && matchRuns(pattern, scan)
  if (shape === 'child') return scan.count === fixed + 1 && hasHead(fixed, head, scan)
  return scan.count > fixed && hasHead(fixed, head, scan)
}

function hasPort(ranges: readonly number[], port: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (port >= ranges[i]! && port <= ranges[i + 1]!) return true
  }
  return false
}

function hasHead(fixed: number, head: string, scan: Scan): boolean {
  if (fixed === 0) return true
  if (scan.count < fixed) return false
  // the head must end where a component ends: /etc does not lead to /etcetera, nor ample.org to example.org
  if (!scan.isHost) return scan.ends[fixed - 1] === head.length && scan.text.startsWith(head)
  const start = scan.starts[fixed - 1]!
  return start + head.length === scan.length && scan.text.startsWith(head, start)
}

/**
 * Whether what follows the head fits as well. The first run stands at the front, the last at the end, and each one
 * between at the first place it fits.
 */
export function matchRuns({ runs, fixed }: Matched, scan: Scan): boolean {
  const first = runs[0]!
  if (runs.length === 1) return scan.count === fixed + first.length && runAt(first, scan, fixed)
  const last = runs[runs.length - 1]!
  const end = scan.count - last.length
  let at = fixed + first.length
  if (at > end || !runAt(first, scan, fixed) || !runAt(last, scan, end)) return false
  for (let i = 1; i < runs.length - 1; i++) {
    const run = runs[i]!
    while (at + run.length <= end && !runAt(run, scan, at)) at++
    if (at + run.length > end) return false
    at += run.length
  }
  return true
}

function runAt(run: readonly Part[], scan: Scan, at: number): boolean {
  for (let i = 0; i < run.length; i++) {
    if (!partAt(run[i]!, scan, at + i)) return false
  }
  return true
}

function partAt(part: Part, scan: Scan, at: number): boolean {
  scan.steps++
  if (part.is === 'any') return true
  if (part.is === 'deep') return false
  const start = scan.starts[at]!
  const end = scan.ends[at]!
  if (part.is === 'name') {
    return (
      part.hash === scan.names[at] &&
      end - start === part.text.length &&
      scan.text.startsWith(part.text, start)
    )
  }
  return fitsPieces(part.pieces, scan.text.slice(start, end))
}

/** Whether the pieces of `a*b*c` occur in `text` in order, the first at its front and the last at its end. */
export function fitsPieces(pieces: readonly string[], text: string): boolean {
  const first = pieces[0]!
  const last = pieces[pieces.length - 1]!
  const end = text.length - last.length
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i]!
    const found = text.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}
