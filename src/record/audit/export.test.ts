import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { csvOf, CSV_HEADER } from './csv.ts'
import type { Entry } from './entry.ts'
import { appendReads, place, READ } from './example.ts'
import { exportEntries } from './export.ts'
import { ocsfOf } from './ocsf.ts'

const ORIGIN = 'warder/test-host/audit'

/** Reads one RFC 4180 record. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(?:,|\r\n)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  )
}

test('an export of JSON lines is the entries, each in canonical form', async (t) => {
  const ledger = await place(t).open()
  await appendReads(ledger, 1200)
  const lines = [...exportEntries(ledger, 'jsonl', ORIGIN)].join('').trimEnd().split('\n')
  assert.deepEqual(
    lines,
    ledger.read(0, 2000).map((entry) => canonicalJson(entry as unknown as Json)),
  )
})

test('an export obeys its filter, its start and its limit', async (t) => {
  const ledger = await place(t).open()
  await appendReads(ledger, 700)
  const seqs = (filter: Parameters<typeof exportEntries>[3]) =>
    [...exportEntries(ledger, 'jsonl', ORIGIN, filter)]
      .join('')
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as Entry).seq)
  assert.deepEqual(seqs({ agent: 'warder' }), [1, 2])
  assert.equal(seqs({ agent: 'coder', limit: 600 }).length, 600)
  assert.deepEqual(seqs({ after: 700 }), [701, 702])
  assert.deepEqual(seqs({ agent: 'nobody' }), [])
  assert.throws(() => [...exportEntries(ledger, 'csv', ORIGIN, { agnet: 'x' } as never)], {
    code: 'AUDIT_INVALID',
  })
})

test('a CSV export has one record per entry, whatever its texts hold', async (t) => {
  const ledger = await place(t).open()
  const target = 'a,"b"\r\nc'
  const entry = await ledger.append({ ...READ, target })
  const line = csvOf(entry)
  const record = cells(line)
  assert.equal(record.length, cells(CSV_HEADER).length)
  assert.equal(record[6], target)
  assert.equal(record[0], String(entry.seq))
  assert.equal(record.at(-1), entry.hash)
})

test('no cell begins with what a spreadsheet would run', async (t) => {
  const ledger = await place(t).open()
  for (const target of ['=cmd|x', '+1', '-1+1', '@SUM(1)', '\t=1', ' =1', '\r=1']) {
    const entry = await ledger.append({ ...READ, target, reason: target })
    for (const cell of cells(csvOf(entry))) assert.doesNotMatch(cell, /^\s*[=+\-@\t\r]/)
  }
})

test('an OCSF event says what was decided and leads back to the entry', async (t) => {
  const ledger = await place(t).open()
  const allowed = ocsfOf(await ledger.append(READ), ORIGIN)
  assert.equal(allowed['class_uid'], 6003)
  assert.equal(allowed['type_uid'], 600302)
  assert.equal(allowed['action_id'], 1)
  assert.deepEqual(allowed['authorizations'], [
    { decision: 'allow', policy: { uid: READ.rule, name: READ.layer } },
  ])
  const entry = await ledger.append({
    ...READ,
    decision: 'deny',
    result: 'denied',
    action: 'net:connect',
    risk_level: 'critical',
  })
  const denied = ocsfOf(entry, ORIGIN)
  assert.deepEqual([denied['action_id'], denied['disposition_id'], denied['status_id']], [2, 2, 2])
  assert.deepEqual([denied['activity_id'], denied['severity_id'], denied['risk_level_id']], [99, 5, 4])
  const { uid, log_name } = denied['metadata'] as Record<string, unknown>
  assert.deepEqual([uid, log_name], [`${ORIGIN}#${entry.seq}`, ORIGIN])
  // what the class requires
  for (const required of [
    'activity_id',
    'actor',
    'api',
    'category_uid',
    'metadata',
    'severity_id',
    'src_endpoint',
    'time',
  ]) {
    assert.ok(denied[required] !== undefined, required)
  }
})
