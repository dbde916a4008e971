import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from './example.ts'
import { openSegment, segmentName } from './segments.ts'
import { holdToContract } from './store.contract.ts'
import { MemoryStore } from './store.memory.ts'
import { SegmentStore } from './store.ts'

holdToContract('in memory', () => new MemoryStore())

holdToContract('in segments', (t) => {
  const store = new SegmentStore(temporaryDirectory(t))
  t.after(() => store.close())
  return store
})

test('a segment refuses UPDATE and DELETE, from our code and from anybody with SQL', (t) => {
  const path = join(temporaryDirectory(t), segmentName(1))
  const db = openSegment(path)
  t.after(() => db.close())
  db.exec(`INSERT INTO log VALUES (1, x'00', 'a')`)
  for (const sql of [`UPDATE log SET body = 'b'`, 'DELETE FROM log', 'DELETE FROM log WHERE seq = 1']) {
    assert.throws(() => db.exec(sql), sql)
    db.setAuthorizer(null) // what is left then are the triggers
    assert.throws(() => db.exec(sql), /append-only/, sql)
  }
})

test('a segment and what SQLite keeps beside it are closed to group and others', (t) => {
  const path = join(temporaryDirectory(t), segmentName(1))
  const db = openSegment(path)
  t.after(() => db.close())
  db.exec(`INSERT INTO log VALUES (1, x'00', 'a')`)
  for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(file).mode & 0o077, 0, file)
})
