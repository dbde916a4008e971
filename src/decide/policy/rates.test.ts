import assert from 'node:assert/strict'
import { test } from 'node:test'
import { USUAL_RATES } from '../../core/rate.ts'
import { PolicyEngine } from './engine.ts'

function ratesOf(text: string) {
  const engine = new PolicyEngine({ monotonicMs: () => 0, home: '/home/dev' })
  engine.load(`version: 1\n${text}`, 'policy.yaml')
  return engine.policy().rates
}

test('how often agents may act is data of the policy, and the usual where it says nothing', () => {
  assert.deepEqual(ratesOf(''), USUAL_RATES)
  const rates = ratesOf('rates: {agent: {writes: 100, per_second: 3}, all: {calls: 0}, install_pause: 1m}')
  assert.deepEqual(rates, {
    agent: { ...USUAL_RATES.agent, writes: 100 },
    all: { ...USUAL_RATES.all, calls: 0 },
    agentPerSecond: 3,
    toolPerSecond: USUAL_RATES.toolPerSecond,
    installPauseMs: 60_000,
  })
})

test('a limit that is no number, or of nothing that is counted, refuses the whole file', () => {
  for (const rates of [
    '{agent: {writes: -1}}',
    '{agent: {reads: 5}}',
    '{all: {per_second: 5}}',
    '{calls: 5}',
    '{install_pause: 10}',
  ]) {
    assert.throws(() => ratesOf(`rates: ${rates}`), { code: 'POLICY_INVALID' }, rates)
  }
})
