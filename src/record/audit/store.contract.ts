import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { LogStore } from './store.ts'
import type { Row } from './segments.ts'

/** What every store must do; called once per store. */
export function holdToContract(name: string, makeStore: (t: TestContext) => LogStore): void {
  test(`${name}: an empty store has no last row and no segment`, (t) => {
    const store = makeStore(t)
    assert.equal(store.last(), undefined)
    assert.equal(store.segment, 0)
    assert.throws(() => store.append([row(1)]))
  })

  test(`${name}: rows come back as they went in, in order`, (t) => {
    const store = makeStore(t)
    store.startSegment()
    const rows = Array.from({ length: 77 }, (_, at) => row(at + 1))
    store.append(rows.slice(0, 40))
    store.append(rows.slice(40))
    assert.deepEqual(store.read(0, 1000), rows)
    assert.deepEqual(store.read(10, 5), rows.slice(10, 15))
    assert.deepEqual(store.last(), rows.at(-1))
  })

  test(`${name}: a batch with one bad row leaves nothing behind`, (t) => {
    const store = makeStore(t)
    store.startSegment()
    store.append([row(1)])
    assert.throws(() => store.append([row(2), row(3), row(1)]))
    store.reopen()
    assert.deepEqual(store.read(0, 10), [row(1)])
  })

  test(`${name}: reading and the last row cross segments, fresh ones too`, (t) => {
    const store = makeStore(t)
    store.startSegment()
    assert.equal(store.isFresh, true)
    store.append([row(1), row(2)])
    assert.equal(store.isFresh, false)
    store.startSegment()
    assert.equal(store.isFresh, true)
    assert.deepEqual(store.last(), row(2))
    store.append([row(3)])
    assert.equal(store.segment, 2)
    assert.deepEqual(store.read(1, 10), [row(2), row(3)])
  })
}

function row(seq: number): Row {
  return { seq, hash: seq.toString(16).padStart(64, '0'), body: `body ${seq} é` }
}
