import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Principal } from '../../core/principal.ts'
import { act, agent, as, engineWith, held, NOW, rule } from './fixture.test-kit.ts'
import type { PolicyEngine } from './index.ts'

const effectOf = (engine: PolicyEngine, who: Principal, text: string, more = {}) => {
  const { effect, rule: settledBy } = engine.decide(who, act(text, more), NOW)
  return `${effect} ${settledBy}`
}

test('an agent that holds grants is judged by the policy in force, and by the preset it comes with', () => {
  const engine = engineWith({ rules: [rule('old', 'allow', 'tool:call:x')] })
  engine.admit(held('g', 'builder', 'fs:read:/data/**'))
  for (const round of [1, 2]) {
    assert.equal(effectOf(engine, agent(), 'tool:call:x'), 'allow rule.old', `round ${round}`)
    assert.equal(effectOf(engine, agent('builder', 'network'), 'dns:read:x'), 'allow role.network.default')
    assert.equal(effectOf(engine, agent('builder', 'monitor'), 'dns:read:x'), 'deny default')
    assert.equal(effectOf(engine, agent('builder', 'nobody knows'), 'dns:read:x'), 'deny default')
    assert.equal(effectOf(engine, { ...as('guest'), id: 'builder' }, 'tool:call:x'), 'deny default')
  }
  assert.equal(effectOf(engine, agent(), 'tool:call:x'), 'allow rule.old')
  engine.load(JSON.stringify({ version: 1, rules: [rule('new', 'deny', 'tool:call:x')] }), 'p')
  assert.equal(effectOf(engine, agent(), 'tool:call:x'), 'deny rule.new')
  assert.equal(effectOf(engine, agent(), 'fs:read:/data/x'), 'allow grant.g')
})

test('who takes the place of an agent that holds nothing any more has nothing of it', () => {
  const engine = engineWith({ more: { agents: { first: { ceiling: 'high' } } } })
  engine.admit(held('g1', 'first', 'fs:read:/data/**'))
  const ask = (who: string) => effectOf(engine, agent(who), 'fs:read:/data/x', { sensitivity: 'high' })
  assert.equal(ask('first'), 'allow grant.g1')
  engine.withdraw('g1')
  engine.admit(held('g2', 'second', 'fs:read:/data/**'))
  assert.equal(ask('first'), 'deny default')
  assert.equal(ask('second'), 'deny sensitivity.exceeded')
  engine.admit(held('g3', 'first', 'fs:read:/data/x'))
  assert.equal(ask('first'), 'allow grant.g3')
})

test('a grant that is refused leaves nothing behind for the next holder', () => {
  const engine = engineWith()
  for (let i = 0; i < 64; i++) engine.admit(held(`full${i}`, 'full', `fs:read:/**/*x${i}*`))
  assert.throws(() => engine.admit(held('more', 'full', 'fs:*:/**/*y*')), { code: 'PATTERN_INVALID' })
  assert.throws(() => engine.admit(held('bad', 'builder', 'fs:read:relative')), { code: 'PATTERN_INVALID' })
  engine.admit(held('g', 'builder', 'fs:read:/data/x'))
  assert.equal(effectOf(engine, agent(), 'fs:write:/a/y'), 'deny default')
  assert.equal(effectOf(engine, agent('full'), 'fs:write:/a/y'), 'deny default')
  assert.equal(effectOf(engine, agent('full'), 'fs:read:/a/x7'), 'allow grant.full7')
})
