import type { GrantStore, SignedRecord } from './store.ts'

/** The same book, forgotten when the process ends. */
export function memoryGrantStore(): GrantStore {
  const records: SignedRecord[] = []
  return {
    append: (make) => {
      const record = { seq: records.length + 1, ...make(records.at(-1)) }
      records.push(record)
      return record
    },
    read: (after, limit) => records.slice(after, after + limit),
  }
}
