import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Action } from '../../core/action.ts'
import type { Evidence } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import {
  createContainment,
  createStopStore,
  haltRuns,
  isStopped,
  StopError,
  wayBack,
  type Hold,
  type RecordedRun,
} from './index.ts'

const STOP = { since: '2026-01-02T03:04:05.000Z', by: 'owner', reason: 'test' }
const EVIDENCE = {} as Evidence
const builder: Principal = { id: 'builder', role: 'agent', channel: 'agent-socket' }
const owner: Principal = { id: 'owner', role: 'owner', channel: 'local-socket' }
const start: Action = { namespace: 'agent', verb: 'start', resource: 'builder', risk: 'medium', bytes: '' }
const read: Action = { namespace: 'fs', verb: 'read', resource: '/etc/hosts', risk: 'low', bytes: '' }

function privateDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-stop-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('a stop holds for a store opened later, as after a restart', (t) => {
  const directory = privateDirectory(t)
  createStopStore(directory).stop('builder', STOP)
  const later = createStopStore(directory)
  assert.deepEqual(isStopped(later.read(), 'builder'), STOP)
  assert.equal(isStopped(later.read(), 'other'), undefined)
})

test('a store sees at once what another process wrote', (t) => {
  const directory = privateDirectory(t)
  const daemon = createStopStore(directory)
  assert.equal(isStopped(daemon.read(), 'builder'), undefined)
  createStopStore(directory).stop(undefined, STOP)
  assert.deepEqual(isStopped(daemon.read(), 'builder'), STOP)
})

test('a stop file that cannot be understood, or that others can write, stops everything', (t) => {
  const file = (directory: string) => join(directory, 'stop.json')
  for (const text of [
    '',
    '{',
    '[]',
    '{"version":2,"agents":{}}',
    '{"version":1,"agents":{},"resume":true}',
  ]) {
    const directory = privateDirectory(t)
    writeFileSync(file(directory), text, { mode: 0o600 })
    const contained = createContainment({ read: createStopStore(directory).read, evidence: () => EVIDENCE })
    assert.equal(contained(builder, read)?.rule, 'containment.unreadable', text)
  }
  const directory = privateDirectory(t)
  writeFileSync(file(directory), '{"version":1,"agents":{}}')
  chmodSync(file(directory), 0o666)
  assert.throws(() => createStopStore(directory).read(), StopError)
})

test('a stopped agent may do nothing, may not be started, and the owner may still look', (t) => {
  const store = createStopStore(privateDirectory(t))
  const contained = createContainment({ read: store.read, evidence: () => EVIDENCE })
  assert.equal(contained(builder, read), undefined)
  store.stop('builder', STOP)
  assert.equal(contained(builder, read)?.effect, 'deny')
  assert.equal(contained(owner, start)?.effect, 'deny')
  assert.equal(contained(owner, read), undefined)
  assert.equal(contained({ ...builder, id: 'other' }, read), undefined)
  assert.equal(contained(builder, read)?.fix, "warder resume builder --reason '…'")
})

test('manual mode stops every agent until all are resumed; lifting one is not enough', (t) => {
  const store = createStopStore(privateDirectory(t))
  const contained = createContainment({ read: store.read, evidence: () => EVIDENCE })
  store.stop('builder', STOP)
  store.stop(undefined, STOP)
  store.resume('builder')
  assert.equal(contained(builder, read)?.effect, 'deny')
  assert.equal(
    contained(builder, read)?.fix,
    "warder resume --all --reason '…'",
    'what is said lifts what holds',
  )
  store.resume(undefined)
  assert.equal(contained(builder, read), undefined)
  assert.throws(() => store.resume(undefined), { code: 'STOP_NOT_IN_FORCE' })
})

test('what an incident stopped is lifted by recovering it, and no reason of a person’s looks like that', () => {
  const reason = 'incident INC-20260102-030405-0001: a program was changed'
  const latched =
    'warder incident show INC-20260102-030405-0001, then warder recover INC-20260102-030405-0001'
  assert.equal(wayBack({ ...STOP, by: 'warder', reason }, undefined), latched)
  assert.equal(wayBack({ ...STOP, by: 'owner', reason }, 'a'), "warder resume a --reason '…'")
  assert.equal(
    wayBack({ ...STOP, by: 'warder', reason: 'hung' }, undefined),
    "warder resume --all --reason '…'",
  )
})

test('notes of a stop without a daemon are handed over once, in order, and kept when handing over fails', async (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  store.note({ n: 1 })
  store.note({ n: 2 })
  await assert.rejects(store.takeNotes(() => Promise.reject(new Error('ledger down'))))
  const taken: unknown[] = []
  assert.equal(await store.takeNotes(async (line) => void taken.push(line)), 2)
  assert.deepEqual(taken, [{ n: 1 }, { n: 2 }])
  assert.equal(await store.takeNotes(() => Promise.reject(new Error('never called'))), 0)
  assert.ok(!existsSync(join(directory, 'stop-notes.jsonl')))
})

test('a resume lifts the stop that was looked at, and none that was made after it', (t) => {
  const store = createStopStore(privateDirectory(t))
  const later = { ...STOP, since: new Date(Date.parse(STOP.since) + 1).toISOString(), reason: 'again' }
  for (const agent of ['builder', undefined]) {
    store.stop(agent, STOP)
    store.stop(agent, later)
    assert.throws(() => store.resume(agent, STOP.since), { code: 'STOP_CHANGED' })
    assert.deepEqual(isStopped(store.read(), agent), later)
    store.resume(agent, later.since)
    assert.equal(isStopped(store.read(), agent), undefined)
  }
})

const RUNS = [
  { runId: '1', agent: 'builder' },
  { runId: '2', agent: 'other' },
]

function clock(): () => number {
  const at = { ms: 0 }
  return () => (at.ms += 1)
}

test('a run that cannot be killed is a receipt that says so, never a silence', async () => {
  const hold: Hold<RecordedRun> = {
    freeze: async (runs) => new Set(runs),
    async kill({ runId }) {
      if (runId === '2') throw new Error('EPERM')
      return { before: 5, after: 0 }
    },
  }
  const options = { list: () => RUNS, hold, monotonicMs: clock() }
  const all = await haltRuns(options)
  assert.deepEqual(
    all.map(({ processesAfter, error }) => [processesAfter, error]),
    [
      [0, undefined],
      [-1, 'Error: EPERM'],
    ],
  )
  assert.equal((await haltRuns({ ...options, agent: 'builder' })).length, 1)
})

test('runs are frozen, then the stop is written, then they are killed, with those that began meanwhile', async () => {
  const order: string[] = []
  const list = [...RUNS]
  const halted = await haltRuns({
    list: () => list,
    hold: {
      async freeze(runs) {
        order.push(`freeze ${runs.length}`)
        return new Set(runs.slice(0, 1)) // the second one was not seen to stand still
      },
      async kill({ runId }) {
        order.push(`kill ${runId}`)
        return { before: 1, after: 0 }
      },
    },
    whenFrozen() {
      order.push('written')
      list.push({ runId: '3', agent: 'newcomer' })
    },
    monotonicMs: clock(),
  })
  assert.deepEqual(order, ['freeze 2', 'written', 'kill 1', 'kill 2', 'kill 3'])
  assert.deepEqual(
    halted.map(({ frozenMs }) => frozenMs !== undefined),
    [true, false, false],
  )
  for (const { frozenMs = 0, ms } of halted) assert.ok(frozenMs < ms)
})

test('what cannot be frozen is killed all the same, and not said to have stood still', async () => {
  const hold: Hold<RecordedRun> = {
    freeze: () => Promise.reject(new Error('no /proc')),
    kill: async () => ({ before: 2, after: 0 }),
  }
  const halted = await haltRuns({ list: () => RUNS, hold, monotonicMs: clock() })
  assert.deepEqual(
    halted.map(({ processesAfter, frozenMs }) => [processesAfter, frozenMs]),
    [
      [0, undefined],
      [0, undefined],
    ],
  )
})

test('a stop that cannot be written holds in this process, and is written with the next one', (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  store.stop('other', STOP)
  const inTheWay = join(directory, 'stop.json')
  // a directory cannot be replaced by a file: it fails for root too, as a full disk does
  const text = readFileSync(inTheWay)
  rmSync(inTheWay)
  mkdirSync(inTheWay)
  assert.throws(() => store.stop('builder', STOP))
  rmSync(inTheWay, { recursive: true })
  writeFileSync(inTheWay, text, { mode: 0o600 })
  assert.deepEqual(isStopped(store.read(), 'builder'), STOP)
  assert.deepEqual(isStopped(store.read(), 'other'), STOP)
  store.stop('third', STOP)
  assert.deepEqual(Object.keys(createStopStore(directory).read().agents).sort(), [
    'builder',
    'other',
    'third',
  ])
})

test('a note that was cut short holds up no other, and no note is handed over twice at once', async (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  writeFileSync(join(directory, 'stop-notes.jsonl'), '{"n":\n{"n":2}\n', { mode: 0o600 })
  const taken: unknown[] = []
  const take = () => store.takeNotes(async (line) => void taken.push(line))
  await Promise.all([take(), take()])
  assert.deepEqual(taken, ['{"n":', { n: 2 }])
})
