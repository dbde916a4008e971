import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { act, agent, engineWith, held, NOW, rule } from './fixture.test-kit.ts'
import { referenceMatches } from './match.reference.ts'

const LONG = '/a-directory-with-quite-a-long-name/and-another-one-below'
const PATTERNS = [
  '/**',
  '/a/**',
  '/a/b',
  '/a/*',
  '/*/b/**',
  '/**/b',
  '/a/x*',
  `${LONG}/**`,
  `${LONG}/c`,
  '/é/**',
]
const RESOURCES = ['/', '/a', '/a/b', '/a/xy', '/c/b/d', `${LONG}/c`, LONG, '/é/b', '/\u012fa/b', '/ša']
const SECOND = 1000
const span = fc.constantFrom(
  { notBefore: NOW - 60 * SECOND, expiresAt: NOW + 60 * SECOND },
  { notBefore: NOW, expiresAt: NOW + 1 },
  { notBefore: NOW - 500, expiresAt: NOW },
  { notBefore: NOW + 1, expiresAt: NOW + 60 * SECOND },
  { notBefore: NOW - 60 * SECOND, expiresAt: NOW - 1 },
)
const change = fc.record({
  isAdmit: fc.nat(3).map((roll) => roll > 0),
  who: fc.constantFrom('builder', 'other'),
  pattern: fc.constantFrom(...PATTERNS),
  span,
  isForTask: fc.nat(4).map((roll) => roll === 0),
})
const someRule = fc.tuple(fc.constantFrom('allow', 'ask', 'deny'), fc.constantFrom(...PATTERNS))

test('grants given and taken back in any order decide as a list that is searched from end to end', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 25 }),
      fc.array(someRule, { maxLength: 2 }),
      (changes, rules) => {
        const engine = engineWith({
          rules: rules.map(([effect, text], i) => rule(`r${i}`, effect, `fs:read:${text}`)),
        })
        const list: { id: string; who: string; pattern: string; isLive: boolean }[] = []
        for (const [i, { isAdmit, who, pattern, span: time, isForTask }] of changes.entries()) {
          if (!isAdmit && list.length > 0) {
            const [gone] = list.splice(i % list.length, 1)
            assert.equal(engine.withdraw(gone!.id), true)
            assert.equal(engine.withdraw(gone!.id), false)
            continue
          }
          const task = isForTask ? { task: 't1' } : {}
          engine.admit(held(`g${i}`, who, `fs:read:${pattern}`, { ...time, ...task }))
          const isLive = time.notBefore <= NOW && NOW < time.expiresAt && !isForTask
          list.push({ id: `g${i}`, who, pattern, isLive })
        }
        for (const resource of RESOURCES) {
          const covers = (pattern: string) => referenceMatches('path', pattern, resource)
          const ruled = (effect: string) => rules.findIndex(([own, text]) => own === effect && covers(text))
          const told = ['deny', 'ask', 'allow'].map(ruled).find((i) => i !== -1)
          const grant = list.find(
            ({ who, pattern, isLive }) => isLive && who === 'builder' && covers(pattern),
          )
          const expected = told === undefined ? (grant ? `grant.${grant.id}` : 'default') : `rule.r${told}`
          const decision = engine.decide(agent(), act(`fs:read:${resource}`), NOW)
          assert.equal(decision.rule, expected, resource)
          if (decision.effect === 'allow') assert.equal(decision.capabilities.length, 1)
          seen.add(expected.slice(0, 5))
        }
      },
    ),
    { numRuns: 1500 },
  )
  assert.deepEqual(seen, new Set(['grant', 'defau', 'rule.']))
})

test('the one grant that speaks is weighed like any other: by risk, by ceiling, by who asks', () => {
  const engine = engineWith({ more: { agents: { builder: { ceiling: 'medium' } } } })
  engine.admit(held('g', 'builder', 'fs:read:/a/**', { notBefore: NOW - 60 * SECOND }))
  const ask = (more: object, who = agent()) => {
    const { effect, rule: settledBy, capabilities } = engine.decide(who, act('fs:read:/a/b', more), NOW)
    return [effect, settledBy, ...capabilities].join(' ')
  }
  assert.equal(ask({}), 'allow grant.g fs:read:/a/**')
  assert.equal(ask({ risk: 'high' }), 'ask risk.high fs:read:/a/**')
  assert.equal(ask({ risk: 'critical' }), 'deny risk.critical')
  assert.equal(ask({ sensitivity: 'high' }), 'deny sensitivity.exceeded')
  assert.equal(ask({}, { ...agent(), role: 'guest' }), 'deny default')
  assert.equal(ask({}, agent('other')), 'deny default')
})
