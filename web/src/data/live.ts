import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { sendJson } from './http.ts'
import { inbox } from './inbox.ts'
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
/** The server says something each 10 s; twice that long without a word is a connection nobody is at the end of. */
const SILENT_MS = 22_000
const RETRY_MS = 2000
const CHECK_MS = 5000
/** So exactly is it known when the last word came; to know it better would draw the page for each word. */
const HEARD_MS = 1000

export interface Follower {
  /**
   * Something changed that a question to the daemon would tell differently now. `much`: more than was told one by one,
   * because it came too fast; `back`: the line is there again, and nobody listened for a while.
   */
  readonly changed: (
    what: 'entry' | 'approval' | 'state' | 'alert' | 'much' | 'back',
    entry?: EntryAnswer,
  ) => void
}

interface Held {
  source?: EventSource
  ended: boolean
}

/** Follows the daemon until told to stop; comes again by itself whenever the line breaks. */
export function follow({ changed }: Follower): () => void {
  const held: Held = { ended: false }
  const box = inbox()
  const heard = (): void => {
    const { state, heardAt } = line.get()
    const now = Date.now()
    if (state !== 'live' || now - heardAt >= HEARD_MS) line.set({ state: 'live', heardAt: now })
  }
  const stale = (): void => {
    if (line.get().state !== 'stale') line.set({ state: 'stale', heardAt: line.get().heardAt })
  }
  const open = (): void => {
    if (held.ended) return
    held.source?.close()
    // the browser itself tells where it was only while the same source comes again
    const from = box.last() === 0 ? '/events' : `/events?after=${box.last()}`
    const source = new EventSource(from, { withCredentials: true })
    held.source = source
    source.addEventListener('open', () => {
      const wasAway = line.get().state === 'stale'
      heard()
      changed(wasAway ? 'back' : 'state')
    })
    source.addEventListener('error', () => {
      stale()
      // the browser comes again by itself, except when it was told no
      if (source.readyState === EventSource.CLOSED) setTimeout(() => void comeAgain(open), RETRY_MS)
    })
    source.addEventListener('entry', ({ data }) => {
      heard()
      const entry = JSON.parse(data as string) as EntryAnswer
      box.entry(entry)
      changed('entry', entry)
    })
    source.addEventListener('coalesced', ({ data }) => {
      heard()
      const { from: first, to } = JSON.parse(data as string) as { from: number; to: number }
      box.counted({ from: first, to })
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
      const { head, checkpointed } = JSON.parse(data as string) as { head: number; checkpointed: number }
      box.beat(head, checkpointed)
    })
    source.addEventListener('over', forgetSession)
  }
  const checking = setInterval(() => {
    if (Date.now() - line.get().heardAt > SILENT_MS) void reach(heard, stale)
  }, CHECK_MS)
  open()
  return () => {
    held.ended = true
    held.source?.close()
    box.close()
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
