import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDb } from '../../platform/db.ts'
import { peopleStoreContract } from './store.contract.ts'
import { memoryPeopleStore } from './store.memory.ts'
import { sqlitePeopleStore } from './store.ts'

peopleStoreContract('memory', () => ({ store: memoryPeopleStore(), close: () => {} }))
peopleStoreContract('sqlite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-people-'))
  const db = openDb(join(directory, 'people.db'))
  return {
    store: sqlitePeopleStore(db),
    close: () => {
      db.close()
      rmSync(directory, { recursive: true })
    },
  }
})

test('sqlite: what was written is there when it is opened again, and a row of another shape is refused', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-people-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'people.db')
  const first = openDb(path)
  const row = { kind: 'guest', key: 'anna', body: '{}', mac: new Uint8Array([1]) }
  sqlitePeopleStore(first).write({ put: [row], remove: [], seal: { version: 7, mac: new Uint8Array([2]) } })
  first.close()
  const again = openDb(path)
  const store = sqlitePeopleStore(again)
  assert.deepEqual(
    store.rows().map(({ kind, key }) => [kind, key]),
    [['guest', 'anna']],
  )
  assert.equal(store.seal()?.version, 7)
  again.exec('DROP TABLE people_row')
  again.exec('CREATE TABLE people_row (kind, key, body, mac)')
  again.exec("INSERT INTO people_row VALUES ('guest', 'anna', '{}', 'no bytes')")
  assert.throws(() => store.rows(), TypeError)
  again.close()
})
