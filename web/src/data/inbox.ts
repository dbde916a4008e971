import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { merged, type Gap } from './gaps.ts'
import { store } from './store.ts'

/** The newest entries of the record, newest first. */
export const recent = store<readonly EntryAnswer[]>([])

/** What was counted and not shown, newest first. */
export const gaps = store<readonly Gap[]>([])

/** How far the record goes, how much of it is signed, and the newest entry that was counted and not shown; 0: unknown. */
export interface Heads {
  readonly head: number
  readonly checkpointed: number
  readonly countedTo: number
}

export const heads = store<Heads>({ head: 0, checkpointed: 0, countedTo: 0 })

const GAPS_KEPT = 100
/** What comes together is drawn together; longer than a frame, and short beside the 200 ms an event may take. */
const GATHER_MS = 30

/** Gathers what the stream says, so that a burst of it is drawn once. */
export interface Inbox {
  readonly entry: (entry: EntryAnswer) => void
  readonly counted: (gap: Gap) => void
  readonly beat: (head: number, checkpointed: number) => void
  /** The newest entry that was told or counted; 0 before the first. */
  readonly last: () => number
  readonly close: () => void
}

export function inbox(gatherMs = GATHER_MS): Inbox {
  const held = {
    last: 0,
    entries: [] as EntryAnswer[],
    gaps: [] as Gap[],
    checkpointed: heads.get().checkpointed,
    head: 0,
    timer: undefined as ReturnType<typeof setTimeout> | undefined,
  }
  const flush = (): void => {
    held.timer = undefined
    const fresh = held.entries.splice(0)
    const counted = held.gaps.splice(0)
    const { head, countedTo } = heads.get()
    heads.set({
      head: Math.max(head, held.head, held.last),
      checkpointed: held.checkpointed,
      countedTo: counted.at(-1)?.to ?? countedTo,
    })
    if (counted.length > 0) gaps.set([...counted.toReversed(), ...gaps.get()].slice(0, GAPS_KEPT))
    if (fresh.length > 0) recent.set(merged(fresh, recent.get()))
  }
  const soon = (): void => void (held.timer ??= setTimeout(flush, gatherMs))
  return {
    entry(entry) {
      held.last = Math.max(held.last, entry.seq)
      held.entries.push(entry)
      soon()
    },
    counted(gap) {
      held.last = Math.max(held.last, gap.to)
      held.gaps.push(gap)
      soon()
    },
    beat(head, checkpointed) {
      Object.assign(held, { head: Math.max(held.head, head), checkpointed })
      soon()
    },
    last: () => held.last,
    close: () => clearTimeout(held.timer),
  }
}
