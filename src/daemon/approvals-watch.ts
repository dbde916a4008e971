import { once, EventEmitter } from 'node:events'
import type { Change } from '../decide/approval/index.ts'

const MOST_UNREAD = 200

/** Those who watch the questions as they come: each hears every change once, in order. */
export class Watchers {
  readonly #all = new Set<{ readonly unread: Change[]; readonly woken: EventEmitter }>()
  readonly #left: () => void
  readonly #closed = new AbortController()

  /** @param left told when one has gone away */
  constructor(left: () => void) {
    this.#left = left
  }

  get count(): number {
    return this.#all.size
  }

  tell(change: Change): void {
    for (const { unread, woken } of this.#all) {
      unread.push(change)
      // one that reads nothing is not somebody who answers; it can look at the list again
      if (unread.length > MOST_UNREAD) unread.shift()
      woken.emit('change')
    }
  }

  /** From now until the watcher goes away; what waits already comes first. */
  async *follow(present: () => readonly Change[], until: AbortSignal): AsyncGenerator<Change> {
    const signal = AbortSignal.any([until, this.#closed.signal])
    const watcher = { unread: [...present()], woken: new EventEmitter() }
    if (signal.aborted) return
    this.#all.add(watcher)
    try {
      while (!signal.aborted) {
        const next = watcher.unread.shift()
        if (next !== undefined) yield next
        else await once(watcher.woken, 'change', { signal })
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.#all.delete(watcher)
      this.#left()
    }
  }

  /** Lets everybody go. */
  close(): void {
    this.#closed.abort()
  }
}
