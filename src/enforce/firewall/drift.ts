/** Whether what stands is what was put there: the text nft writes of a table, without what changes by itself. */

/** One line that is there and should not be (`+`), or should be and is not (`-`). */
export interface Difference {
  readonly sign: '+' | '-'
  readonly chain: string
  readonly line: string
}

/** The lines of a table that only a hand can change: counters, meters, and elements with a time are left out. */
export function lasting(text: string): string[] {
  const { lines } = text
    .split('\n')
    .reduce(takeLine, { lines: [], place: '', isMoving: false, isInElements: false })
  return lines
}

interface Reading {
  readonly lines: readonly string[] & string[]
  readonly place: string
  /** In a set that changes by itself. */
  readonly isMoving: boolean
  /** The elements of a set go over many lines. */
  readonly isInElements: boolean
}

function takeLine(so: Reading, raw: string): Reading {
  const line = raw.trim().replace(/\bcounter packets \d+ bytes \d+/g, 'counter')
  if (so.isInElements) return after(so, line)
  const [, place] = /^((?:set|chain) \S+) \{$/.exec(line) ?? []
  if (place !== undefined) return { ...so, place, isMoving: false }
  if (line === '' || line === '}' || line.startsWith('table ')) return so
  const isMoving = so.isMoving || (line.startsWith('flags ') && /\b(?:dynamic|timeout)\b/.test(line))
  if (line.startsWith('elements = ') && isMoving) return after({ ...so, isMoving }, line)
  so.lines.push(`${so.place}: ${line}`)
  return { ...so, isMoving }
}

function after(so: Reading, line: string): Reading {
  return { ...so, isInElements: !line.endsWith('}') }
}

/** In the order they stand; the same line twice counts twice. */
export function differences(wanted: readonly string[], found: readonly string[]): Difference[] {
  const only = (these: readonly string[], those: readonly string[], sign: '+' | '-') => {
    const left = Map.groupBy(those, (line) => line)
    return these.filter((line) => left.get(line)?.pop() === undefined).map((line) => asDifference(line, sign))
  }
  const moved = wanted.length === found.length && wanted.some((line, index) => line !== found[index])
  const changed = [...only(wanted, found, '-'), ...only(found, wanted, '+')]
  // the first rule that matches decides, so another order is another firewall
  return changed.length === 0 && moved
    ? [{ sign: '+', chain: '', line: 'the same rules stand in another order' }]
    : changed
}

function asDifference(text: string, sign: '+' | '-'): Difference {
  const at = text.indexOf(': ')
  return { sign, chain: text.slice(0, at), line: text.slice(at + 2) }
}
