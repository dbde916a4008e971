import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { act, agent, engineWith, held, NOW } from './fixture.test-kit.ts'
import { check, explain, PolicyEngine, STARTER_POLICY, testPolicy } from './index.ts'

const POLICY = `version: 1
agents:
  builder: {}
rules:
  - id: open
    agents: [builder]
    effect: allow
    capabilities: ["fs:read:/srv/**"]
    reason: open
  - id: shut
    effect: deny
    capabilities: ["fs:*:/srv/private/**"]
    reason: shut
  - id: useless
    effect: allow
    capabilities: ["fs:read:/srv/private/a"]
    reason: never reached
  - id: twice
    agents: [builder]
    effect: allow
    capabilities: ["fs:read:/srv/a/*"]
    reason: said before
  - id: nobody
    agents: [ghost]
    effect: allow
    capabilities: ["net:connect:example.org:443"]
    reason: for nobody
  - id: keys
    effect: allow
    capabilities: ["fs:read:/etc/shadow", "fs:read:/opt/*/bin/[ab]"]
    reason: cannot be
`

function loaded(text = POLICY) {
  const engine = new PolicyEngine({ monotonicMs: () => 0 })
  engine.load(text, 'policy.yaml')
  return engine
}

test('an explanation lists everything that speaks of the action, in order, with its place', () => {
  const engine = loaded()
  engine.admit(held('late', 'builder', 'fs:read:/srv/private/x', { notBefore: NOW + 1 }))
  const { decision, voices, change } = explain(engine, agent(), act('fs:read:/srv/private/x'), NOW)
  assert.equal(decision.rule, 'rule.shut')
  assert.deepEqual(
    voices.map(({ rule, applies, where, because }) => [rule, applies, where, because]),
    [
      ['rule.open', true, 'policy.yaml:8:20', undefined],
      ['rule.shut', true, 'policy.yaml:12:20', undefined],
      ['grant.late', false, undefined, 'its time has not come'],
    ],
  )
  assert.match(change?.note ?? '', /rule\.shut at policy\.yaml:12:20/)
})

test('an exclusion is named and no change is offered', () => {
  const { voices, change } = explain(loaded(), agent(), act('fs:read:/etc/shadow'), NOW)
  assert.equal(voices[0]?.rule, 'exclusion.shadow')
  assert.equal(change, undefined)
})

test('the patch that is offered applies, and then allows', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-policy-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'policy.yaml')
  try {
    execFileSync('patch', ['--version'], { stdio: 'ignore' })
  } catch {
    t.skip('the program patch is not installed here')
    return
  }
  for (const text of [
    POLICY,
    STARTER_POLICY,
    'version: 1\n',
    'version: 1\nrules: []\n',
    'version: 1\nagents: {}',
  ]) {
    const action = act("fs:read:/opt/o'dd x")
    const { change, decision } = explain(loaded(text), agent(), action, NOW)
    assert.equal(decision.effect, 'deny')
    if (text.includes('rules: []')) {
      assert.equal(change?.patch, undefined, 'an empty inline list is not patched')
      continue
    }
    writeFileSync(file, text)
    execFileSync('patch', ['-s', file], { input: change?.patch })
    assert.equal(loaded(readFileSync(file, 'utf8')).decide(agent(), action, NOW).effect, 'allow')
  }
})

test('a check finds what can never match, what is shadowed and what this host cannot enforce', () => {
  const found = check(loaded().policy(), { host: { sandbox: { pathRules: true, perFileDeny: true } } })
  assert.deepEqual(
    found.map(({ kind, rule, where }) => `${kind} ${rule} ${where}`),
    [
      'unreachable rule.nobody policy.yaml:24:14',
      'unreachable rule.useless policy.yaml:16:20',
      'shadowed rule.twice policy.yaml:21:20',
      'not_enforceable rule.twice policy.yaml:21:20',
      'not_enforceable rule.nobody policy.yaml:26:20',
      'unreachable rule.keys policy.yaml:30:20',
      'not_enforceable rule.keys policy.yaml:30:43',
      'suspicious rule.keys policy.yaml:30:43',
    ],
  )
  for (const { reason, fix } of found) assert.ok(reason !== '' && fix !== '')
})

test('expectations are asked in order and compared with effect and rule', () => {
  const results = testPolicy(
    loaded(),
    '- {agent: builder, action: "fs:read:/srv/x", expect: allow, rule: open}\n- {agent: builder, action: "fs:read:/srv/private/x", expect: allow}\n- {role: owner, action: "fs:read:/x", expect: allow, rule: role.owner}\n- {agent: other, action: "fs:read:/srv/x", expect: deny, rule: open}\n',
    'tests.yaml',
    NOW,
  )
  assert.deepEqual(
    results.map(({ ok, where }) => [ok, where]),
    [
      [true, 'tests.yaml:1:3'],
      [false, 'tests.yaml:2:3'],
      [true, 'tests.yaml:3:3'],
      [false, 'tests.yaml:4:3'],
    ],
  )
  assert.throws(
    () =>
      testPolicy(
        loaded(),
        '- {action: "fs:read:/x", expect: deny}\n- {agent: a, action: "fx:read", expect: deny}\n',
        't.yaml',
        NOW,
      ),
    {
      code: 'POLICY_TEST_INVALID',
      where: 't.yaml:1:3',
    },
  )
})

test('explaining changes nothing', () => {
  const engine = engineWith()
  const before = [engine.epoch(), engine.digest()]
  explain(engine, agent(), act('fs:read:/x'), NOW)
  assert.deepEqual([engine.epoch(), engine.digest()], before)
})
