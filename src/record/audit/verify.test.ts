import assert from 'node:assert/strict'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { signCheckpoint } from './checkpoint.ts'
import { checkpointPath } from './checkpoint-file.ts'
import type { Entry } from './entry.ts'
import { appendReads, closed, place, rowsOf, tamper, testSigner } from './example.ts'
import { listSegments, type Row } from './segments.ts'
import { bodyOf, hashOf, parseEntry, write } from './serialise.ts'
import { verifyInThread } from './verify-in-thread.ts'

/** Writes everything again with a chain of its own, the way a thief with the source code would. */
function rewrite(directory: string, change: (entry: Entry) => Partial<Entry>): Row[] {
  const rows: Row[] = []
  let prev = '0'.repeat(64)
  for (const old of rowsOf(directory)) {
    const { seq: _, prev_hash: _prev, hash: _hash, ...event } = parseEntry(old.body, old.hash)
    const body = bodyOf(write({ ...event, ...change(parseEntry(old.body, old.hash)) }).text, prev, old.seq)
    rows.push({ seq: old.seq, hash: hashOf(body), body })
    prev = hashOf(body)
  }
  for (const { seq, hash, body } of rows) {
    tamper(directory, 'UPDATE log SET hash = ?, body = ? WHERE seq = ?', Buffer.from(hash, 'hex'), body, seq)
  }
  return rows
}

test('an untouched ledger is verified: bytes, chain, and how far the witness saw', async (t) => {
  const { verify, head } = await closed(t)
  const result = await verify()
  assert.deepEqual(
    { ...result, checkpoints: 0 },
    {
      ok: true,
      bytesIntact: true,
      chainIntact: true,
      seenElsewhereUpTo: head.seq,
      entries: head.seq,
      head,
      lastCheckpoint: head,
      checkpoints: 0,
      first: undefined,
      faults: [],
      faultCount: 0,
      notCovered: [],
    },
  )
})

test('a ledger is verified while its daemon writes, and what is not signed yet is told', async (t) => {
  const { open, verify } = place(t)
  const ledger = await open({ checkpointMs: 3_600_000 })
  await appendReads(ledger, 25)
  const result = await verify()
  assert.equal(result.ok, true)
  assert.match(result.notCovered.join('\n'), /entries 3 to 27: not signed/)
})

test('a whole new chain is caught by the checkpoints, which the thief cannot sign', async (t) => {
  const { directory, verify, head } = await closed(t)
  rewrite(directory, ({ target }) => ({ target: `${target}!` }))
  const { ok, bytesIntact, chainIntact, faults } = await verify({ witnessPath: undefined as never })
  assert.deepEqual([ok, bytesIntact, chainIntact], [false, true, false])
  assert.ok(faults.some(({ kind, seq }) => kind === 'checkpoint' && seq === head.seq))
})

test('a whole new chain with checkpoints of the thief’s own is caught too, and without any as well', async (t) => {
  const { directory, verify } = await closed(t)
  const rows = rewrite(directory, ({ target }) => ({ target: `${target}!` }))
  const last = rows.at(-1)!
  const { note } = signCheckpoint('warder/test-host/audit', last, testSigner())
  writeFileSync(checkpointPath(directory), `${note}\n`)
  assert.equal((await verify({ witnessPath: undefined as never })).first?.kind, 'checkpoint')
  rmSync(checkpointPath(directory))
  assert.equal((await verify({ witnessPath: undefined as never })).first?.kind, 'checkpoint')
})

test('a whole new chain signed with the stolen key is caught by the witness alone', async (t) => {
  const { directory, verify, signer } = await closed(t)
  const rows = rewrite(directory, ({ target }) => ({ target: `${target}!` }))
  const { note } = signCheckpoint('warder/test-host/audit', rows.at(-1)!, signer)
  writeFileSync(checkpointPath(directory), `${note}\n`)
  assert.equal((await verify({ witnessPath: undefined as never })).ok, true) // what nobody can see without a witness
  const { ok, first, seenElsewhereUpTo } = await verify()
  assert.deepEqual([ok, first?.kind, seenElsewhereUpTo], [false, 'witness', 0])
})

test('a cut tail is caught by the checkpoints; with them cut too, by the witness', async (t) => {
  const { directory, verify } = await closed(t)
  tamper(directory, 'DELETE FROM log WHERE seq > 30')
  const seen = await verify({ witnessPath: undefined as never })
  assert.deepEqual([seen.ok, seen.first?.kind], [false, 'truncated'])
  const path = checkpointPath(directory)
  writeFileSync(path, readFileSync(path, 'utf8').split('\n\n').slice(0, 2).join('\n\n') + '\n\n')
  assert.equal((await verify({ witnessPath: undefined as never })).ok, true)
  assert.equal((await verify()).first?.kind, 'truncated')
})

test('an old copy of everything is caught by the witness', async (t) => {
  const { directory, root, open, verify } = await closed(t)
  cpSync(directory, join(root, 'old'), { recursive: true })
  const ledger = await open()
  await appendReads(ledger, 10)
  await ledger.close()
  rmSync(directory, { recursive: true })
  cpSync(join(root, 'old'), directory, { recursive: true })
  const { ok, first } = await verify()
  assert.deepEqual([ok, first?.kind], [false, 'truncated'])
})

test('a changed checkpoint, a checkpoint out of order and a note of another ledger do not pass', async (t) => {
  const { directory, verify, signer, head } = await closed(t)
  const path = checkpointPath(directory)
  const intact = readFileSync(path, 'utf8')
  const changed = intact.replace(`\n${head.seq}\n`, `\n${head.seq - 1}\n`)
  assert.notEqual(changed, intact)
  const older = signCheckpoint('warder/test-host/audit', rowsOf(directory)[0]!, signer).note
  const foreign = signCheckpoint('warder/other/audit', head, signer).note
  for (const text of [changed, `${intact}${older}\n`, `${intact}${foreign}\n`, `junk\n\njunk\n\n${intact}`]) {
    writeFileSync(path, text)
    const { ok, faults } = await verify()
    assert.equal(ok, false)
    assert.ok(faults.some(({ kind }) => kind === 'checkpoint'))
  }
})

test('what cannot be looked at is not verified', async (t) => {
  const { directory, verify, witnessPath, root } = await closed(t)
  assert.equal((await verify({ keys: [] })).ok, false)
  assert.equal((await verify({ keys: [testSigner().publicKey] })).ok, false)
  assert.equal((await verify({ origin: 'warder/other/audit' })).ok, false)
  assert.equal((await verify({ directory: join(root, 'nowhere') })).ok, false)
  rmSync(witnessPath)
  assert.deepEqual((await verify()).first?.kind, 'witness')
  const [segment] = listSegments(directory)
  writeFileSync(segment!.path, 'this is not a database, but long enough to be looked at as if it were one')
  const { ok, first } = await verify({ witnessPath: undefined as never })
  assert.deepEqual([ok, first !== undefined], [false, true])
})

test('a missing segment is found as the gap it leaves', async (t) => {
  const { open, time, directory, verify } = place(t)
  const ledger = await open()
  for (let day = 0; day < 3; day++) {
    await appendReads(ledger, 5)
    time.ms += 86_400_000
  }
  await ledger.close()
  assert.equal((await verify()).ok, true)
  const [, second] = listSegments(directory)
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${second!.path}${suffix}`, { force: true })
  const { ok, first } = await verify()
  assert.deepEqual([ok, first?.kind], [false, 'segment'])
})

test('segments that end under load lose nothing', async (t) => {
  const { open, directory, verify } = place(t)
  const ledger = await open({ maxSegmentBytes: 100_000, checkpointEntries: 100 })
  await Promise.all([1, 2, 3, 4].map((part) => appendReads(ledger, 500, part * 500)))
  await ledger.close()
  assert.ok(listSegments(directory).length > 5)
  const { ok, entries } = await verify()
  assert.deepEqual([ok, entries], [true, ledger.head().seq])
})

test('verification can begin at a checkpoint, and says what it believed', async (t) => {
  const { open, verify, directory } = place(t)
  const ledger = await open()
  await appendReads(ledger, 20)
  const { seq } = await ledger.checkpoint()
  await appendReads(ledger, 20)
  await ledger.close()
  tamper(directory, `UPDATE log SET body = 'x' WHERE seq = 5`)
  const late = await verify({ from: seq + 3 })
  assert.deepEqual([late.ok, late.entries], [true, ledger.head().seq - seq])
  assert.match(late.notCovered.join(), new RegExp(`entries 1 to ${seq}: believed`))
  assert.equal((await verify()).first?.seq, 5)
})

test('verification changes nothing and works where nothing can be written', async (t) => {
  const { directory, verify, head } = await closed(t)
  for (const suffix of ['-wal', '-shm'])
    rmSync(`${listSegments(directory)[0]!.path}${suffix}`, { force: true })
  chmodSync(directory, 0o500)
  const result = await verify()
  chmodSync(directory, 0o700)
  assert.deepEqual([result.ok, result.entries], [true, head.seq])
})

test('the thread says the same, and tells how far it is', async (t) => {
  const { directory, witnessPath, signer, verify } = await closed(t, 1500)
  const steps: number[] = []
  const options = { directory, witnessPath, keys: [signer.publicKey] }
  const result = await verifyInThread({ ...options, onProgress: (entries) => steps.push(entries) })
  assert.deepEqual(result, await verify())
  assert.deepEqual(steps, [1000, 1502])
})

test('a broken schema is not verified', async (t) => {
  const { directory, verify } = await closed(t)
  const db = new DatabaseSync(listSegments(directory)[0]!.path)
  db.exec('DROP TABLE log')
  db.close()
  assert.equal((await verify()).ok, false)
})
