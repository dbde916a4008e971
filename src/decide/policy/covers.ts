import type { Capability } from '../../core/capability.ts'
import { operationsOf } from './clause.ts'
import { fitsPieces, matches } from './match.ts'
import { compilePattern, type Part, type Pattern } from './pattern.ts'
import { Scan } from './scan.ts'

export type Covers = 'yes' | 'no' | 'unknown'

/**
 * Whether `a` covers every resource and action `b` covers. `yes` and `no` are proven; where neither proof is found the
 * answer is `unknown`, which no caller may take for either.
 *
 * @throws PolicyError `PATTERN_INVALID`
 */
export function covers(a: Capability, b: Capability): Covers {
  if (a.namespace !== b.namespace) return 'no'
  const actions = new Set(operationsOf(a).map(({ id }) => id))
  if (!operationsOf(b).every(({ id }) => actions.has(id))) return 'no'
  if (a.pattern === undefined) return 'yes'
  return coversPattern(compilePattern(a), compilePattern(b))
}

export function coversPattern(a: Pattern, b: Pattern): Covers {
  if (isCovered(a.parts, 0, b.parts, 0, new Map()) && coversPorts(a, b)) return 'yes'
  const scan = new Scan()
  for (const example of examplesOf(b)) {
    if (scan.read(b.kind, example, false) !== undefined || !matches(b, scan)) continue
    if (!matches(a, scan)) return 'no'
  }
  return 'unknown'
}

function coversPorts(a: Pattern, b: Pattern): boolean {
  const wide = a.ports
  if (wide === undefined) return true
  const narrow = b.ports ?? [-1, 65_535]
  return narrow.every(
    (from, i) =>
      i % 2 === 1 || wide.some((low, j) => j % 2 === 0 && low <= from && narrow[i + 1]! <= wide[j + 1]!),
  )
}

/** Reads `b`'s parts as if they were names: what is true for the part is true for all it stands for. */
function isCovered(
  a: readonly Part[],
  i: number,
  b: readonly Part[],
  j: number,
  seen: Map<number, boolean>,
): boolean {
  const place = i * 128 + j
  const known = seen.get(place)
  if (known !== undefined) return known
  const answer = isCoveredFrom(a, i, b, j, seen)
  seen.set(place, answer)
  return answer
}

function isCoveredFrom(
  a: readonly Part[],
  i: number,
  b: readonly Part[],
  j: number,
  seen: Map<number, boolean>,
): boolean {
  const left = a[i]
  const right = b[j]
  if (left === undefined) return right === undefined
  if (left.is === 'deep') {
    return isCovered(a, i + 1, b, j, seen) || (right !== undefined && isCovered(a, i, b, j + 1, seen))
  }
  return right !== undefined && coversPart(left, right) && isCovered(a, i + 1, b, j + 1, seen)
}

function coversPart(a: Part, b: Part): boolean {
  if (b.is === 'deep') return false
  if (a.is === 'any') return true
  if (a.is === 'name') return b.is === 'name' && a.text === b.text
  if (a.is !== 'glob' || b.is === 'any') return false
  // a star of `b` is kept as a star, which no fixed character of `a` fits
  return fitsPieces(a.pieces, b.text)
}

/** Resources `b` covers, to refute that `a` covers them too. */
function* examplesOf(b: Pattern): Generator<string> {
  const odd = 'zz-9-warder'
  for (const depth of [0, 1, 2]) {
    const components = b.parts.flatMap((part) => {
      if (part.is === 'deep') return Array<string>(depth).fill(odd)
      if (part.is === 'any') return [odd]
      return [part.is === 'glob' ? part.pieces.join(depth === 0 ? '' : odd) : part.text]
    })
    if (b.kind === 'path') yield `/${components.join('/')}`
    else if (b.kind === 'name') yield components.join('/')
    else {
      const host = components.toReversed().join('.')
      const ports = b.ports === undefined ? [undefined, 1, 65_535] : b.ports
      for (const port of ports) yield port === undefined ? host : `${host}:${port}`
    }
  }
}
