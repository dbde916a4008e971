import { once, EventEmitter } from 'node:events'
import type { Change } from '../decide/approval/index.ts'

const MOST_UNREAD = 200

/** Who watches, and what. */
export interface Watching {
  /** Whether changes to questions of this asker are shown. */
  readonly sees: (asker: string) => boolean
  /** Whether questions of this asker could be answered; absent for one who only looks, and makes nobody wait. */
  readonly answers?: (asker: string) => boolean
}

/** Everything, as the owner does. */
export const EVERYTHING: Watching = { sees: () => true, answers: () => true }

interface Watcher extends Watching {
  readonly unread: Change[]
  readonly woken: EventEmitter
}

/** Those who watch the questions as they come: each hears every change once, in order. */
export class Watchers {
  readonly #all = new Set<Watcher>()
  readonly #left: () => void
  readonly #closed = new AbortController()

  /** @param left told when one has gone away */
  constructor(left: () => void) {
    this.#left = left
  }

  get count(): number {
    return [...this.#all].filter(({ answers }) => answers !== undefined).length
  }

  /** Whether somebody watches who could answer questions of this asker, or, without one, of anybody. */
  hears(asker?: string): boolean {
    return [...this.#all].some(
      ({ answers }) => answers !== undefined && (asker === undefined || answers(asker)),
    )
  }

  tell(change: Change): void {
    for (const { unread, woken, sees } of this.#all) {
      if (!sees(change.question.principal)) continue
      unread.push(change)
      // one that reads nothing is not somebody who answers; it can look at the list again
      if (unread.length > MOST_UNREAD) unread.shift()
      woken.emit('change')
    }
  }

  /** From now until the watcher goes away; what waits already comes first. */
  async *follow(
    present: () => readonly Change[],
    until: AbortSignal,
    watching: Watching = EVERYTHING,
  ): AsyncGenerator<Change> {
    const signal = AbortSignal.any([until, this.#closed.signal])
    const seen = present().filter(({ question }) => watching.sees(question.principal))
    const watcher: Watcher = { ...watching, unread: seen, woken: new EventEmitter() }
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
