import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import {
  INCIDENT_CLASSES,
  INCIDENT_SEVERITY,
  INCIDENT_STATES,
  type Finding,
  type IncidentClass,
} from '../../core/incident.ts'
import { isAtLeast, RISK_LEVELS } from '../../core/risk.ts'
import {
  CLASS_RULES,
  ESCALATION,
  fileIncidentStore,
  IncidentBook,
  isConfirmed,
  ordersFor,
  TRANSITIONS,
  type IncidentStore,
} from './index.ts'
import { mayMove } from './incident.ts'
import { memoryIncidentStore } from './store.memory.ts'

const mac = (text: string) => createHmac('sha256', 'a key of this host').update(text).digest()

type Reported = Finding & { readonly class: IncidentClass }

function found(kind: IncidentClass, more: Partial<Finding> = {}): Reported {
  return {
    ...{ rule: 'test.rule', source: 'detect', severity: 'low', summary: 'something', at: 1, key: kind },
    ...{ agent: 'builder', evidence: {} },
    ...more,
    class: kind,
  }
}

function bookOf(store: IncidentStore = memoryIncidentStore(), rewriteBytes = 16 * 1024 * 1024) {
  const time = { now: 1_767_323_045_000 }
  const book = new IncidentBook({
    store,
    now: () => time.now,
    groupMs: 600_000,
    isOwn: () => false,
    rewriteBytes,
  })
  return { book, time, store }
}

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-incidents-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function storeIn(directory: string, seen = 0) {
  return fileIncidentStore({ path: join(directory, 'in', 'incidents.jsonl'), mac, seen, now: () => 5 })
}

/** Does what was ordered, as if it had been seen in the world. */
function confirmAll(book: IncidentBook, id: string, state: 'done' | 'failed' = 'done'): void {
  for (const i of book.get(id).actions.keys()) {
    book.began(id, i)
    book.ended(id, i, { state, evidence: 'seen', ms: 1 })
  }
}

test('a severity is what its class says or worse, whatever is reported, and never falls', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          kind: fc.constantFrom(...INCIDENT_CLASSES),
          severity: fc.constantFrom(...RISK_LEVELS),
          waitMs: fc.nat(400_000),
        }),
      ),
      (reports) => {
        const { book, time } = bookOf()
        const worst = new Map<string, (typeof RISK_LEVELS)[number]>()
        for (const { kind, severity, waitMs } of reports) {
          time.now += waitMs
          const { id } = book.report(found(kind, { severity }))
          const now = book.get(id).severity
          assert.ok(isAtLeast(now, INCIDENT_SEVERITY[kind]) && isAtLeast(now, severity))
          assert.ok(isAtLeast(now, worst.get(id) ?? 'low'))
          worst.set(id, now)
        }
      },
    ),
  )
})

test('nothing is contained but what was seen in the world, and nothing resolved that nobody acknowledged', () => {
  const Step = fc.record({
    what: fc.constantFrom('done', 'failed', 'nothing', 'ack', 'resolve', 'order', 'report'),
    action: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.constantFrom(...INCIDENT_CLASSES), fc.array(Step, { maxLength: 40 }), (kind, steps) => {
      const { book } = bookOf()
      const { id } = book.report(found(kind, { evidence: { path: '/m/model.gguf' } }))
      for (const { what, action } of steps) {
        const before = book.get(id)
        try {
          if (what === 'ack') book.acknowledge(id, 'anna', 'looked')
          else if (what === 'resolve')
            book.resolve(id, 'anna', 'over', {
              acceptUnconfirmed: false,
              evidenceAt: Number.MAX_SAFE_INTEGER,
            })
          else if (what === 'order')
            book.order(id, [{ action: 'freeze_agent', target: 'builder' }], 'anna', 'again')
          else if (what === 'report') book.report(found(kind))
          else if (action < before.actions.length) {
            book.began(id, action)
            book.ended(id, action, { state: what, evidence: 'seen', ms: 1 })
          }
        } catch (error) {
          assert.match(String((error as { code?: string }).code), /^INCIDENT_/)
        }
        const now = book.get(id)
        if (now.state !== before.state) {
          const way = [
            before.state,
            ...(now.state === 'containing' || before.state !== 'open' ? [] : ['containing' as const]),
            now.state,
          ]
          assert.ok(mayMove(before.state, now.state), way.join(' to '))
        }
        if (now.state === 'contained') assert.ok(now.actions.length > 0 && isConfirmed(now))
        if (now.state === 'resolved') assert.ok(now.acknowledged !== undefined && isConfirmed(now))
      }
    }),
  )
})

test('the table of steps lets nobody jump: resolved only from acknowledged, contained only from where actions are', () => {
  for (const from of INCIDENT_STATES) {
    assert.equal(mayMove(from, 'resolved'), from === 'acknowledged', from)
    assert.equal(mayMove(from, 'contained'), from === 'containing' || from === 'containment_failed', from)
    assert.equal(mayMove(from, from), false, from)
  }
  assert.deepEqual(TRANSITIONS.resolved, [])
})

test('each class orders what it says; without an agent nobody is stopped, unless Warder itself is meant', () => {
  const orders = (kind: IncidentClass, more: Partial<Finding>, isOwn = false) =>
    ordersFor(kind, found(kind, more), isOwn).map(({ action, target }) => `${action} ${target}`)
  const model = { path: '/m/x.gguf' }
  assert.deepEqual(orders('unauthorized_access', {}), [
    'freeze_agent builder',
    'lock_secrets secrets',
    'log_alert ledger',
  ])
  assert.deepEqual(orders('manifest_mismatch', { evidence: model }), [
    'quarantine /m/x.gguf',
    'freeze_agent builder',
  ])
  assert.deepEqual(orders('model_behavior_anomaly', { evidence: { server: 's', tool: 't' } }), [
    'quarantine s/t',
    'log_alert ledger',
  ])
  assert.deepEqual(orders('forbidden_airlock_request', {}), [])
  for (const kind of INCIDENT_CLASSES) {
    const { agent: _, ...nobody } = found(kind)
    assert.ok(!ordersFor(kind, nobody, false).some(({ action }) => action === 'freeze_agent'), kind)
    const all = ordersFor(kind, nobody, true).filter(({ target }) => target === '*')
    assert.equal(all.length > 0, CLASS_RULES[kind].needsEvidence, kind)
  }
})

test('so many of a class in its window make it worse, and one less, or slower, does not', () => {
  for (const [kind, rule] of Object.entries(ESCALATION) as [
    IncidentClass,
    NonNullable<(typeof ESCALATION)[IncidentClass]>,
  ][]) {
    const run = (times: number, everyMs: number) => {
      const { book, time } = bookOf()
      let id = ''
      for (let i = 0; i < times; i += 1) {
        time.now += i === 0 ? 0 : everyMs
        id = book.report(found(kind, { key: `${kind} ${i}` })).id
      }
      return book.get(id).severity
    }
    const everyMs = Math.floor(rule.windowMs / (rule.count - 1))
    assert.equal(run(rule.count, everyMs), rule.severity, kind)
    assert.equal(run(rule.count - 1, everyMs), INCIDENT_SEVERITY[kind], kind)
    assert.equal(run(rule.count, everyMs + 1000), INCIDENT_SEVERITY[kind], kind)
  }
})

test('a count that was begun before a restart goes on after it', (t) => {
  const directory = directoryOf(t)
  const first = bookOf(storeIn(directory))
  first.book.report(found('prompt_injection', { key: 'a' }))
  first.book.report(found('prompt_injection', { key: 'a' }))
  first.book.close()
  const { book } = bookOf(storeIn(directory))
  const { id } = book.report(found('prompt_injection', { key: 'b' }))
  assert.equal(book.get(id).severity, 'critical')
  assert.equal(book.list({ severity: 'critical' }).length, 1)
  book.close()
})

test('a flood of one key is one incident with its count, and few events on the disk', (t) => {
  const directory = directoryOf(t)
  const { book } = bookOf(storeIn(directory))
  const { id } = book.report(found('tool_call_burst'))
  for (let i = 1; i < 10_000; i += 1) assert.equal(book.report(found('tool_call_burst')).id, id)
  book.close()
  const again = bookOf(storeIn(directory))
  assert.equal(again.book.get(id).count, 10_000)
  assert.ok(statSync(join(directory, 'in', 'incidents.jsonl')).size < 10_000)
  again.book.close()
})

test('a flood of ever new keys is bounded, and no report of it is lost', () => {
  const { book } = bookOf()
  for (let i = 0; i < 3000; i += 1)
    book.report(found('tool_call_burst', { key: `k${i}`, summary: 'x'.repeat(5000) }))
  book.flush()
  const all = book.list()
  assert.ok(all.length <= 1001, String(all.length))
  assert.equal(
    all.reduce((sum, { count }) => sum + count, 0),
    3000,
  )
  assert.ok(all.every(({ summary }) => summary.length <= 500))
})

test('resolved incidents are forgotten when there are too many, and open ones never', () => {
  const { book, time } = bookOf()
  const kept = book.report(found('forbidden_airlock_request', { key: 'open' })).id
  for (let i = 0; i < 1100; i += 1) {
    time.now += 1000
    const { id } = book.report(found('forbidden_airlock_request', { key: `k${i}` }))
    book.acknowledge(id, 'anna', 'seen')
    book.resolve(id, 'anna', 'over', { acceptUnconfirmed: false, evidenceAt: undefined })
  }
  book.flush()
  assert.equal(book.list().length, 1000)
  assert.equal(book.get(kept).state, 'open')
})

test('what was acknowledged to a caller is there after a crash at any byte; half a line was acknowledged to nobody', (t) => {
  const directory = directoryOf(t)
  const path = join(directory, 'in', 'incidents.jsonl')
  const { book } = bookOf(storeIn(directory))
  const sizes: { size: number; state: string; id: string }[] = []
  const { id } = book.report(found('tool_call_burst'))
  sizes.push({ id, size: statSync(path).size, state: 'containing' })
  confirmAll(book, id)
  sizes.push({ id, size: statSync(path).size, state: 'contained' })
  book.acknowledge(id, 'anna', 'a test')
  sizes.push({ id, size: statSync(path).size, state: 'acknowledged' })
  book.close()
  const bytes = readFileSync(path)
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    writeFileSync(path, bytes.subarray(0, cut), { mode: 0o600 })
    const store = storeIn(directory)
    assert.equal(store.problem, undefined, `cut at ${cut}`)
    const told = sizes.filter(({ size }) => size <= cut).at(-1)
    const reread = bookOf(store).book
    const state = reread.list()[0]?.state
    if (told !== undefined)
      assert.ok(
        INCIDENT_STATES.indexOf(state ?? 'open') >= INCIDENT_STATES.indexOf(told.state as never),
        `cut at ${cut}: ${state}`,
      )
    store.close()
  }
})

test('what is written after a cut stands on a line of its own', (t) => {
  const directory = directoryOf(t)
  const path = join(directory, 'in', 'incidents.jsonl')
  const first = bookOf(storeIn(directory)).book
  first.report(found('tool_call_burst', { key: 'one' }))
  first.close()
  appendFileSync(path, '{"number":9,"ev')
  const second = bookOf(storeIn(directory)).book
  second.report(found('tool_call_burst', { key: 'two' }))
  second.close()
  const third = storeIn(directory)
  assert.equal(third.problem, undefined)
  assert.equal(bookOf(third).book.list().length, 2)
  third.close()
})

test('a line that was changed, taken out, put elsewhere or cut off is noticed, and what is before it is kept', (t) => {
  const directory = directoryOf(t)
  const path = join(directory, 'in', 'incidents.jsonl')
  const { book } = bookOf(storeIn(directory))
  const { id } = book.report(found('integrity_violation'))
  confirmAll(book, id)
  book.report(found('tool_call_burst'))
  book.close()
  const seen = storeIn(directory).last
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const forgeries: Record<string, string[]> = {
    changed: lines.with(1, lines[1]!.replace('"contain', '"contaim')),
    'taken out': lines.toSpliced(2, 1),
    'put elsewhere': lines.with(2, lines[3]!).with(3, lines[2]!),
    twice: [...lines, lines.at(-1)!],
    'cut off': lines.slice(0, 3),
    gone: [],
  }
  for (const [how, forged] of Object.entries(forgeries)) {
    for (const name of readdirSync(join(directory, 'in'))) rmSync(join(directory, 'in', name))
    writeFileSync(path, forged.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    const store = storeIn(directory, seen)
    assert.notEqual(store.problem, undefined, how)
    const again = bookOf(store).book
    assert.ok(again.isDamaged && again.problem() !== undefined, how)
    if (how !== 'gone') assert.equal(again.list()[0]?.class, 'integrity_violation', how)
    again.report(found('tool_call_burst', { key: 'later' }))
    again.close()
    const after = storeIn(directory, seen)
    assert.equal(after.problem, undefined, `${how}: the new book is whole`)
    after.close()
    assert.ok(
      readdirSync(join(directory, 'in')).some((name) => name.includes('.damaged-')),
      how,
    )
  }
})

test('a disk that cannot be written holds up no order, and an owner’s word is not taken until it can', () => {
  const store = memoryIncidentStore()
  const broken = { is: true }
  const { book } = bookOf({
    ...store,
    append(events) {
      if (broken.is) throw new Error('ENOSPC')
      store.append(events)
    },
  })
  const { id } = book.report(found('tool_call_burst'))
  confirmAll(book, id)
  assert.equal(book.get(id).state, 'contained')
  assert.match(book.problem() ?? '', /could not be written/)
  assert.throws(() => book.acknowledge(id, 'anna', 'seen'), { code: 'INCIDENTS_UNTRUSTED' })
  assert.equal(book.get(id).state, 'contained')
  broken.is = false
  book.flush()
  assert.equal(book.problem(), undefined)
  book.acknowledge(id, 'anna', 'seen')
  assert.deepEqual(bookOf(memoryIncidentStore(store.all)).book.get(id), book.get(id))
})

test('a critical incident is resolved only with a look at Warder that is newer than its containment', () => {
  const { book, time } = bookOf()
  const { id } = book.report(found('unauthorized_access'))
  confirmAll(book, id)
  const at = time.now
  time.now += 1000
  book.acknowledge(id, 'anna', 'a test')
  const resolve = (evidenceAt: number | undefined) =>
    book.resolve(id, 'anna', 'over', { acceptUnconfirmed: true, evidenceAt })
  assert.throws(() => resolve(undefined), { code: 'INCIDENT_EVIDENCE' })
  assert.throws(() => resolve(at), { code: 'INCIDENT_EVIDENCE' })
  assert.equal(resolve(at + 1).state, 'resolved')
})

test('what failed is resolved only when somebody accepts it, and a step of a playbook by nobody’s acceptance', () => {
  const { book } = bookOf()
  const { id } = book.report(found('tool_call_burst'))
  confirmAll(book, id, 'failed')
  assert.equal(book.get(id).state, 'containment_failed')
  book.acknowledge(id, 'anna', 'a test')
  const given = { acceptUnconfirmed: false, evidenceAt: undefined }
  assert.throws(() => book.resolve(id, 'anna', 'over', given), { code: 'INCIDENT_PENDING' })
  assert.equal(book.resolve(id, 'anna', 'over', { ...given, acceptUnconfirmed: true }).state, 'resolved')

  const about = { class: 'data_breach', by: 'owner', summary: 's', severity: 'high', evidence: {} } as const
  const { id: breach } = book.open(about, [])
  book.acknowledge(breach, 'anna', 'a test')
  for (const step of ['identify', 'contain', 'assess', 'notify', 'remediate', 'document']) {
    assert.throws(() => book.resolve(breach, 'anna', 'over', { ...given, acceptUnconfirmed: true }), {
      code: 'INCIDENT_PENDING',
    })
    book.step(breach, step, step === 'notify' ? 'waived' : 'done', 'anna', 'a test')
  }
  assert.equal(book.resolve(breach, 'anna', 'over', given).state, 'resolved')
})

test('a book that has grown is written anew, shorter, with nothing lost', (t) => {
  const directory = directoryOf(t)
  const path = join(directory, 'in', 'incidents.jsonl')
  const { book, time } = bookOf(storeIn(directory), 100_000)
  const { id } = book.report(found('tool_call_burst', { summary: 'y'.repeat(500) }))
  for (let i = 0; i < 600; i += 1) {
    time.now += 1
    book.step(id, 'note', 'done', 'anna', 'z'.repeat(500))
  }
  const grown = statSync(path).size
  book.flush()
  const before = book.get(id)
  assert.ok(grown > 200_000 && statSync(path).size < grown / 2, `${grown} ${statSync(path).size}`)
  confirmAll(book, id)
  book.close()
  const again = storeIn(directory)
  assert.equal(again.problem, undefined)
  assert.equal(bookOf(again).book.get(id).steps.length, before.steps.length)
  again.close()
  truncateSync(path, 0)
  const cut = storeIn(directory, again.last)
  assert.match(cut.problem ?? '', /the record knows of event/)
  cut.close()
})
