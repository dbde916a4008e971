import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { appendReads, place, READ, until } from './example.ts'
import type { AuditEvent, Entry } from './entry.ts'
import { listSegments } from './segments.ts'

test('an appended entry is returned as it is stored', async (t) => {
  const ledger = await place(t).open()
  const entry = await ledger.append({ ...READ, details: { note: 'é "q" 🎉', b: 2, a: true } })
  assert.deepEqual(ledger.get(entry.seq), entry)
  assert.deepEqual(ledger.read(entry.seq - 1, 10), [entry])
  assert.deepEqual(ledger.head(), { seq: entry.seq, hash: entry.hash })
})

test('entries appended at once keep their order and follow each other', async (t) => {
  const ledger = await place(t).open()
  const entries = await Promise.all(
    Array.from({ length: 500 }, (_, at) => ledger.append({ ...READ, target: String(at) })),
  )
  for (const [at, entry] of entries.entries()) {
    assert.equal(entry.target, String(at))
    if (at > 0) assert.equal(entry.prev_hash, entries[at - 1]!.hash)
  }
})

test('an event of the wrong shape is refused by name, and nothing is written', async (t) => {
  const ledger = await place(t).open()
  const before = ledger.head().seq
  const wrong: [string, Record<string, unknown>][] = [
    ['event_type', { event_type: 'rumour' }],
    ['result', { result: 'fine' }],
    ['risk_level', { risk_level: 'none' }],
    ['decision', { decision: 'maybe' }],
    ['agent', { agent: 7 }],
    ['action', { action: '' }],
    ['target', { target: null }],
    ['capabilities_used', { capabilities_used: [1] }],
    ['details.share', { details: { share: 0.5 } }],
    ['details.list', { details: { list: [] } }],
  ]
  for (const [field, change] of wrong) {
    const event = { ...READ, ...change } as unknown as AuditEvent
    await assert.rejects(ledger.append(event), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'AUDIT_INVALID')
      assert.ok(error.message.includes(`'s ${field} is`), error.message)
      return true
    })
  }
  assert.equal(ledger.head().seq, before)
})

test('a second writer is refused while the first lives, and let in after', async (t) => {
  const { open } = place(t)
  const first = await open()
  await assert.rejects(open(), { code: 'AUDIT_LOCKED' })
  await first.close()
  const second = await open()
  assert.equal((await second.append(READ)).seq, first.head().seq + 2)
})

test('a reopened ledger goes on where it stopped', async (t) => {
  const { open, verify } = place(t)
  const first = await open()
  await appendReads(first, 30)
  await first.close()
  const second = await open()
  const [opened] = second.read(first.head().seq, 1)
  assert.equal(opened!.action, 'ledger:opened')
  assert.equal(opened!.prev_hash, first.head().hash)
  await second.close()
  assert.equal((await verify()).ok, true)
})

test('past the bound callers wait; all are written, in order', async (t) => {
  const ledger = await place(t).open({ queueBound: 4 })
  const entries: Promise<Entry>[] = Array.from({ length: 200 }, (_, at) =>
    ledger.append({ ...READ, target: String(at) }),
  )
  assert.equal(ledger.health().waiting, 200)
  assert.deepEqual(
    (await Promise.all(entries)).map(({ target }) => target),
    Array.from({ length: 200 }, (_, at) => String(at)),
  )
  assert.equal(ledger.health().waiting, 0)
})

test('a closed ledger refuses to append, and says so in its health', async (t) => {
  const ledger = await place(t).open()
  const pending = ledger.append(READ)
  await ledger.close()
  assert.equal((await pending).action, READ.action)
  await assert.rejects(ledger.append(READ), { code: 'AUDIT_UNWRITABLE' })
  assert.equal(ledger.health().ok, false)
})

test('while the database is locked appends are refused and health says why; afterwards it recovers by itself', async (t) => {
  const { open, directory, verify } = place(t)
  const ledger = await open()
  const thief = new DatabaseSync(listSegments(directory)[0]!.path)
  thief.exec('BEGIN IMMEDIATE')
  await assert.rejects(ledger.append(READ), { code: 'AUDIT_UNWRITABLE' })
  assert.equal(ledger.health().ok, false)
  assert.match(ledger.health().why, /locked/)
  thief.exec('ROLLBACK')
  thief.close()
  await until(() => ledger.health().ok)
  await until(() => ledger.query({ action: 'ledger:recovered' }).length === 1)
  assert.equal(ledger.query({ action: 'ledger:recovered' })[0]!.details['refused'], 1)
  await ledger.close()
  assert.equal((await verify()).ok, true)
})

test('a directory others can enter is refused', async (t) => {
  const { open, directory } = place(t)
  await (await open()).close()
  chmodSync(directory, 0o755)
  await assert.rejects(open(), { code: 'FILE_UNSAFE' })
})

test('everything in the directory is closed to group and others', async (t) => {
  const { open, directory, witnessPath } = place(t)
  const ledger = await open()
  await appendReads(ledger, 5)
  const names = ['lock.db', 'index.db', 'checkpoints', 'segment-00000001.db', 'segment-00000001.db-wal']
  for (const path of [...names.map((name) => join(directory, name)), witnessPath]) {
    assert.equal(statSync(path).mode & 0o077, 0, path)
  }
})

test('a witness that cannot be written degrades the ledger in plain sight, and heals', async (t) => {
  const { open, root } = place(t)
  const witnessPath = join(root, 'mounted', 'witness')
  const ledger = await open({ witnessPath })
  assert.equal(ledger.health().ok, true)
  assert.match(ledger.health().degraded.join(), /witness copy .* cannot be written/)
  mkdirSync(join(root, 'mounted'))
  await appendReads(ledger, 1)
  const { note } = await ledger.checkpoint()
  assert.equal(readFileSync(witnessPath, 'utf8'), note)
  assert.deepEqual(ledger.health().degraded, [])
})

test('a checkpoint is signed after so many entries, and so long after the first unsigned one', async (t) => {
  const { open } = place(t)
  const many = await open({ checkpointEntries: 50, checkpointMs: 3_600_000 })
  await appendReads(many, 49)
  assert.ok(many.health().checkpointed < 50)
  await appendReads(many, 1)
  await until(() => many.health().checkpointed === many.head().seq)
  await many.close()
  const soon = await open({ checkpointEntries: 1e6, checkpointMs: 20 })
  await appendReads(soon, 1)
  await until(() => soon.health().checkpointed === soon.head().seq)
})

test('a segment that ends is signed at its last entry', async (t) => {
  const { open, time, directory } = place(t)
  const ledger = await open({ checkpointMs: 3_600_000 })
  await appendReads(ledger, 3)
  const { seq } = ledger.head()
  time.ms += 86_400_000
  await appendReads(ledger, 3)
  await until(() => readFileSync(join(directory, 'checkpoints'), 'utf8').includes(`audit\n${seq}\n`))
  assert.equal(listSegments(directory).length, 2)
})

test('following yields every entry once and in order, also those appended later, and ends when told', async (t) => {
  const ledger = await place(t).open()
  await appendReads(ledger, 300)
  const stop = new AbortController()
  const seen: number[] = []
  const following = (async () => {
    for await (const { seq } of ledger.follow(5, stop.signal)) {
      seen.push(seq)
      if (seq === 500) stop.abort()
    }
  })()
  await appendReads(ledger, 300)
  await following
  assert.deepEqual(
    seen,
    Array.from({ length: 495 }, (_, at) => at + 6),
  )
})

test('following ends with the ledger', async (t) => {
  const ledger = await place(t).open()
  const following = (async () => {
    for await (const _ of ledger.follow(ledger.head().seq)) assert.fail('nothing was appended')
  })()
  await ledger.close()
  await following
})

test('no secret reaches the disk, wherever in the event it stands', async (t) => {
  const { open, directory } = place(t)
  const ledger = await open()
  const secret = 'correct-horse-battery'
  await ledger.append({ ...READ, target: `https://me:${secret}@host/`, details: { api_key: secret } })
  await until(() => ledger.health().indexed === ledger.head().seq)
  await ledger.close()
  for (const name of ['segment-00000001.db', 'index.db']) {
    assert.ok(!readFileSync(join(directory, name), 'latin1').includes(secret), name)
  }
})
