import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { ENTRY_FIELDS } from './entry.ts'
import { closed, place, READ, rowsOf, tamper } from './example.ts'
import { hashOf } from './serialise.ts'

function bodyAt(directory: string, seq: number): string {
  return rowsOf(directory)[seq - 1]!.body
}

function withoutIndex(directory: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `index.db${suffix}`), { force: true })
}

test('a change to any field of an entry is found, and the entry and the field are named', async (t) => {
  const { directory, verify } = await closed(t)
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

test('a permit’s entry that was changed is shown to be so even when its text looks like a link', async (t) => {
  const { open, verify, directory } = place(t)
  const ledger = await open()
  const { seq } = await ledger.append({ ...READ, target: '","prev_hash":"00",' })
  await ledger.close()
  assert.equal((await verify()).ok, true)
  tamper(directory, `UPDATE log SET body = replace(body, 'may read', 'may run') WHERE seq = ?`, seq)
  assert.equal((await verify()).first?.seq, seq)
})
