import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDb } from '../../platform/db.ts'
import { grantStoreContract } from './store.contract.ts'
import { memoryGrantStore } from './store.memory.ts'
import { GRANT_TABLE, sqliteGrantStore } from './store.ts'

grantStoreContract('memory', () => ({ store: memoryGrantStore(), close: () => {} }))
grantStoreContract('sqlite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-grants-'))
  const db = openDb(join(directory, 'grants.db'), { appendOnly: [GRANT_TABLE] })
  return {
    store: sqliteGrantStore(db),
    close: () => {
      db.close()
      rmSync(directory, { recursive: true })
    },
  }
})

test('sqlite: a record can be neither changed nor removed, not even by another program', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-grants-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'grants.db')
  const db = openDb(file, { appendOnly: [GRANT_TABLE] })
  sqliteGrantStore(db).append(() => ({ body: 'a', signature: new Uint8Array([1]) }))
  assert.throws(() => db.exec(`DELETE FROM ${GRANT_TABLE}`))
  db.close()
  const other = new DatabaseSync(file)
  assert.throws(() => other.exec(`UPDATE ${GRANT_TABLE} SET body = 'b'`), /append-only/)
  assert.throws(() => other.exec(`DELETE FROM ${GRANT_TABLE}`), /append-only/)
  other.close()
})
