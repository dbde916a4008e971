import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BookStore } from './store.ts'

/** What every store of the book must do, wherever it keeps it. */
export function bookStoreContract(name: string, open: () => BookStore): void {
  const line = (body: string) => ({ body, signature: Buffer.from(`signed ${body}`) })

  test(`${name}: lines come back as they were written, in order, numbered from 1`, () => {
    const store = open()
    const seen: (number | undefined)[] = []
    for (const body of ['a', 'b', 'c']) {
      store.append((last) => {
        seen.push(last?.seq)
        return line(body)
      })
    }
    assert.deepEqual(seen, [undefined, 1, 2])
    assert.deepEqual(
      store.read(0, 10).map(({ seq, body }) => [seq, body]),
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
    )
    assert.equal(Buffer.from(store.read(1, 1)[0]!.signature).toString(), 'signed b')
  })

  test(`${name}: a page begins behind the line named, and is no longer than asked`, () => {
    const store = open()
    for (let i = 1; i <= 5; i++) store.append(() => line(String(i)))
    assert.deepEqual(
      store.read(2, 2).map(({ seq }) => seq),
      [3, 4],
    )
    assert.deepEqual(store.read(5, 2), [])
  })

  test(`${name}: what cannot be made is not written`, () => {
    const store = open()
    assert.throws(() =>
      store.append(() => {
        throw new Error('no key')
      }),
    )
    assert.deepEqual(store.read(0, 10), [])
    assert.equal(store.append(() => line('a')).seq, 1)
  })
}
