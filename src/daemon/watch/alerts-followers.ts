/** Callers that wait for what comes next. One that does not read loses the oldest, and holds nobody up. */

const MOST_WAITING = 1000

export interface Followers<T> {
  tell(item: T): void
  /** What is told from now on; ends with `signal`. */
  follow(signal: AbortSignal): AsyncGenerator<T, void, undefined>
}

export function followers<T>(): Followers<T> {
  const all = new Set<{ waiting: T[]; wake: () => void }>()
  return {
    tell(item) {
      for (const each of all) {
        each.waiting.push(item)
        if (each.waiting.length > MOST_WAITING) each.waiting.shift()
        each.wake()
      }
    },
    async *follow(signal) {
      const mine: { waiting: T[]; wake: () => void } = { waiting: [], wake: () => undefined }
      all.add(mine)
      signal.addEventListener('abort', () => mine.wake(), { once: true })
      try {
        while (!signal.aborted) {
          const { promise, resolve } = Promise.withResolvers<void>()
          mine.wake = resolve
          const items = mine.waiting.splice(0)
          for (const item of items) yield item
          if (items.length === 0 && !signal.aborted) await promise
        }
      } finally {
        all.delete(mine)
      }
    },
  }
}
