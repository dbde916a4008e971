import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ValueRef, ValueStore } from './store.ts'

/** A store that is opened anew by each test, and a way to put a value where only others can. */
export interface StoreUnderTest {
  /** @returns why the store cannot be tried here */
  readonly missing?: () => string | undefined
  readonly open: () => ValueStore | Promise<ValueStore>
  /** Only for stores Warder does not write. */
  readonly fill?: (ref: ValueRef, value: Uint8Array) => void
}

const ref = (name: string, version = 1, id = `id-${name}-${version}`): ValueRef => ({ name, version, id })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value)

/** What every store of values must do, wherever it keeps them. */
export function valueStoreContract(name: string, { missing, open, fill }: StoreUnderTest): void {
  const put = async (store: ValueStore, at: ValueRef, value: string): Promise<void> => {
    if (store.isWritable) await store.write(at, bytes(value))
    else fill?.(at, bytes(value))
  }
  const run = (what: string, work: (store: ValueStore) => Promise<void>): void => {
    test(`${name}: ${what}`, async (t) => {
      const why = missing?.()
      if (why !== undefined) return t.skip(`${why}: this store was NOT tried`)
      await work(await open())
    })
  }

  run('a value comes back as it was put there, and what was never there is absent', async (store) => {
    assert.equal(await store.read(ref('absent')), undefined)
    await put(store, ref('one'), 'value one')
    await put(store, ref('two'), 'value two')
    assert.equal(text(await store.read(ref('one'))), 'value one')
    assert.equal(text(await store.read(ref('two'))), 'value two')
  })

  run('what it gives is the caller’s own: wiping it changes nothing inside', async (store) => {
    await put(store, ref('own'), 'mine alone')
    const first = await store.read(ref('own'))
    first?.fill(0)
    assert.equal(text(await store.read(ref('own'))), 'mine alone')
  })

  run(
    'each version has its own place, any byte may stand in it, and what is removed is gone',
    async (store) => {
      if (!store.isWritable) {
        await assert.rejects(store.write(ref('x'), bytes('v')), { code: 'STORE_REFUSED' })
        await assert.rejects(store.remove(ref('x')), { code: 'STORE_REFUSED' })
        return
      }
      const all = Uint8Array.from({ length: 256 }, (_, i) => i)
      await store.write(ref('v', 1), all)
      await store.write(ref('v', 2), bytes('second'))
      assert.deepEqual([...((await store.read(ref('v', 1))) ?? [])], [...all])
      await store.remove(ref('v', 1))
      await store.remove(ref('v', 1))
      assert.equal(await store.read(ref('v', 1)), undefined)
      assert.equal(text(await store.read(ref('v', 2))), 'second')
      // the same name and version of another life is another value
      assert.equal(await store.read(ref('v', 2, 'another-life')), undefined)
      await store.remove(ref('v', 2))
    },
  )
}
