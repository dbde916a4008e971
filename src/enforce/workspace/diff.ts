/**
 * The differences of two texts, line by line.
 *
 * @see E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986), section 4
 */
export interface Edit {
  readonly kind: 'same' | 'out' | 'in'
  readonly line: string
}

/** Beyond this many differing lines the middle is shown as replaced: looking further would cost more than it tells. */
const MOST_STEPS = 1500
const CONTEXT = 3

export function edits(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1
  let tail = 0
  const room = Math.min(before.length, after.length) - head
  while (tail < room && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1
  const [a, b] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  return [
    ...before.slice(0, head).map(same),
    ...(middle(a, b) ?? [...a.map(out), ...b.map(into)]),
    ...before.slice(before.length - tail).map(same),
  ]
}

const same = (line: string): Edit => ({ kind: 'same', line })
const out = (line: string): Edit => ({ kind: 'out', line })
const into = (line: string): Edit => ({ kind: 'in', line })

/** Myers' greedy search; the furthest points of each step are kept, to walk back along them. */
function middle(a: readonly string[], b: readonly string[]): Edit[] | undefined {
  const most = Math.min(a.length + b.length, MOST_STEPS)
  const furthest = new Map([[1, 0]])
  const trace: Map<number, number>[] = []
  for (let steps = 0; steps <= most; steps += 1) {
    trace.push(new Map(furthest))
    for (let k = -steps; k <= steps; k += 2) {
      let x = nextX(furthest, k, steps)
      let y = x - k
      while (x < a.length && y < b.length && a[x] === b[y]) [x, y] = [x + 1, y + 1]
      furthest.set(k, x)
      if (x >= a.length && y >= b.length) return walkBack(trace, a, b)
    }
  }
  return undefined
}

function nextX(furthest: ReadonlyMap<number, number>, k: number, steps: number): number {
  const [below, above] = [furthest.get(k - 1) ?? -1, furthest.get(k + 1) ?? -1]
  return k === -steps || (k !== steps && below < above) ? above : below + 1
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  a: readonly string[],
  b: readonly string[],
): Edit[] {
  const found: Edit[] = []
  let [x, y] = [a.length, b.length]
  for (const [steps, furthest] of [...trace.entries()].toReversed()) {
    const k = x - y
    const [below, above] = [furthest.get(k - 1) ?? -1, furthest.get(k + 1) ?? -1]
    const before = k === -steps || (k !== steps && below < above) ? k + 1 : k - 1
    const fromX = furthest.get(before) ?? 0
    const fromY = fromX - before
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      found.push(same(a[x - 1] ?? ''))
      ;[x, y] = [x - 1, y - 1]
    }
    if (steps === 0) break
    found.push(x === fromX ? into(b[fromY] ?? '') : out(a[fromX] ?? ''))
    ;[x, y] = [fromX, fromY]
  }
  return found.toReversed()
}

/** How many lines came and went. */
export function countLines(before: string, after: string): { added: number; removed: number } {
  const all = edits(linesOf(before), linesOf(after))
  return {
    added: all.filter(({ kind }) => kind === 'in').length,
    removed: all.filter(({ kind }) => kind === 'out').length,
  }
}

/** A unified diff without its file names: hunks with three lines around each change; '' when nothing differs. */
export function unified(before: string, after: string): string {
  const all = edits(linesOf(before), linesOf(after))
  const changed = all.flatMap(({ kind }, at) => (kind === 'same' ? [] : [at]))
  const hunks: { from: number; to: number }[] = []
  for (const at of changed) {
    const last = hunks.at(-1)
    if (last !== undefined && at - CONTEXT <= last.to) last.to = Math.min(all.length, at + CONTEXT + 1)
    else hunks.push({ from: Math.max(0, at - CONTEXT), to: Math.min(all.length, at + CONTEXT + 1) })
  }
  const position = positions(all)
  return hunks.map((hunk) => hunkText(all, hunk, position)).join('')
}

interface Positions {
  readonly old: readonly number[]
  readonly fresh: readonly number[]
}

/** How many lines of each side stand before each edit. */
function positions(all: readonly Edit[]): Positions {
  const [old, fresh] = [[0], [0]]
  for (const { kind } of all) {
    old.push((old.at(-1) ?? 0) + (kind === 'in' ? 0 : 1))
    fresh.push((fresh.at(-1) ?? 0) + (kind === 'out' ? 0 : 1))
  }
  return { old, fresh }
}

const SIGN = { same: ' ', out: '-', in: '+' } as const

function hunkText(
  all: readonly Edit[],
  { from, to }: { from: number; to: number },
  { old, fresh }: Positions,
): string {
  const span = (side: readonly number[]): string => {
    const [start, count] = [side[from] ?? 0, (side[to] ?? 0) - (side[from] ?? 0)]
    return `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`
  }
  const lines = all.slice(from, to).map(({ kind, line }) => {
    const hasEnd = line.endsWith('\n')
    return `${SIGN[kind]}${hasEnd ? line.slice(0, -1) : line}\n${hasEnd ? '' : '\\ No newline at end of file\n'}`
  })
  return `@@ -${span(old)} +${span(fresh)} @@\n${lines.join('')}`
}

/** Lines with their ends, so that a missing last newline is a difference. */
function linesOf(text: string): string[] {
  return text === '' ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? [])
}
