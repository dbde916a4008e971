import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from './example.ts'
import { openSegment, segmentName } from './segments.ts'
import { holdToContract } from './store.contract.ts'
import { MemoryStore } from './store.memory.ts'
import { makeRoom, SegmentStore } from './store.ts'

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

test('in a quiet moment a new log is given room, once, and what is in it stays', (t) => {
  const directory = temporaryDirectory(t)
  const store = new SegmentStore(directory)
  t.after(() => store.close())
  store.startSegment()
  const rows = [1, 2].map((seq) => ({ seq, hash: 'ab'.repeat(32), body: `row ${seq}` }))
  const logBytes = () => statSync(join(directory, `${segmentName(1)}-wal`)).size
  store.append(rows.slice(0, 1))
  const grown = logBytes()
  store.tidy(false)
  assert.equal(logBytes(), grown, 'not while somebody waits')
  store.tidy(true)
  const room = logBytes()
  assert.ok(room > 1024 * 1024, `${room} bytes`)
  store.append(rows.slice(1))
  store.tidy(true)
  assert.equal(logBytes(), room, 'what comes after is written over it')
  assert.deepEqual(store.read(0, 10), rows)
  store.reopen()
  assert.deepEqual(store.read(0, 10), rows)
})

test('every commit after that is flushed again', (t) => {
  const db = openSegment(join(temporaryDirectory(t), segmentName(1)))
  t.after(() => db.close())
  makeRoom(db)
  assert.deepEqual({ ...db.prepare('PRAGMA synchronous').get() }, { synchronous: 2 })
})
