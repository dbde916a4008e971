import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { RISK_LEVELS } from '../../core/risk.ts'
import { EVENT_TYPES, RESULTS, VERDICTS, type AuditEvent, type Entry } from './entry.ts'
import { place, READ, START, until } from './example.ts'
import { Finder } from './find.ts'
import type { Ledger } from './ledger.ts'
import { passes, type Filter } from './query.ts'

const someEvent: fc.Arbitrary<AuditEvent> = fc.record({
  event_type: fc.constantFrom(...EVENT_TYPES),
  agent: fc.constantFrom('coder', 'tester'),
  action: fc.constantFrom('fs:read', 'fs:write', 'net:connect', 'fs:%', 'é:x'),
  result: fc.constantFrom(...RESULTS),
  risk_level: fc.constantFrom(...RISK_LEVELS),
  decision: fc.constantFrom(...VERDICTS),
  permit_id: fc.constantFrom('', 'p-1', 'p-2', 'p-3', 'p-4'),
})

const someFilter: fc.Arbitrary<Filter> = fc.record(
  {
    agent: fc.constantFrom('coder', 'tester', 'nobody'),
    action: fc.constantFrom('fs:', 'fs:read', 'n', '', 'fs:%', 'é'),
    decision: fc.constantFrom(...VERDICTS),
    result: fc.constantFrom(...RESULTS),
    risk: fc.constantFrom(...RISK_LEVELS),
    eventType: fc.constantFrom(...EVENT_TYPES),
    since: fc.integer({ min: START, max: START + 200 }),
    until: fc.integer({ min: START, max: START + 200 }),
    permit: fc.constantFrom('p-1', 'p-9'),
    limit: fc.integer({ min: 1, max: 40 }),
    after: fc.integer({ min: 0, max: 200 }),
    before: fc.integer({ min: 0, max: 200 }),
    order: fc.constantFrom('oldest', 'newest'),
  },
  { requiredKeys: [] },
)

/** What a query must give, by reading everything. */
function expected(all: readonly Entry[], filter: Filter): number[] {
  const { after, order = 'oldest', limit = 100 } = filter
  const ordered = order === 'oldest' ? all : all.toReversed()
  const isLater = ({ seq }: Entry) => after === undefined || (order === 'oldest' ? seq > after : seq < after)
  return ordered
    .filter((entry) => isLater(entry) && passes(entry, filter))
    .slice(0, limit)
    .map(({ seq }) => seq)
}

async function filled(ledger: Ledger, time: { ms: number }, count: number): Promise<void> {
  for (const event of fc.sample(someEvent, { numRuns: count, seed: 7 })) {
    time.ms++
    await ledger.append(event)
  }
}

test('a query finds what reading everything finds, whether all, some or nothing is indexed', async (t) => {
  const { open, time, directory } = place(t)
  const ledger = await open()
  await filled(ledger, time, 150)
  const agree = (source: { query(filter: Filter): Entry[] }) =>
    fc.assert(
      fc.property(someFilter, (filter) => {
        const found = source.query(filter).map(({ seq }) => seq)
        assert.deepEqual(found, expected(ledger.read(0, 1000), filter))
      }),
      { numRuns: 200 },
    )
  agree(ledger)
  await until(() => ledger.health().indexed === ledger.head().seq)
  agree(ledger)
  await filled(ledger, time, 30)
  agree(ledger)
  await ledger.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `index.db${suffix}`), { force: true })
  const reader = new Finder(directory)
  t.after(() => reader.close())
  fc.assert(
    fc.property(someFilter, (filter) => {
      const found = reader.query(filter).map(({ seq }) => seq)
      assert.deepEqual(found, expected(reader.read(0, 1000), filter))
    }),
    { numRuns: 100 },
  )
})

test('page by page by number, nothing is left out, however many entries are of one millisecond', async (t) => {
  const { open } = place(t)
  const ledger = await open()
  const many = 1200
  await Promise.all(Array.from({ length: many }, () => ledger.append({ ...READ, agent: 'at-once' })))
  const of: Filter = { agent: 'at-once', order: 'newest', limit: 500 }
  const found: Entry[] = []
  for (let page = ledger.query(of); page.length > 0;) {
    found.push(...page)
    page = ledger.query({ ...of, before: page.at(-1)!.seq })
  }
  assert.equal(new Set(found.map(({ timestamp }) => timestamp)).size, 1)
  const newest = ledger.head().seq
  assert.deepEqual(
    found.map(({ seq }) => seq),
    Array.from({ length: many }, (_none, nth) => newest - nth),
  )
})

test('unsettled are the allows with a permit whose outcome is missing, indexed or not', async (t) => {
  const { open, directory } = place(t)
  const ledger = await open()
  const ask = (permit_id: string) => ledger.append({ ...READ, permit_id })
  const settle = (permit_id: string) => ledger.append({ ...READ, permit_id, decision: '', result: 'success' })
  const indexed = () => until(() => ledger.health().indexed === ledger.head().seq)
  const unsettled = (order: 'oldest' | 'newest' = 'oldest') =>
    ledger.query({ unsettled: true, order }).map(({ permit_id }) => permit_id)
  await ask('p-1')
  await ask('p-2')
  await ask('p-3')
  await ledger.append({ ...READ, permit_id: 'p-4', decision: 'deny', result: 'denied' })
  await ledger.append({ ...READ, permit_id: '' })
  assert.deepEqual(unsettled(), ['p-1', 'p-2', 'p-3'])
  await indexed()
  assert.deepEqual(unsettled(), ['p-1', 'p-2', 'p-3'])
  await settle('p-1')
  assert.deepEqual(unsettled(), ['p-2', 'p-3'])
  assert.deepEqual(unsettled('newest'), ['p-3', 'p-2'])
  await indexed()
  await settle('p-3')
  await ask('p-5')
  assert.deepEqual(unsettled('newest'), ['p-5', 'p-2'])
  await ledger.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `index.db${suffix}`), { force: true })
  const reader = new Finder(directory)
  t.after(() => reader.close())
  assert.deepEqual(
    reader.query({ unsettled: true }).map(({ permit_id }) => permit_id),
    ['p-2', 'p-5'],
  )
})

test('an entry is found by number, by id, and by the start of an id that fits no other', async (t) => {
  const { open } = place(t)
  const ledger = await open()
  const one = await ledger.append(READ)
  for (const indexed of [false, true]) {
    if (indexed) await until(() => ledger.health().indexed === ledger.head().seq)
    assert.deepEqual(ledger.get(one.seq), one)
    assert.deepEqual(ledger.get(String(one.seq)), one)
    assert.deepEqual(ledger.get(one.id), one)
    assert.throws(() => ledger.get('audit-2026'), { code: 'AUDIT_AMBIGUOUS' })
    assert.throws(() => ledger.get('audit-1999'), { code: 'AUDIT_MISSING' })
    assert.throws(() => ledger.get(99_999), { code: 'AUDIT_MISSING' })
  }
})

test('a filter with an unknown member or a bad value is refused', async (t) => {
  const ledger = await place(t).open()
  for (const filter of [
    { agnet: 'x' },
    { decision: 'yes' },
    { limit: 0 },
    { limit: 1e9 },
    { since: 'now' },
    { before: 1.5 },
    { risk: '' },
  ]) {
    assert.throws(() => ledger.query(filter as Filter), { code: 'AUDIT_INVALID' })
  }
})

test('an index that was rebuilt says the same', async (t) => {
  const { open, time } = place(t)
  const ledger = await open()
  await filled(ledger, time, 60)
  await until(() => ledger.health().indexed === ledger.head().seq)
  const before = ledger.query({ action: 'fs:' })
  await ledger.reindex()
  assert.equal(ledger.health().indexed, ledger.head().seq)
  assert.deepEqual(ledger.query({ action: 'fs:' }), before)
})
