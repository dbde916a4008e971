import assert from 'node:assert/strict'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { signCheckpoint } from './checkpoint.ts'
import { checkpointPath } from './checkpoint-file.ts'
import { ENTRY_FIELDS, type Entry } from './entry.ts'
import { appendReads, place, READ, tamper, testSigner, until } from './example.ts'
import { listSegments, SegmentReader, type Row } from './segments.ts'
import { bodyOf, hashOf, parseEntry, write } from './serialise.ts'
import { verifyInThread } from './verify-in-thread.ts'

/** A closed, indexed ledger of 40 reads behind the entries it began with. */
async function closed(t: TestContext, count = 40) {
  const at = place(t)
  const ledger = await at.open()
  await appendReads(ledger, count)
  await until(() => ledger.health().indexed === ledger.head().seq)
  await ledger.close()
  return { ...at, head: ledger.head() }
}

function rowsOf(directory: string): Row[] {
  const reader = new SegmentReader(directory)
  try {
    return reader.read(0, 100_000)
  } finally {
    reader.close()
  }
}

function bodyAt(directory: string, seq: number): string {
  return rowsOf(directory)[seq - 1]!.body
}

function withoutIndex(directory: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `index.db${suffix}`), { force: true })
}

/** Writes everything again with a chain of its own, the way a thief with the source code would. */
function rewrite(directory: string, change: (entry: Entry) => Partial<Entry>): Row[] {
  const rows: Row[] = []
  let prev = '0'.repeat(64)
  for (const old of rowsOf(directory)) {
    const entry = { ...parseEntry(old.body, old.hash), ...change(parseEntry(old.body, old.hash)) }
    const body = bodyOf(write(entry).pieces, prev, old.seq)
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

test('a change to any field of an entry is found, and the entry and the field are named', async (t) => {
  const { directory, verify, root } = await closed(t)
  cpSync(directory, join(root, 'intact'), { recursive: true })
  const entry = JSON.parse(bodyAt(directory, 20)) as Record<string, unknown>
  for (const field of ENTRY_FIELDS) {
    const value = entry[field]
    const changed =
      typeof value === 'number'
        ? value + 1
        : typeof value === 'string'
          ? `${value}x`
          : Array.isArray(value)
            ? []
            : {}
    tamper(
      directory,
      'UPDATE log SET body = ? WHERE seq = 20',
      JSON.stringify({ ...entry, [field]: changed }),
    )
    const { ok, bytesIntact, first } = await verify()
    assert.equal(ok, false, field)
    assert.equal(bytesIntact, false, field)
    assert.equal(first?.seq, 20, field)
    assert.deepEqual(first?.fields, [field])
    assert.match(first?.what ?? '', new RegExp(`\`${field}\` differs from the index copy`))
  }
})

test('without an index the entry is named all the same, and a field only where it cannot be ours', async (t) => {
  const { directory, verify } = await closed(t)
  withoutIndex(directory)
  const body = bodyAt(directory, 20)
  const cases: [string, string[]][] = [
    [body.replace('"allowed"', '"alloved"'), ['result']],
    [body.replace('the role may read', 'the role may write'), []],
    [body.replace('"action"', ' "action"'), []],
    ['not JSON', []],
  ]
  for (const [changed, fields] of cases) {
    tamper(directory, 'UPDATE log SET body = ? WHERE seq = 20', changed)
    const { first } = await verify()
    assert.equal(first?.seq, 20)
    assert.deepEqual(first?.fields, fields, changed)
  }
})

test('a changed hash is told apart from a changed body', async (t) => {
  const { directory, verify } = await closed(t)
  withoutIndex(directory)
  tamper(directory, 'UPDATE log SET hash = ? WHERE seq = 20', Buffer.alloc(32, 7))
  const { first } = await verify()
  assert.deepEqual([first?.seq, first?.kind, first?.fields], [20, 'hash', ['hash']])
})

test('any single byte changed in any body or hash is found, at that entry', async (t) => {
  const { directory, verify } = await closed(t, 12)
  const rows = rowsOf(directory)
  await fc.assert(
    fc.asyncProperty(
      fc.nat(rows.length - 1),
      fc.boolean(),
      fc.nat(),
      fc.integer({ min: 1, max: 127 }),
      async (at, inHash, where, flip) => {
        const row = rows[at]!
        const bytes = inHash ? Buffer.from(row.hash, 'hex') : Buffer.from(row.body)
        bytes[where % bytes.length]! ^= flip
        const value = inHash ? bytes : bytes.toString('latin1')
        tamper(directory, `UPDATE log SET ${inHash ? 'hash' : 'body'} = ? WHERE seq = ?`, value, row.seq)
        const { ok, faults } = await verify()
        tamper(
          directory,
          'UPDATE log SET hash = ?, body = ? WHERE seq = ?',
          Buffer.from(row.hash, 'hex'),
          row.body,
          row.seq,
        )
        assert.equal(ok, false)
        assert.equal(faults[0]!.seq, row.seq)
      },
    ),
    { numRuns: 150 },
  )
  assert.equal((await verify()).ok, true)
})

test('a deleted entry is found, and so is a deleted stretch', async (t) => {
  const { directory, verify } = await closed(t)
  tamper(directory, 'DELETE FROM log WHERE seq = 20')
  const one = await verify()
  assert.equal(one.first?.seq, 20)
  assert.match(one.first?.what ?? '', /entries 20 to 20 are missing/)
  tamper(directory, 'DELETE FROM log WHERE seq BETWEEN 10 AND 30')
  assert.match((await verify()).first?.what ?? '', /entries 10 to 30 are missing/)
})

test('an inserted entry is found, in the middle, before the first and after the last', async (t) => {
  for (const [seq, prevSeq] of [
    [21, 20],
    [0, 1],
    [-5, 1],
    [43, 20],
  ] as const) {
    const { directory, verify } = await closed(t)
    const prev = rowsOf(directory)[prevSeq - 1]!.hash
    const body = bodyAt(directory, 20)
      .replace(/"seq":\d+/, `"seq":${seq}`)
      .replace(/"prev_hash":"\w+"/, `"prev_hash":"${prev}"`)
    tamper(directory, 'UPDATE log SET seq = -1000 - seq WHERE seq >= ?', Math.max(seq, 1))
    tamper(directory, 'UPDATE log SET seq = -999 - seq WHERE seq < -1000')
    tamper(directory, 'INSERT INTO log VALUES (?, ?, ?)', seq, Buffer.from(hashOf(body), 'hex'), body)
    assert.equal((await verify()).ok, false, String(seq))
  }
})

test('reordered entries are found', async (t) => {
  const { directory, verify } = await closed(t)
  tamper(directory, 'UPDATE log SET seq = 1000 WHERE seq = 20')
  tamper(directory, 'UPDATE log SET seq = 20 WHERE seq = 21')
  tamper(directory, 'UPDATE log SET seq = 21 WHERE seq = 1000')
  const { first } = await verify()
  assert.deepEqual([first?.seq, first?.kind], [20, 'seq'])
})

test('a replaced entry with a good hash of its own is found at the next one', async (t) => {
  const { directory, verify } = await closed(t)
  const body = bodyAt(directory, 20).replace('the role may read', 'the role may READ')
  tamper(
    directory,
    'UPDATE log SET body = ?, hash = ? WHERE seq = 20',
    body,
    Buffer.from(hashOf(body), 'hex'),
  )
  const { first } = await verify()
  assert.deepEqual([first?.seq, first?.kind, first?.fields], [21, 'prev_hash', ['prev_hash']])
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

test('a permit’s entry that was changed is shown to be so even when its text looks like a link', async (t) => {
  const { open, verify, directory } = place(t)
  const ledger = await open()
  const { seq } = await ledger.append({ ...READ, target: '","prev_hash":"00",' })
  await ledger.close()
  assert.equal((await verify()).ok, true)
  tamper(directory, `UPDATE log SET body = replace(body, 'may read', 'may run') WHERE seq = ?`, seq)
  assert.equal((await verify()).first?.seq, seq)
})
