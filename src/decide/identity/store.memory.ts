import type { PeopleStore, Row, Seal } from './store.ts'

/** The same book, forgotten when the process ends. */
export function memoryPeopleStore(): PeopleStore {
  const rows = new Map<string, Row>()
  const nonces = new Map<string, number>()
  const state: { seal?: Seal } = {}
  const nameOf = ({ kind, key }: Pick<Row, 'kind' | 'key'>) => `${kind}\n${key}`
  return {
    rows: () => [...rows.values()],
    seal: () => state.seal,
    write(change) {
      for (const row of change.put) rows.set(nameOf(row), row)
      for (const row of change.remove) rows.delete(nameOf(row))
      state.seal = change.seal
    },
    spend(nonce, expiresAt, now) {
      for (const [each, until] of nonces) if (until < now) nonces.delete(each)
      if (nonces.has(nonce)) return false
      nonces.set(nonce, expiresAt)
      return true
    },
  }
}
