import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { act, agent, engineWith, NOW, rule } from './fixture.test-kit.ts'
import { check, PolicyEngine, PolicyError, policyJsonSchema, reach, STARTER_POLICY } from './index.ts'

const VECTORS = new URL('../../../test/vectors/policy/', import.meta.url)

function refusalOf(bytes: string | Uint8Array, file = 'p.yaml'): PolicyError {
  const engine = engineWith({ rules: [rule('stays', 'allow', 'tool:call:x')] })
  try {
    engine.load(bytes, file)
  } catch (error) {
    assert.ok(error instanceof PolicyError, String(error))
    assert.equal(error.code, 'POLICY_INVALID')
    assert.equal(
      engine.decide(agent(), act('tool:call:x'), NOW).rule,
      'rule.stays',
      'the policy before must stay',
    )
    return error
  }
  throw new Error(`${file} was taken`)
}

test('every hostile file is refused as a whole, with the line and column of its first problem', () => {
  const files = readdirSync(VECTORS).filter((name) => name.endsWith('.yaml'))
  assert.ok(files.length >= 30, 'the vectors are missing')
  for (const file of files) {
    const text = readFileSync(new URL(file, VECTORS), 'utf8')
    const [, expected] = /^# expect (\d+:\d+)\n/.exec(text) ?? []
    assert.ok(expected !== undefined, `${file} does not say what to expect`)
    const error = refusalOf(text, file)
    assert.equal(error.where, `${file}:${expected}`, `${file}: ${error.message}`)
    assert.ok(error.problems.length > 0 && error.fix !== '')
  }
})

test('all problems of a file are told at once, in its order', () => {
  const error = refusalOf(
    'version: 1\nrulez: []\nrules:\n  - id: a\n    effect: alow\n    capabilities: [fx:read, "fs:read:x"]\n    reason: x\n',
  )
  assert.deepEqual(
    error.problems.map(({ where }) => where),
    ['p.yaml:2:1', 'p.yaml:5:13', 'p.yaml:6:20', 'p.yaml:6:29'],
  )
  assert.match(error.message, /and 3 more/)
})

test('what is too large, not UTF-8 or nested without end is refused', () => {
  assert.match(refusalOf(`version: 1\n#${'x'.repeat(1024 * 1024)}`).message, /more than 1048576/)
  assert.match(refusalOf(Uint8Array.from([0x76, 0xff, 0xfe])).message, /not UTF-8/)
  refusalOf(`${'- '.repeat(20_000)}x`)
  refusalOf(`a: ${'{a: '.repeat(5000)}`)
})

test('HOME and WORKSPACE are filled in, each agent with its own', () => {
  const engine = engineWith({
    rules: [rule('own', 'allow', 'fs:read:${WORKSPACE}/**', 'fs:read:${HOME}/notes/**')],
    workspaces: [
      { agent: 'builder', path: '/srv/b' },
      { agent: 'other', path: '/srv/o' },
    ],
  })
  const effect = (who: string, path: string) => engine.decide(agent(who), act(`fs:read:${path}`), NOW).effect
  assert.equal(effect('builder', '/srv/b/x'), 'allow')
  assert.equal(effect('other', '/srv/b/x'), 'deny')
  assert.equal(effect('other', '/srv/o/x'), 'allow')
  assert.equal(effect('nobody', '/srv/o/x'), 'deny')
  assert.equal(effect('nobody', '/home/dev/notes/x'), 'allow')
})

test('the starter policy is taken, finds nothing wrong on a full host, and denies by default', () => {
  const engine = new PolicyEngine({ monotonicMs: () => 0 })
  const policy = engine.load(STARTER_POLICY, 'policy.yaml')
  engine.setWorkspaces([{ agent: 'builder', path: '/srv/b' }])
  const host = { sandbox: { pathRules: true, perFileDeny: true }, egress: true }
  assert.deepEqual(check(policy, { host }), [])
  assert.equal(engine.decide(agent(), act('fs:write:/srv/b/x'), NOW).effect, 'allow')
  assert.equal(engine.decide(agent(), act('fs:write:/srv/b/.git/hooks/pre-commit'), NOW).effect, 'deny')
  assert.equal(engine.decide(agent(), act('fs:delete:/srv/x'), NOW).effect, 'deny')
  assert.equal(engine.decide(agent(), act('fs:read:/etc/hosts'), NOW).rule, 'default')
})

test('the JSON Schema in the tree is the one the code makes', () => {
  const written = readFileSync(new URL('../../../schemas/policy.schema.json', import.meta.url), 'utf8')
  assert.equal(written, policyJsonSchema(), 'run: node scripts/policy-schema.ts')
})

test('the sandbox is told what rules and live grants open, and what they and the exclusions keep shut', () => {
  const engine = engineWith({
    rules: [
      rule('own', 'allow', 'fs:read:${WORKSPACE}/**'),
      rule('hooks', 'deny', 'fs:*:${WORKSPACE}/.git/hooks/**'),
      rule('del', 'ask', 'fs:delete:/srv/x'),
    ],
    workspaces: [
      { agent: 'builder', path: '/srv/b' },
      { agent: 'other', path: '/srv/o' },
    ],
  })
  engine.admit({
    id: 'g',
    principal: 'builder',
    capability: 'fs:write:/data/**',
    grantor: 'owner',
    reason: 'r',
    notBefore: NOW,
    expiresAt: NOW + 1000,
  })
  const lines = reach(engine, agent(), NOW).map(
    ({ effect, verb, pattern, rule: by }) => `${effect} ${verb} ${pattern} ${by}`,
  )
  assert.equal(lines[0], 'allow read /srv/b/** rule.own')
  assert.equal(lines[1], 'allow write /data/** grant.g')
  assert.ok(lines.includes('deny write /srv/b/.git/hooks/** rule.hooks'))
  assert.ok(lines.includes('deny delete /srv/x rule.del'), 'what asks counts as denied')
  assert.ok(lines.includes('deny read /etc/shadow exclusion.shadow'))
  assert.ok(lines.includes('deny read /srv/o/** exclusion.other-workspace'))
  assert.ok(!reach(engine, agent(), NOW + 1000).some(({ rule: by }) => by === 'grant.g'))
  assert.ok(!reach(engine, agent('other'), NOW).some(({ pattern }) => pattern === '/data/**'))
})
