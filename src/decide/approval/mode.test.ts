import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision, Effect } from '../../core/decision.ts'
import type { Principal, Role } from '../../core/principal.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { action } from './fixture.test-kit.ts'
import { atMode, MODES } from './mode.ts'

const who = (role: Role) => ({ id: 'x', role, channel: 'agent-socket' }) as Principal
const AGENT = who('agent')
const connect = { ...action('low'), namespace: 'net', verb: 'connect', resource: 'example.com:443' }

function decided(effect: Effect, rule = 'rule.x'): Decision {
  return { effect, layer: 'policy', rule, reason: 'because', capabilities: [], evidence: undefined as never }
}

test('no mode turns a no into anything else, standard changes nothing, and the owner has none', () => {
  for (const risk of RISK_LEVELS) {
    for (const mode of MODES) {
      const no = decided('deny')
      assert.equal(atMode(mode, AGENT, action(risk), no), no)
      const yes = decided('allow')
      assert.equal(atMode(mode, who('owner'), connect, yes), yes)
      assert.equal(atMode('standard', AGENT, connect, yes), yes)
      assert.equal(atMode('standard', AGENT, action(risk), yes), yes)
    }
  }
})

test('offline and at sensitive work nothing of an agent’s or a guest’s reaches the network, allowed or asked', () => {
  for (const mode of ['offline', 'sensitive'] as const) {
    for (const effect of ['allow', 'ask'] as const) {
      for (const role of ['agent', 'guest', 'operator'] as const) {
        for (const verb of ['connect', 'resolve', 'listen']) {
          const { effect: said, rule } = atMode(mode, who(role), { ...connect, verb }, decided(effect))
          assert.deepEqual([said, rule], ['deny', `mode.${mode}`], `${role} ${verb}`)
        }
      }
    }
  }
  const install = { ...action('low'), namespace: 'pkg', verb: 'install', resource: 'left-pad' }
  assert.equal(atMode('offline', AGENT, install, decided('allow')).effect, 'deny')
  assert.equal(atMode('offline', AGENT, { ...install, verb: 'list' }, decided('allow')).effect, 'allow')
  for (const risk of RISK_LEVELS)
    assert.equal(atMode('offline', AGENT, action(risk), decided('allow')).effect, 'allow')
})

test('at sensitive work what is allowed is asked about from medium risk on', () => {
  const effects = RISK_LEVELS.map((risk) => atMode('sensitive', AGENT, action(risk), decided('allow')).effect)
  assert.deepEqual(
    effects,
    RISK_LEVELS.map((risk) => (risk === 'low' ? 'allow' : 'ask')),
  )
  const asked = decided('ask')
  assert.equal(atMode('sensitive', AGENT, action('high'), asked), asked, 'a question stays the one it was')
})
