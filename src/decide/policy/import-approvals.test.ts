import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importApprovals, PolicyEngine, STARTER_POLICY, withImported } from './index.ts'

const FILE = {
  version: 1,
  socket: { path: '/home/me/.aleph/exec-approvals.sock', token: 'token-0123456789' },
  defaults: { security: 'allowlist', ask: 'on-miss', ask_fallback: 'full', auto_allow_skills: false },
  agents: {
    builder: {
      allowlist: [
        { id: 'a', pattern: '/usr/bin/git', last_used_at: 1, last_used_command: 'git push https://me:pw@x/' },
        { pattern: 'make', last_resolved_path: '/usr/bin/make' },
        { pattern: '~/bin/tool', last_used_at: null },
        { pattern: 'nowhere' },
        { pattern: '/usr/bin/*' },
        { pattern: '/**' },
      ],
      blocklist: ['curl', '/usr/bin/wget', 'rm -rf *'],
      skill_allowlist: ['deploy'],
    },
    reviewer: { ask: 'always', allowlist: [{ pattern: '/usr/bin/less' }] },
    closed: { security: 'deny', allowlist: [{ pattern: '/usr/bin/vi' }] },
    wide: { security: 'full' },
    owner: { allowlist: [{ pattern: '/usr/bin/vi' }] },
  },
}
const imported = (file: object = FILE) => importApprovals(JSON.stringify(file), 'exec-approvals.json')

test('what has an end becomes rules, and everything else is named with the reason', () => {
  const { agents, rules, left } = imported()
  assert.deepEqual(agents, ['builder', 'reviewer', 'closed', 'wide'])
  assert.deepEqual(
    rules.map(({ id, effect, capabilities }) => [id, effect, capabilities]),
    [
      [
        'imported-builder-allow',
        'allow',
        ['process:spawn:/usr/bin/git', 'process:spawn:/usr/bin/make', 'process:spawn:${HOME}/bin/tool'],
      ],
      ['imported-builder-block', 'deny', ['process:spawn:/**/curl', 'process:spawn:/usr/bin/wget']],
      ['imported-reviewer-ask', 'ask', ['process:spawn:/usr/bin/less']],
    ],
  )
  const reasons = left.join('\n')
  for (const each of [
    ...[/^socket\.token: /m, /"nowhere": it is no absolute path/, /"\/usr\/bin\/\*": it has no end/],
    ...[/"\/\*\*": it has no end/, /"rm -rf \*": NOT FORBIDDEN/, /skills are tools here/],
    ...[/closed\.allowlist: its security is deny/, /wide\.security full/, /agents\."owner": no agent/],
    /ask_fallback full: with nobody to ask/,
  ])
    assert.match(reasons, each)
  assert.doesNotMatch(JSON.stringify(imported()), /0123456789|me:pw/, 'no token and no command goes along')
})

test('the policy keeps what it has, comments too, and taking over twice is taking over once', () => {
  const once = withImported(STARTER_POLICY, 'policy.yaml', imported())
  assert.ok(STARTER_POLICY.split('\n').every((line) => once.includes(line.trim())))
  assert.equal(withImported(once, 'policy.yaml', imported()), once)
  const engine = new PolicyEngine({ monotonicMs: () => 0, home: '/home/me' })
  engine.load(once, 'policy.yaml')
  const effect = (id: string, resource: string) =>
    engine.decide(
      { id, role: 'agent', channel: 'agent-socket' },
      { namespace: 'process', verb: 'spawn', resource, risk: 'low', bytes: '' },
      0,
    ).effect
  assert.equal(effect('builder', '/home/me/bin/tool'), 'allow')
  assert.equal(effect('reviewer', '/home/me/bin/tool'), 'deny')
  assert.equal(effect('reviewer', '/usr/bin/less'), 'ask')
  assert.equal(effect('builder', '/opt/x/curl'), 'deny')
  assert.equal(effect('builder', '/usr/bin/wget'), 'deny', 'a deny beats what the starter allows')
})

test('an empty policy gets what it needs, and an empty file changes nothing', () => {
  const text = withImported('version: 1\n', 'policy.yaml', imported())
  assert.match(text, /^version: 1\nagents:\n {2}builder:/)
  assert.equal(withImported('version: 1\n', 'policy.yaml', imported({ version: 1 })), 'version: 1\n')
})

test('a file of another version or shape is refused with its place, and so is a policy that is none', () => {
  for (const file of [
    {},
    { version: 2 },
    { ...FILE, more: 1 },
    { version: 1, agents: { a: { ask: 'never' } } },
  ])
    assert.throws(() => imported(file), { code: 'POLICY_INVALID' }, JSON.stringify(file))
  assert.throws(() => importApprovals('{"version":1,"version":1}', 'x.json'), { code: 'POLICY_INVALID' })
  assert.throws(() => withImported('version: 3\n', 'policy.yaml', imported()), { code: 'POLICY_INVALID' })
})
