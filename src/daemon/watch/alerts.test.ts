import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readFeed } from '../../api/alert-feed.ts'
import type { Finding } from '../../core/incident.ts'
import type { GateEvent } from '../../gate/index.ts'
import { AlertFile } from './alerts-file.ts'
import { Alerts, type Alert, type AlertsOptions } from './alerts.ts'

const GROUP_MS = 60_000

function finding(more: Partial<Finding> = {}): Finding {
  return {
    ...{ rule: 'test.rule', source: 'detect', severity: 'medium', summary: 'something happened' },
    ...{ at: 1_000_000, key: 'test.rule builder', agent: 'builder', evidence: { entries: '7' } },
    ...more,
  }
}

function feed(t: TestContext, more: Partial<AlertsOptions> = {}) {
  const directory = join(mkdtempSync(join(tmpdir(), 'alerts-')), 'feed')
  t.after(() => rmSync(join(directory, '..'), { recursive: true, force: true }))
  const clock = { now: 1_000_000 }
  const [recorded, problems]: [GateEvent[], unknown[]] = [[], []]
  const file = new AlertFile({ directory, maxBytes: 10_000_000, keep: 3 })
  const alerts = new Alerts({
    ...{
      file,
      groupMs: GROUP_MS,
      now: () => clock.now,
      redact: (text) => text.replaceAll('hunter2', '[redacted]'),
    },
    record: async (event) => recorded.push(event),
    lost: (error) => problems.push(error),
    ...more,
  })
  t.after(() => alerts.close())
  const lines = () => (existsSync(file.path) ? readFileSync(file.path, 'utf8').trimEnd().split('\n') : [])
  const newest = () => readFeed(lines()).alerts
  return { alerts, clock, recorded, problems, file, directory, lines, newest }
}

test('findings of one key are one alert with a count, one entry in the ledger, and none is lost', (t) => {
  const { alerts, recorded, newest, lines } = feed(t)
  for (let nth = 0; nth < 10_000; nth += 1) alerts.raise(finding())
  alerts.raise(finding({ key: 'test.rule other', agent: 'other' }))
  assert.equal(lines().length, 2, 'the feed is not written ten thousand times')
  alerts.flush()
  assert.deepEqual(
    newest().map(({ principal, count }) => [principal, count]),
    [
      ['other', 1],
      ['builder', 10_000],
    ],
  )
  assert.equal(recorded.length, 2)
  assert.deepEqual(
    [recorded[0]?.action, recorded[0]?.agent, recorded[0]?.details['principal']],
    ['alert:raise', 'warder', 'builder'],
  )
})

test('after quiet time the same thing is a new alert', (t) => {
  const { alerts, clock, newest } = feed(t)
  alerts.raise(finding())
  clock.now += GROUP_MS + 1
  alerts.raise(finding({ at: clock.now }))
  assert.deepEqual(
    newest().map(({ count }) => count),
    [1, 1],
  )
})

test('what got worse is said at once, in the feed and in the ledger, and nothing gets better', (t) => {
  const told: string[] = []
  const { alerts, recorded, newest } = feed(t, {
    tell: ({ severity }, what) => told.push(`${what} ${severity}`),
  })
  alerts.raise(finding())
  alerts.raise(finding({ severity: 'critical' }))
  alerts.raise(finding({ severity: 'low' }))
  alerts.flush()
  assert.deepEqual(
    newest().map(({ severity, count }) => [severity, count]),
    [['critical', 3]],
  )
  assert.deepEqual(told, ['raised medium', 'worse critical'])
  assert.deepEqual(
    recorded.map(({ risk_level: risk }) => risk),
    ['medium', 'critical'],
  )
  alerts.worsen(finding(), 'high', 'a model said so')
  assert.equal(newest()[0]?.severity, 'critical')
})

test('the feed is for its owner alone, one line an alert, without secrets or control characters', (t) => {
  const { alerts, file, directory, lines } = feed(t)
  const nasty = 'a\nb\u001b[2Jc\u202ed hunter2'
  alerts.raise(finding({ summary: nasty, agent: 'x\ny', key: nasty, evidence: { command: nasty } }))
  assert.equal(lines().length, 1)
  assert.equal(statSync(file.path).mode & 0o777, 0o600)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  const [line] = lines()
  assert.doesNotMatch(line!, /hunter2/)
  const alert = JSON.parse(line!) as Alert
  assert.equal(alert.message, 'a\\u{a}b\\u{1b}[2Jc\\u{202e}d [redacted]')
  assert.deepEqual([alert.principal, alert.evidence['command']], ['x\\u{a}y', alert.message])
})

test('a feed that is set aside loses no alert, and keeps no more files than it may', (t) => {
  const { directory } = feed(t)
  const file = new AlertFile({ directory, maxBytes: 2000, keep: 3 })
  for (let nth = 0; nth < 100; nth += 1) file.write(JSON.stringify({ nth, padding: 'x'.repeat(150) }))
  file.close()
  const names = ['alerts.3.jsonl', 'alerts.2.jsonl', 'alerts.1.jsonl', 'alerts.jsonl']
  const all = names.flatMap((name) => readFileSync(join(directory, name), 'utf8').trimEnd().split('\n'))
  for (const name of names) {
    assert.ok(statSync(join(directory, name)).size <= 2000, name)
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
  }
  const numbers = all.map((line) => (JSON.parse(line) as { nth: number }).nth)
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, nth) => 100 - numbers.length + nth),
  )
  assert.equal(existsSync(join(directory, 'alerts.4.jsonl')), false)
})

test('a link that somebody planted is not written through, and the trouble is told and shown', (t) => {
  const { alerts, directory, problems } = feed(t)
  const file = new AlertFile({ directory, maxBytes: 2000, keep: 1 })
  file.write('{}')
  file.close()
  rmSync(file.path)
  const target = join(directory, 'target')
  writeFileSync(target, 'mine')
  symlinkSync(target, file.path)
  alerts.raise(finding())
  assert.equal(readFileSync(target, 'utf8'), 'mine')
  assert.match(alerts.problem() ?? '', /cannot be written/)
  assert.equal(problems.length, 1)
})

test('a finding with a class becomes an incident though the feed cannot be written, and the feed says which', async (t) => {
  const reported: Finding[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const broken = { write: () => assert.fail('no disk'), sync: () => undefined, close: () => undefined }
  const report = async (each: Finding) => {
    reported.push(each)
    resolve()
    return 'INC-1'
  }
  const { alerts } = feed(t, { file: broken, report })
  alerts.raise(finding({ class: 'tool_call_burst' }))
  alerts.raise(finding({ key: 'no class' }))
  await promise
  assert.deepEqual(
    reported.map(({ class: kind }) => kind),
    ['tool_call_burst'],
  )
  const good = feed(t, { report })
  good.alerts.raise(finding({ class: 'tool_call_burst' }))
  await new Promise((done) => setImmediate(done))
  assert.equal(good.newest()[0]?.incident, 'INC-1')
})

test('alerts that were open go on after a restart, under their id', (t) => {
  const before = feed(t)
  before.alerts.raise(finding())
  before.alerts.raise(finding())
  before.alerts.close()
  const open = before.newest()
  const { alerts, recorded, newest } = feed(t, { open })
  alerts.raise(finding())
  alerts.flush()
  assert.deepEqual(
    newest().map(({ id, count }) => [id, count]),
    [[open[0]?.id, 3]],
  )
  assert.equal(recorded.length, 0, 'it is no new alert')
})

test('a flood of ever new keys is held to a bound, and each of them was written', (t) => {
  const { alerts, newest } = feed(t)
  for (let nth = 0; nth < 6000; nth += 1) alerts.raise(finding({ key: `key ${nth}` }))
  assert.equal(alerts.openCount, 4096)
  assert.equal(newest().length, 6000)
})

test('damaged lines are counted, and hide nothing', (t) => {
  const { alerts, file, lines } = feed(t)
  alerts.raise(finding())
  appendFileSync(file.path, '{"id":\nnot json\n{"id":"x"}\n')
  alerts.raise(finding({ key: 'after' }))
  const { alerts: read, damaged } = readFeed(lines())
  assert.deepEqual([read.length, damaged], [2, 3])
})
