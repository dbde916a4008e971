import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { sendJson } from './http.ts'
import { Problem } from './problem.ts'
import { forgetSession } from './session.ts'
import { store } from './store.ts'

/** What the page knows of the connection: `stale` says since when nothing came. */
export interface Line {
  readonly state: 'connecting' | 'live' | 'stale'
  /** Epoch milliseconds of the last word from the daemon. */
  readonly heardAt: number
}

export const line = store<Line>({ state: 'connecting', heardAt: Date.now() })
/** The newest entries of the record, newest first. */
export const recent = store<readonly EntryAnswer[]>([])
/** How many entries came so fast that the server only counted them. */
export const coalesced = store(0)

/** How far the record goes, how much of it is signed, and the newest entry that was counted and not shown; 0: unknown. */
export interface Heads {
  readonly head: number
  readonly checkpointed: number
  readonly countedTo: number
}

export const heads = store<Heads>({ head: 0, checkpointed: 0, countedTo: 0 })

const KEPT = 400
const FLUSH_MS = 100
const CHECK_MS = 5000
/** The server says something each 10 s; twice that long without a word is a connection nobody is at the end of. */
const SILENT_MS = 22_000
const RETRY_MS = 2000

export interface Follower {
  /**
   * Something changed that a question to the daemon would tell differently now. `much`: more than was told one by one,
   * because it came too fast, or while nobody listened.
   */
  readonly changed: (what: 'entry' | 'approval' | 'state' | 'alert' | 'much', entry?: EntryAnswer) => void
}

interface Held {
  source?: EventSource
  buffer: EntryAnswer[]
  ended: boolean
  /** The newest entry that was told or counted. */
  last: number
}

/** Follows the daemon until told to stop; comes again by itself whenever the line breaks. */
export function follow({ changed }: Follower): () => void {
  const held: Held = { buffer: [], ended: false, last: 0 }
  const heard = (): void => line.set({ state: 'live', heardAt: Date.now() })
  const stale = (): void => {
    if (line.get().state !== 'stale') line.set({ state: 'stale', heardAt: line.get().heardAt })
  }
  const flush = (): void => {
    if (held.buffer.length === 0) return
    recent.set(merged(held.buffer.splice(0), recent.get()))
  }
  const reached = (seq: number): void => {
    held.last = Math.max(held.last, seq)
    if (seq > heads.get().head) heads.set({ ...heads.get(), head: seq })
  }
  const open = (): void => {
    if (held.ended) return
    held.source?.close()
    // the browser itself tells where it was only while the same source comes again
    const from = held.last === 0 ? '/events' : `/events?after=${held.last}`
    const source = new EventSource(from, { withCredentials: true })
    held.source = source
    source.addEventListener('open', () => {
      const wasAway = line.get().state === 'stale'
      heard()
      changed(wasAway ? 'much' : 'state')
    })
    source.addEventListener('error', () => {
      stale()
      // the browser comes again by itself, except when it was told no
      if (source.readyState === EventSource.CLOSED) setTimeout(() => void comeAgain(open), RETRY_MS)
    })
    source.addEventListener('entry', ({ data }) => {
      heard()
      const entry = JSON.parse(data as string) as EntryAnswer
      held.buffer.push(entry)
      reached(entry.seq)
      changed('entry', entry)
    })
    source.addEventListener('coalesced', ({ data }) => {
      heard()
      const { count, to } = JSON.parse(data as string) as { count: number; to: number }
      coalesced.set(coalesced.get() + count)
      reached(to)
      heads.set({ ...heads.get(), countedTo: to })
      changed('much')
    })
    for (const what of ['approval', 'state', 'alert'] as const) {
      source.addEventListener(what, () => {
        heard()
        changed(what)
      })
    }
    source.addEventListener('beat', ({ data }) => {
      heard()
      const { head, checkpointed } = JSON.parse(data as string) as Heads
      heads.set({ ...heads.get(), head: Math.max(head, heads.get().head), checkpointed })
    })
    source.addEventListener('over', forgetSession)
  }
  const flushing = setInterval(flush, FLUSH_MS)
  const checking = setInterval(() => {
    if (Date.now() - line.get().heardAt > SILENT_MS) void reach(heard, stale)
  }, CHECK_MS)
  open()
  return () => {
    held.ended = true
    held.source?.close()
    clearInterval(flushing)
    clearInterval(checking)
  }
}

/** Silence may be a slow line or nobody at all: a question tells which. */
async function reach(heard: () => void, stale: () => void): Promise<void> {
  try {
    await sendJson('GET', '/v1/daemon')
    heard()
  } catch (error) {
    if (error instanceof Problem && error.status === 401) forgetSession()
    else stale()
  }
}

async function comeAgain(open: () => void): Promise<void> {
  try {
    await sendJson('GET', '/session')
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return forgetSession()
  }
  open()
}

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
