import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { GrantStore } from './store.ts'

/** What every store of grants keeps to. */
export function grantStoreContract(name: string, open: () => { store: GrantStore; close: () => void }): void {
  const withStore = (work: (store: GrantStore) => void) => () => {
    const { store, close } = open()
    try {
      work(store)
    } finally {
      close()
    }
  }
  const record = (body: string) => ({ body, signature: new Uint8Array([1, 2, 3]) })

  test(
    `${name}: numbers records from 1 and shows each new one the one before`,
    withStore((store) => {
      const seen: (string | undefined)[] = []
      for (const body of ['a', 'b', 'c']) {
        const made = store.append((last) => {
          seen.push(last?.body)
          return record(body)
        })
        assert.equal(made.body, body)
      }
      assert.deepEqual(seen, [undefined, 'a', 'b'])
      assert.deepEqual(
        store.read(0, 10).map(({ seq, body }) => [seq, body]),
        [
          [1, 'a'],
          [2, 'b'],
          [3, 'c'],
        ],
      )
    }),
  )

  test(
    `${name}: reads on from a number, oldest first, no more than asked for`,
    withStore((store) => {
      for (const body of ['a', 'b', 'c', 'd']) store.append(() => record(body))
      assert.deepEqual(
        store.read(1, 2).map(({ body }) => body),
        ['b', 'c'],
      )
      assert.deepEqual(store.read(4, 2), [])
    }),
  )

  test(
    `${name}: gives back the same bytes`,
    withStore((store) => {
      const signature = new Uint8Array(64).map((_, i) => i * 3)
      store.append(() => ({ body: '{"ü":"\\u0000 ✓"}', signature }))
      const [read] = store.read(0, 1)
      assert.equal(read?.body, '{"ü":"\\u0000 ✓"}')
      assert.deepEqual([...(read?.signature ?? [])], [...signature])
    }),
  )

  test(
    `${name}: writes nothing when making the record fails`,
    withStore((store) => {
      store.append(() => record('a'))
      assert.throws(() =>
        store.append(() => {
          throw new Error('no')
        }),
      )
      assert.equal(store.append((last) => record(`${last?.body}b`)).body, 'ab')
      assert.equal(store.read(0, 10).length, 2)
    }),
  )
}
