import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../core/error.ts'
import { fileMarks, TaintBook, UNKNOWN_PAST } from '../enforce/taint/index.ts'
import { openDb } from '../platform/db.ts'
import { openExtendedAttributes } from '../platform/extended-attributes.ts'

/** The book of what agents were shown. Nothing in it throws: where it fails, every agent counts as tainted. */
export type TaintRoom = Pick<TaintBook, 'labels' | 'add' | 'wrote' | 'read' | 'shown' | 'clear' | 'close'> & {
  problem(): string | undefined
}

export interface TaintOptions {
  readonly stateDirectory: string
  readonly now: () => number
  /** Told once when the book cannot be believed any more. */
  readonly lost: (error: unknown) => void
}

export function openTaint({ stateDirectory, now, lost }: TaintOptions): TaintRoom {
  const state: { book?: TaintBook; problem?: string } = {}
  const fail = (error: unknown): void => {
    if (state.problem === undefined) lost(error)
    state.problem = `the book of taint cannot be believed: ${messageOf(error)}`
  }
  const path = join(stateDirectory, 'taint.db')
  try {
    const db = openDb(path)
    chmodSync(path, 0o600)
    const attributes = openExtendedAttributes()
    state.book = new TaintBook({
      db,
      now,
      marks: fileMarks('missing' in attributes ? undefined : attributes),
    })
  } catch (error) {
    fail(error)
  }
  /** What was asked, or the worst there is to say. */
  const from = <T>(ask: (book: TaintBook) => T, worst: T): T => {
    if (state.book === undefined || state.problem !== undefined) return worst
    try {
      return ask(state.book)
    } catch (error) {
      fail(error)
      return worst
    }
  }
  return {
    labels: (agent) => from((book) => book.labels(agent), UNKNOWN_PAST),
    add: (agent, labels, origin) => from((book) => book.add(agent, labels, origin), UNKNOWN_PAST),
    wrote: (agent, file, isTree) => from((book) => book.wrote(agent, file, isTree), UNKNOWN_PAST),
    read: (agent, file) => from((book) => book.read(agent, file), UNKNOWN_PAST),
    shown: (agent) => from((book) => book.shown(agent), { taints: [], files: [] }),
    clear(agent, alsoFiles) {
      if (state.book === undefined || state.problem !== undefined) throw new Error(state.problem)
      return state.book.clear(agent, alsoFiles)
    },
    problem: () => state.problem,
    close: () => state.book?.close(),
  }
}
