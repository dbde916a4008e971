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

const KEPT = 400
const FLUSH_MS = 100
const CHECK_MS = 5000
/** The server says something each 10 s; twice that long without a word is a connection nobody is at the end of. */
const SILENT_MS = 22_000
const RETRY_MS = 2000

export interface Follower {
  /** Something changed that a question to the daemon would tell differently now. */
  readonly changed: (what: 'entry' | 'approval' | 'state' | 'alert', entry?: EntryAnswer) => void
}

/** Follows the daemon until told to stop; comes again by itself whenever the line breaks. */
export function follow({ changed }: Follower): () => void {
  const held: { source?: EventSource; buffer: EntryAnswer[]; ended: boolean } = { buffer: [], ended: false }
  const heard = (): void => line.set({ state: 'live', heardAt: Date.now() })
  const stale = (): void => {
    if (line.get().state !== 'stale') line.set({ state: 'stale', heardAt: line.get().heardAt })
  }
  const flush = (): void => {
    if (held.buffer.length === 0) return
    recent.set(merged(held.buffer.splice(0), recent.get()))
  }
  const open = (): void => {
    if (held.ended) return
    held.source?.close()
    const source = new EventSource('/events', { withCredentials: true })
    held.source = source
    source.addEventListener('open', () => {
      heard()
      changed('state')
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
      changed('entry', entry)
    })
    source.addEventListener('coalesced', ({ data }) => {
      heard()
      const { count } = JSON.parse(data as string) as { count: number }
      coalesced.set(coalesced.get() + count)
      changed('entry')
    })
    for (const what of ['approval', 'state', 'alert'] as const) {
      source.addEventListener(what, () => {
        heard()
        changed(what)
      })
    }
    source.addEventListener('beat', heard)
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
