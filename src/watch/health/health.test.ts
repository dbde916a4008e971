import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  COMPONENT_STATES,
  componentOf,
  derive,
  exposition,
  OVERALL,
  RecordCounts,
  SloTracker,
  type Component,
  type RecordedEntry,
} from './index.ts'
import { MOST_LABELS } from './metrics.ts'

const HOUR_MS = 3_600_000
const rank = (overall: (typeof OVERALL)[number]) => OVERALL.indexOf(overall)
const anyComponent = fc.record({
  name: fc.constantFrom('ledger', 'policy', 'egress', 'disk'),
  state: fc.constantFrom(...COMPONENT_STATES),
  why: fc.constant(''),
})
const part = (name: string, state: Component['state']): Component => ({ name, state, why: '' })

test('one more part that is looked at never makes the whole better', () => {
  fc.assert(
    fc.property(fc.array(anyComponent), anyComponent, (parts, more) => {
      assert.ok(rank(derive([...parts, more], [])) >= rank(derive(parts, [])))
    }),
  )
})

test('unknown is never better than degraded, whatever stands beside it', () => {
  fc.assert(
    fc.property(fc.array(anyComponent), (parts) => {
      const [unknown, degraded] = (['unknown', 'degraded'] as const).map((state) =>
        derive([...parts, part('one', state)], []),
      )
      assert.ok(rank(unknown!) >= rank(degraded!))
    }),
  )
})

test('the order of the parts says nothing, and a part that failed fails the whole', () => {
  fc.assert(
    fc.property(fc.array(anyComponent), (parts) => {
      assert.equal(derive(parts, []), derive(parts.toReversed(), []))
      assert.equal(derive([...parts, part('one', 'failed')], []), 'failed')
    }),
  )
})

test('a part everything rests on fails the whole when it is missing, unknown or off', () => {
  const rest = [part('egress', 'ok')]
  assert.equal(derive(rest, ['ledger']), 'failed')
  assert.equal(derive([], ['ledger']), 'failed')
  for (const state of ['unknown', 'off', 'failed'] as const)
    assert.equal(derive([...rest, part('ledger', state)], ['ledger']), 'failed', state)
  assert.equal(derive([...rest, part('ledger', 'degraded')], ['ledger']), 'degraded')
  assert.equal(derive([...rest, part('ledger', 'ok')], ['ledger']), 'ok')
})

test('a part made of sources is as well as they are', () => {
  const fact = (name: string, inForce: boolean) => ({ name, inForce, why: 'not on this machine' })
  assert.equal(componentOf('detection', []).state, 'off')
  assert.equal(componentOf('detection', [fact('ledger', true)]).state, 'ok')
  const half = componentOf('detection', [fact('ledger', true), fact('journal', false)], 'install it')
  assert.deepEqual(
    [half.state, half.why, half.fix],
    ['degraded', '1 of 2 sources in force; journal: not on this machine', 'install it'],
  )
  assert.equal(componentOf('detection', [fact('journal', false)]).state, 'failed')
})

function tracker(at = 1_000_000 * HOUR_MS) {
  const clock = { ms: at }
  return { clock, slo: new SloTracker(() => clock.ms) }
}
const of = (slo: SloTracker, name: string) => slo.report().find((each) => each.name === name)!

test('without samples nothing is claimed; with them the share decides, and what is used up is told', () => {
  const { slo } = tracker()
  assert.deepEqual(
    slo.report().map(({ state, burned }) => [state, burned]),
    Array.from({ length: 5 }, () => ['no data', 0]),
  )
  for (let i = 0; i < 1000; i += 1) slo.count('ledger-append', i > 0)
  const kept = of(slo, 'ledger-append')
  assert.equal(kept.state, 'met')
  assert.ok(Math.abs(kept.burned - 1) < 1e-9, 'one of a thousand is all that 99.9 % allows')
  slo.count('ledger-append', false)
  assert.equal(of(slo, 'ledger-append').state, 'missed')
  slo.took('containment-time', 5000)
  assert.equal(of(slo, 'containment-time').state, 'met')
  slo.took('containment-time', 5001)
  assert.equal(of(slo, 'containment-time').state, 'missed')
})

test('what is older than seven days counts no more, nor does an hour in the future', () => {
  const { slo, clock } = tracker()
  slo.count('ledger-append', false)
  clock.ms += 7 * 24 * HOUR_MS - 1
  assert.equal(of(slo, 'ledger-append').total, 1)
  clock.ms += HOUR_MS
  assert.equal(of(slo, 'ledger-append').total, 0)
  slo.count('ledger-append', true)
  clock.ms -= 48 * HOUR_MS
  assert.equal(of(slo, 'ledger-append').total, 0, 'the clock was set back')
  slo.count('ledger-append', true)
  assert.equal(of(slo, 'ledger-append').total, 1)
})

test('it stays as small as seven days are, and the last hour is told apart', () => {
  const { slo, clock } = tracker()
  for (let hour = 0; hour < 1000; hour += 1) {
    clock.ms += HOUR_MS
    slo.count('decision-latency', hour % 2 === 0)
  }
  assert.ok(slo.saved().length < 12_000)
  assert.equal(of(slo, 'decision-latency').total, 168)
  assert.ok(Math.abs(of(slo, 'decision-latency').burned - 10) < 1e-9)
  assert.ok(Math.abs(of(slo, 'decision-latency').burnRate - 20) < 1e-9)
})

test('what was saved is added to what was counted since; what is no such text is refused', () => {
  const { slo, clock } = tracker()
  slo.count('ledger-append', true)
  const later = new SloTracker(() => clock.ms)
  later.count('ledger-append', false)
  later.restore(slo.saved())
  assert.deepEqual([of(later, 'ledger-append').good, of(later, 'ledger-append').total], [1, 2])
  for (const text of [
    '',
    '{}',
    '{"v":2,"hours":[]}',
    '{"v":1,"hours":[{"hour":1,"tallies":{"ledger-append":[2,1]}}]}',
    '{"v":1,"hours":[{"hour":1,"tallies":{"nothing":[1,1]}}]}',
  ])
    assert.throws(() => tracker().slo.restore(text), text)
})

function entry(more: Partial<RecordedEntry>): RecordedEntry {
  return {
    ...{ timestamp: '2026-01-01T00:00:00.000Z', action: 'fs:read', target: '', decision: '', permit_id: '' },
    ...{ result: 'success', risk_level: 'low', rule: '', details: {} },
    ...more,
  }
}

test('entries become counts, and times become samples', () => {
  const { slo } = tracker()
  const counts = new RecordCounts(slo)
  counts.see(entry({ decision: 'allow', permit_id: 'p', details: { microseconds: 15_000 } }))
  counts.see(entry({ decision: 'deny', rule: 'hard.keys', details: { microseconds: 15_001 } }))
  counts.see(entry({ permit_id: 'p' }))
  counts.see(entry({ action: 'alert:raise', risk_level: 'high' }))
  const incident = { incident: 'i1', class: 'prompt_injection' }
  counts.see(entry({ action: 'incident:open', details: incident }))
  const contained = { action: 'incident:contained', timestamp: '2026-01-01T00:00:05.000Z' }
  counts.see(entry({ ...contained, details: incident }))
  counts.see(entry({ action: 'incident:open', details: { ...incident, incident: 'i2' } }))
  counts.see(entry({ action: 'incident:containment_failed', details: { ...incident, incident: 'i2' } }))
  const text = exposition(counts.families())
  for (const line of [
    'warder_decisions_total{effect="allow"} 1',
    'warder_decisions_total{effect="deny"} 1',
    'warder_decisions_total{effect="ask"} 0',
    'warder_denials_total{rule="hard.keys"} 1',
    'warder_permits_total{state="issued"} 1',
    'warder_permits_total{state="success"} 1',
    'warder_alerts_total{severity="high"} 1',
    'warder_incidents_total{class="prompt_injection"} 2',
  ])
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`)
  const [latency, containment] = [of(slo, 'decision-latency'), of(slo, 'containment-time')]
  assert.deepEqual([latency.good, latency.total], [1, 2])
  assert.deepEqual([containment.good, containment.total], [1, 2])
})

test('however many rules refuse, the labels stay bounded and the sum stays right', () => {
  const counts = new RecordCounts(tracker().slo)
  for (let i = 0; i < 10_000; i += 1) counts.see(entry({ decision: 'deny', rule: `rule.${i}` }))
  const { samples } = counts.families().find(({ name }) => name === 'warder_denials_total')!
  assert.equal(samples.length, MOST_LABELS + 1)
  assert.equal(
    samples.reduce((sum, { value }) => sum + value, 0),
    10_000,
  )
})

test('no label breaks out of its quotes or its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const text = exposition([
        { name: 'x_total', help: value, type: 'counter', samples: [{ labels: { rule: value }, value: 1 }] },
      ])
      const lines = text.split('\n')
      assert.equal(lines.length, 4)
      assert.match(lines[2]!, /^x_total\{rule="(?:[^"\\]|\\["\\n])*"\} 1$/s)
    }),
  )
})
