import { messageOf } from '../../core/error.ts'
import { Indexer } from './index-db.ts'
import type { LogStore } from './store.ts'

/** How far the index has come, and what keeps it from going on, if anything. */
export interface IndexNews {
  readonly kind: 'indexed'
  readonly seq: number
  readonly trouble: string
  /** Whether a rebuild that was asked for has reached the head. */
  readonly isRebuilt: boolean
}

/** Entries indexed at a time: about two milliseconds, in which a commit may have to wait. */
const INDEX_SLICE = 128
/** The index follows when nothing was appended for so long, or when it was put off for so long. */
const QUIET_MS = 10
const PATIENCE_MS = 250

/** Fills the query index when the thread has nothing else to do, and now and then when it always has. */
export class IndexFollower {
  readonly #indexer: Indexer | undefined
  readonly #store: LogStore
  readonly #tell: (news: IndexNews) => void
  #timer: NodeJS.Timeout | undefined
  #head = 0
  #busyAt = 0
  #isRebuilding = false
  #slicedAt = 0

  constructor(path: string, store: LogStore, tell: (news: IndexNews) => void) {
    this.#store = store
    this.#tell = tell
    try {
      this.#indexer = new Indexer(path)
      this.wake(store.last()?.seq ?? 0)
    } catch (error) {
      this.#report(messageOf(error)) // the log is what counts: without an index queries read the log
    }
  }

  wake(head: number): void {
    this.#head = head
    this.#busyAt = performance.now()
    if (this.#indexer !== undefined && this.#indexer.at.seq < head) this.#arm(this.#indexer, QUIET_MS)
  }

  rebuild(): void {
    this.#isRebuilding = true
    this.#indexer?.clear()
    this.wake(this.#store.last()?.seq ?? 0)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#indexer?.close()
  }

  #arm(indexer: Indexer, afterMs: number): void {
    this.#timer ??= setTimeout(() => this.#slice(indexer), afterMs)
  }

  #slice(indexer: Indexer): void {
    this.#timer = undefined
    const now = performance.now()
    if (now - this.#busyAt < QUIET_MS && now - this.#slicedAt < PATIENCE_MS) {
      this.#arm(indexer, QUIET_MS)
      return
    }
    this.#slicedAt = now
    try {
      if (now - this.#busyAt >= QUIET_MS) this.#store.tidy(true)
      indexer.add(this.#store.read(indexer.at.seq, INDEX_SLICE))
      this.#report('')
      if (indexer.at.seq < this.#head) this.#arm(indexer, 0)
    } catch (error) {
      this.#report(messageOf(error))
    }
  }

  #report(trouble: string): void {
    const seq = this.#indexer?.at.seq ?? 0
    const isRebuilt = this.#isRebuilding && seq >= this.#head
    if (isRebuilt) this.#isRebuilding = false
    this.#tell({ kind: 'indexed', seq, trouble, isRebuilt })
  }
}
