import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeopleStore, Row } from './store.ts'

/** What every store of people keeps to. */
export function peopleStoreContract(
  name: string,
  open: () => { store: PeopleStore; close: () => void },
): void {
  const withStore = (work: (store: PeopleStore) => void) => () => {
    const { store, close } = open()
    try {
      work(store)
    } finally {
      close()
    }
  }
  const row = (key: string, body: string): Row => ({ kind: 'k', key, body, mac: new Uint8Array([1, 2, 3]) })
  const seal = (version: number) => ({ version, mac: new Uint8Array([version]) })

  test(
    `${name}: keeps rows and their seal, replaces and removes`,
    withStore((store) => {
      assert.deepEqual([store.rows(), store.seal()], [[], undefined])
      store.write({ put: [row('a', '1'), row('b', '2')], remove: [], seal: seal(1) })
      store.write({ put: [row('a', '3')], remove: [{ kind: 'k', key: 'b' }], seal: seal(2) })
      assert.deepEqual(
        store.rows().map(({ kind, key, body, mac }) => [kind, key, body, ...mac]),
        [['k', 'a', '3', 1, 2, 3]],
      )
      assert.equal(store.seal()?.version, 2)
    }),
  )

  test(
    `${name}: a number is spent once, until it is past its time`,
    withStore((store) => {
      assert.equal(store.spend('n', 100, 0), true)
      assert.equal(store.spend('n', 100, 50), false)
      assert.equal(store.spend('m', 100, 100), true)
      assert.equal(store.spend('n', 200, 100), false, 'still kept in its last millisecond')
      assert.equal(store.spend('n', 300, 101), true)
    }),
  )
}
