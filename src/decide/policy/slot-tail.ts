import type { Pattern } from './pattern.ts'
import type { Scan } from './scan.ts'

const SLASH = 0x2f
const STAR = 0x2a

/**
 * What follows the head of a pattern, as text; undefined where trying it component by component is not enough, or where
 * it has letters beyond ASCII.
 */
export function tailOf({ shape, runs, parts, fixed }: Pattern): string | undefined {
  if (shape !== 'glob' || runs.length !== 1) return undefined
  const tail = parts
    .slice(fixed)
    .map((part) => (part.is === 'name' || part.is === 'glob' ? part.text : '*'))
    .join('/')
  return /^[ -~]*$/.test(tail) ? tail : undefined
}

/** Whether the scanned components behind the first `depth` are those of the tail that stands in `bytes`. */
export function fitsTail(
  bytes: Uint8Array,
  from: number,
  length: number,
  scan: Scan,
  depth: number,
): boolean {
  const end = from + length
  let at = from
  for (let i = depth; i < scan.count; i++) {
    let stop = at
    while (stop < end && bytes[stop] !== SLASH) stop++
    if (!fitsComponent(bytes, at, stop, scan, i)) return false
    if (stop === end) return i + 1 === scan.count
    at = stop + 1
  }
  return false
}

/** As `fitsPieces`: after a star the first place that fits is enough, so it never goes back further than the last one. */
function fitsComponent(bytes: Uint8Array, from: number, to: number, scan: Scan, i: number): boolean {
  scan.steps++
  // a star alone is any one component, and none is empty
  if (to === from + 1 && bytes[from] === STAR) return true
  const text = scan.bytes
  const end = scan.ends[i]!
  let at = from
  let behindStar = -1
  let tried = 0
  for (let t = scan.starts[i]!; t < end;) {
    if (at < to && bytes[at] === STAR) {
      behindStar = ++at
      tried = t
    } else if (at < to && bytes[at] === text[t]) {
      at++
      t++
    } else if (behindStar !== -1) {
      at = behindStar
      t = ++tried
    } else return false
  }
  while (at < to && bytes[at] === STAR) at++
  return at === to
}
