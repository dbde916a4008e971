import type { BookStore, SignedLine } from './store.ts'

/** The book in memory, for tests and for whoever keeps nothing. */
export function memoryBookStore(lines: SignedLine[] = []): BookStore {
  return {
    append: (make) => {
      const line = { seq: (lines.at(-1)?.seq ?? 0) + 1, ...make(lines.at(-1)) }
      lines.push(line)
      return line
    },
    read: (after, limit) => lines.filter(({ seq }) => seq > after).slice(0, limit),
  }
}
