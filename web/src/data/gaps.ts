import type { EntryAnswer } from '../../../src/api/endpoints.ts'

/** Entries that came so fast that the server only counted them; both ends belong to it. */
export interface Gap {
  readonly from: number
  readonly to: number
}

const KEPT = 400

/** Puts entries before those that are there, newest first, each once. */
export function merged(
  fresh: readonly EntryAnswer[],
  before: readonly EntryAnswer[],
): readonly EntryAnswer[] {
  const bySeq = new Map([...before, ...fresh].map((entry) => [entry.seq, entry]))
  return [...bySeq.values()].toSorted((a, b) => b.seq - a.seq).slice(0, KEPT)
}

export interface Fresh {
  /** What came since, newest first, without a gap. */
  readonly entries: readonly EntryAnswer[]
  /** Whether that is all of it: what came too fast was counted, not sent. */
  readonly isWhole: boolean
}

/** What came after entry `base`, as far as it can be shown without leaving something out in between. */
export function freshAfter(base: number, live: readonly EntryAnswer[], countedTo: number): Fresh {
  const inOrder = live.filter(({ seq }) => seq > base).toReversed()
  const gapAt = inOrder.findIndex(({ seq }, at) => seq !== base + 1 + at)
  const entries = gapAt === -1 ? inOrder : inOrder.slice(0, gapAt)
  return { entries: entries.toReversed(), isWhole: gapAt === -1 && countedTo <= base }
}

export type Told = EntryAnswer | Gap

/**
 * Entries with what was only counted between them, newest first, so that a list with something left out says so in its
 * place. What a gap and an entry both cover was read since, and is no gap any more.
 */
export function withGaps(entries: readonly EntryAnswer[], counted: readonly Gap[]): readonly Told[] {
  const oldest = entries.at(-1)?.seq ?? Infinity
  const known = new Set(entries.map(({ seq }) => seq))
  const open = counted.filter(({ from, to }) => from > oldest && !known.has(from) && !known.has(to))
  const place = (each: Told): number => ('seq' in each ? each.seq : each.to)
  return [...entries, ...open].toSorted((a, b) => place(b) - place(a))
}

/** How many entries a gap stands for. */
export function sizeOf({ from, to }: Gap): number {
  return to - from + 1
}
