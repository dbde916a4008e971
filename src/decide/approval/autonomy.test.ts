import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision, Effect } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { ASK, atAutonomy, LEVELS, routeOf, SECURITY } from './autonomy.ts'
import { action } from './fixture.test-kit.ts'

const AGENT = { id: 'builder', role: 'agent', channel: 'agent-socket' } as Principal

function decided(effect: Effect, rule = 'rule.x'): Decision {
  const evidence = {
    domain: 'tool_access',
    policyDigest: 'd',
    inputHash: 'i',
    epoch: 1,
    microseconds: 1,
  } as const
  return { effect, layer: 'policy', rule, reason: 'because', capabilities: [], evidence }
}

test('no level turns a no into anything else, and supervised changes nothing', () => {
  for (const level of LEVELS) {
    for (const risk of RISK_LEVELS) {
      assert.equal(atAutonomy(level, AGENT, action(risk), decided('deny', `risk.${risk}`)).effect, 'deny')
      if (level !== 'supervised') continue
      for (const effect of ['allow', 'ask'] as const) {
        assert.equal(atAutonomy(level, AGENT, action(risk), decided(effect)).effect, effect)
      }
    }
  }
})

test('manual asks for everything from medium risk on; the owner is not asked', () => {
  const effects = RISK_LEVELS.map(
    (risk) => atAutonomy('manual', AGENT, action(risk), decided('allow')).effect,
  )
  assert.deepEqual(effects, ['allow', 'ask', 'ask', 'ask'])
  const owner = { ...AGENT, id: 'owner', role: 'owner' } as Principal
  assert.equal(atAutonomy('manual', owner, action('high'), decided('allow')).effect, 'allow')
})

test('full leaves out what is asked for medium risk alone; rules, high and critical ask as before', () => {
  const under = (risk: 'low' | 'medium' | 'high' | 'critical', rule: string) =>
    atAutonomy('full', AGENT, action(risk), decided('ask', rule)).effect
  assert.equal(under('medium', 'risk.medium'), 'allow')
  assert.equal(under('medium', 'rule.careful'), 'ask')
  assert.equal(under('medium', 'agents.builder.may_request[0]'), 'ask')
  assert.equal(under('high', 'risk.high'), 'ask')
  assert.equal(under('critical', 'risk.critical'), 'ask')
})

test('the whole table of security and ask: nothing lifts critical, deny beats all, always asks', () => {
  for (const security of SECURITY) {
    for (const ask of ASK) {
      for (const isCovered of [false, true]) {
        for (const risk of RISK_LEVELS) {
          const route = routeOf({ security, ask }, isCovered, action(risk))
          const isLow = risk === 'low' || risk === 'medium'
          const passes = isCovered || (security === 'full' && isLow)
          const expected =
            risk === 'critical' || security === 'deny'
              ? 'deny'
              : ask === 'always'
                ? 'ask'
                : passes
                  ? 'allow'
                  : ask === 'off'
                    ? 'deny'
                    : 'ask'
          assert.equal(route, expected, `${security} ${ask} ${isCovered} ${risk}`)
        }
      }
    }
  }
})
