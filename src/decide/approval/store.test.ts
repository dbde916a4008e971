import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openDb } from '../../platform/db.ts'
import { bookStoreContract } from './store.contract.ts'
import { memoryBookStore } from './store.memory.ts'
import { BOOK_TABLE, sqliteBookStore } from './store.ts'

const directory = mkdtempSync(join(tmpdir(), 'wb-'))
const files = { next: 0 }
after(() => rmSync(directory, { recursive: true }))

function opened() {
  const db = openDb(join(directory, `${files.next++}.db`), { appendOnly: [BOOK_TABLE] })
  after(() => db.close())
  return db
}

bookStoreContract('in memory', () => memoryBookStore())
bookStoreContract('on disk', () => sqliteBookStore(opened()))

test('on disk nothing that was written can be changed or removed, even past us', () => {
  const db = opened()
  const store = sqliteBookStore(db)
  store.append(() => ({ body: 'a', signature: Buffer.from('s') }))
  for (const sql of [`UPDATE ${BOOK_TABLE} SET body = 'b'`, `DELETE FROM ${BOOK_TABLE}`]) {
    assert.throws(() => db.exec(sql))
  }
  assert.equal(store.read(0, 1)[0]?.body, 'a')
})
