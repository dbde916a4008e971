import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ROLES } from '../../core/principal.ts'
import { act, agent, as, engineWith, held, NOW, owner, rule } from './fixture.test-kit.ts'
import { PolicyEngine, PRESETS } from './index.ts'

const effectOf = (
  engine: PolicyEngine,
  who: Parameters<PolicyEngine['decide']>[0],
  text: string,
  more = {},
) => {
  const { effect, rule: settledBy } = engine.decide(who, act(text, more), NOW)
  return `${effect} ${settledBy}`
}

test('without a policy and without grants an agent may do nothing, and the owner may', () => {
  const engine = new PolicyEngine({ monotonicMs: () => 0 })
  for (const action of ['fs:read:/tmp/x', 'net:connect:example.org:443', 'process:list', 'tool:call:echo']) {
    assert.equal(effectOf(engine, agent(), action), 'deny default')
    assert.equal(effectOf(engine, owner, action), 'allow role.owner')
    assert.equal(effectOf(engine, as('guest'), action), 'deny default')
    assert.equal(effectOf(engine, as('operator'), action), 'deny default')
    assert.equal(effectOf(engine, as('anonymous'), action), 'deny role.anonymous')
  }
})

test('the strictest matching rule wins, wherever it stands', () => {
  const rules = [
    rule('yes', 'allow', 'fs:read:/a/**'),
    rule('maybe', 'ask', 'fs:read:/a/b/**'),
    rule('no', 'deny', 'fs:*:/a/b/c'),
  ]
  for (const order of [rules, rules.toReversed()]) {
    const engine = engineWith({ rules: order })
    assert.equal(effectOf(engine, agent(), 'fs:read:/a/x'), 'allow rule.yes')
    assert.equal(effectOf(engine, agent(), 'fs:read:/a/b/x'), 'ask rule.maybe')
    assert.equal(effectOf(engine, agent(), 'fs:read:/a/b/c'), 'deny rule.no')
    assert.equal(effectOf(engine, agent(), 'fs:write:/a/x'), 'deny default')
  }
})

test('an explicit deny holds for the owner only when it names the owner', () => {
  const named = { ...rule('named', 'deny', 'fs:delete:/srv/**'), roles: ['owner', 'agent'] }
  const engine = engineWith({ rules: [rule('no', 'deny', 'fs:read:/srv/**'), named] })
  assert.equal(effectOf(engine, owner, 'fs:read:/srv/x'), 'allow role.owner')
  assert.equal(effectOf(engine, owner, 'fs:delete:/srv/x'), 'deny rule.named')
  assert.equal(effectOf(engine, agent(), 'fs:delete:/srv/x'), 'deny rule.named')
})

test('rules are for those they name', () => {
  const engine = engineWith({
    rules: [
      { ...rule('one', 'allow', 'tool:call:one'), agents: ['builder'] },
      { ...rule('guests', 'allow', 'tool:call:two'), roles: ['guest'] },
      { ...rule('all', 'allow', 'tool:call:three'), agents: ['*'] },
    ],
  })
  assert.equal(effectOf(engine, agent(), 'tool:call:one'), 'allow rule.one')
  assert.equal(effectOf(engine, agent('other'), 'tool:call:one'), 'deny default')
  assert.equal(effectOf(engine, as('guest'), 'tool:call:two'), 'allow rule.guests')
  assert.equal(effectOf(engine, agent(), 'tool:call:two'), 'deny default')
  assert.equal(effectOf(engine, agent('other'), 'tool:call:three'), 'allow rule.all')
  assert.equal(effectOf(engine, as('guest'), 'tool:call:three'), 'deny default')
})

test('high risk asks even where a rule allows it, critical is refused, and unknown risk counts as high', () => {
  const engine = engineWith({
    rules: [
      rule('yes', 'allow', 'tool:call'),
      { ...rule('sure', 'allow', 'pkg:install'), risk_at_most: 'high' },
    ],
  })
  const ask = (text: string, risk: string) => effectOf(engine, agent(), text, { risk })
  assert.equal(ask('tool:call:x', 'medium'), 'allow rule.yes')
  assert.equal(ask('tool:call:x', 'high'), 'ask risk.high')
  assert.equal(ask('tool:call:x', 'who knows'), 'ask risk.high')
  assert.equal(ask('tool:call:x', 'critical'), 'deny risk.critical')
  assert.equal(ask('pkg:install:x', 'high'), 'allow rule.sure')
  assert.equal(ask('pkg:install:x', 'critical'), 'deny risk.critical')
  assert.equal(effectOf(engine, owner, 'tool:call:x', { risk: 'critical' }), 'allow role.owner')
})

test('a rule with a lowest risk holds from that risk on', () => {
  const engine = engineWith({
    rules: [
      rule('yes', 'allow', 'tool:call'),
      { ...rule('no', 'deny', 'tool:call'), risk_at_least: 'medium' },
    ],
  })
  assert.equal(effectOf(engine, agent(), 'tool:call:x'), 'allow rule.yes')
  assert.equal(effectOf(engine, agent(), 'tool:call:x', { risk: 'medium' }), 'deny rule.no')
})

test('data above the ceiling is refused; a label nobody knows counts as the highest', () => {
  const engine = engineWith({
    rules: [rule('yes', 'allow', 'data:handle')],
    more: { agents: { builder: { ceiling: 'medium' } } },
  })
  const ask = (who: string, sensitivity?: string) =>
    effectOf(engine, agent(who), 'data:handle:mail', sensitivity === undefined ? {} : { sensitivity })
  assert.equal(ask('builder', 'medium'), 'allow rule.yes')
  assert.equal(ask('builder', 'high'), 'deny sensitivity.exceeded')
  assert.equal(ask('builder', 'secret'), 'deny sensitivity.exceeded')
  assert.equal(ask('other', 'medium'), 'deny sensitivity.exceeded')
  assert.equal(ask('other'), 'allow rule.yes')
})

test('a model is promoted only in a format that is listed, by the owner too', () => {
  const engine = engineWith({
    rules: [rule('yes', 'allow', 'model:promote')],
    more: { models: { allow_formats: ['gguf', 'pt'], deny_formats: ['pt'] } },
  })
  const ask = (format?: string) =>
    effectOf(engine, agent(), 'model:promote:m', format === undefined ? {} : { format })
  assert.equal(ask('gguf'), 'allow rule.yes')
  assert.equal(ask('PT'), 'deny models.deny_formats.pt')
  assert.equal(ask('onnx'), 'deny models.allow_formats_miss')
  assert.equal(ask(), 'deny models.format_missing')
  assert.equal(effectOf(engine, owner, 'model:promote:m', { format: 'pt' }), 'deny models.deny_formats.pt')
  assert.equal(
    effectOf(engineWith({ rules: [rule('yes', 'allow', 'model:promote')] }), agent(), 'model:promote:m', {
      format: 'gguf',
    }),
    'deny models.allow_formats_miss',
  )
})

test('agent_risk and may_request are weighed in the same order', () => {
  const engine = engineWith({
    more: {
      agents: { builder: { may_request: ['net:connect:example.org:443', 'firewall:write'] } },
      agent_risk: { always_deny: ['firewall:write'], ask: ['service:restart'], allow: ['service:*'] },
    },
  })
  assert.equal(effectOf(engine, agent(), 'firewall:write:x'), 'deny agent_risk.always_deny[0]')
  assert.equal(effectOf(engine, agent(), 'service:restart:x'), 'ask agent_risk.ask[0]')
  assert.equal(effectOf(engine, agent(), 'service:status:x'), 'allow agent_risk.allow[0]')
  assert.equal(effectOf(engine, agent(), 'net:connect:example.org:443'), 'ask agents.builder.may_request[0]')
  assert.equal(effectOf(engine, agent('other'), 'net:connect:example.org:443'), 'deny default')
  assert.ok(engine.mayRequest('builder', { namespace: 'net', verb: 'connect', pattern: 'example.org:443' }))
  assert.ok(!engine.mayRequest('builder', { namespace: 'net', verb: 'connect' }))
})

/** What each role of agent may do with no rule at all; everything else is refused. */
const TOOLS = [
  'fs:read:/srv/x',
  'fs:write:/etc/x',
  'fs:write:/var/x',
  'fs:write:/srv/x',
  'fs:mkdir:/srv/d',
  'fs:delete:/srv/x',
  'process:spawn:/usr/bin/id',
  'process:kill:/usr/bin/id',
  'process:list',
  'service:stop:x',
  'config:write:x',
  'net:connect:a.org:1',
  'firewall:write:x',
  'dns:write:x',
  'fs:read:/etc/network/if',
  'fs:read:/var/log/x',
  'sec:write:x',
  'audit:export:x',
  'crypto:sign:x',
  'monitor:read:x',
  'metrics:read:x',
  'alert:raise:x',
  'pkg:install:x',
  'fs:write:/etc/apt/x',
  'secret:use:x',
  'grant:add:x',
  'policy:write:x',
  'tool:call:x',
  'agent:start:x',
  'model:use:x',
]
const MAY: Readonly<Record<(typeof PRESETS)[number], readonly number[]>> = {
  system: [0, 1, 2, 4, 6, 8, 9, 10, 14, 15, 23],
  network: [11, 12, 13, 14],
  security: [0, 14, 15, 16, 17, 18, 19],
  monitor: [8, 15, 19, 20, 21],
  package: [22, 23],
  task: [],
}

test('each role of agent holds its set and nothing else', () => {
  const engine = engineWith()
  for (const preset of PRESETS) {
    const allowed = TOOLS.flatMap((tool, i) =>
      engine.decide(agent('a', preset), act(tool), NOW).effect === 'allow' ? [i] : [],
    )
    assert.deepEqual(allowed, MAY[preset], preset)
  }
  assert.equal(effectOf(engine, agent('a', 'root'), 'fs:read:/srv/x'), 'deny default')
})

test('the preset of the policy file stands in the place of the one the agent came with', () => {
  const engine = engineWith({ more: { agents: { a: { role_preset: 'task' } } } })
  assert.equal(effectOf(engine, agent('a', 'system'), 'fs:read:/srv/x'), 'deny default')
})

test('a grant is used by its principal alone, as an agent, in its time, for its task', () => {
  const engine = engineWith()
  engine.admit(held('g1', 'builder', 'fs:read:/data/**'))
  engine.admit(held('g2', 'builder', 'tool:call:deploy', { task: 't1' }))
  const at = (now: number) => engine.decide(agent(), act('fs:read:/data/x'), now).rule
  assert.equal(at(NOW - 1), 'default')
  assert.equal(at(NOW), 'grant.g1')
  assert.equal(at(NOW + 599_999), 'grant.g1')
  assert.equal(at(NOW + 600_000), 'default')
  assert.equal(effectOf(engine, agent('other'), 'fs:read:/data/x'), 'deny default')
  assert.equal(engine.decide({ ...as('guest'), id: 'builder' }, act('fs:read:/data/x'), NOW).rule, 'default')
  assert.equal(effectOf(engine, agent(), 'tool:call:deploy'), 'deny default')
  assert.equal(effectOf(engine, agent(), 'tool:call:deploy', { task: 't1' }), 'allow grant.g2')
  assert.deepEqual(engine.decide(agent(), act('fs:read:/data/x'), NOW).capabilities, ['fs:read:/data/**'])
  assert.deepEqual(engine.sweep(NOW + 600_000), ['g1', 'g2'])
})

test('every change of policy, grants or workspaces raises the epoch and changes the digest; taking it back restores the digest', () => {
  const engine = engineWith()
  const seen = [[engine.epoch(), engine.digest()] as const]
  const note = () => seen.push([engine.epoch(), engine.digest()])
  engine.admit(held('g1', 'builder', 'fs:read:/data/**'))
  note()
  engine.setWorkspaces([{ agent: 'builder', path: '/srv/b' }])
  note()
  engine.load('version: 1\nrules: []\n', 'p')
  note()
  assert.equal(new Set(seen.map(([, digest]) => digest)).size, seen.length)
  assert.deepEqual(
    seen.map(([epoch]) => epoch),
    seen.map(([epoch]) => epoch).toSorted((a, b) => a - b),
  )
  const [, before] = seen.at(-1)!
  engine.admit(held('g2', 'x', 'fs:read'))
  engine.withdraw('g2')
  assert.equal(engine.digest(), before)
})

const capabilityText = fc.constantFrom(
  'fs:read',
  'fs:*:/a/**',
  'fs:read:/a/*',
  'fs:read:/a/b',
  'fs:write:/a/**',
  'fs:read:/**/b',
  'fs:read:/*/b/**',
  'fs:list:/a',
)
const someRules = fc
  .array(fc.tuple(fc.constantFrom('allow', 'ask', 'deny'), capabilityText), { maxLength: 6 })
  .map((list) => list.map(([effect, text], i) => rule(`r${i}`, effect, text)))
const someActions = [
  'fs:read:/a',
  'fs:read:/a/b',
  'fs:read:/a/b/c',
  'fs:write:/a/b',
  'fs:read:/x/b',
  'fs:list:/a',
]
const STRICTNESS = ['allow', 'ask', 'deny']

test('adding a deny never allows, and taking out a grant never allows', () => {
  fc.assert(
    fc.property(
      someRules,
      capabilityText,
      fc.array(capabilityText, { maxLength: 4 }),
      (rules, deny, grants) => {
        const before = engineWith({ rules })
        const after = engineWith({ rules: [...rules, rule('extra', 'deny', deny)] })
        for (const [i, text] of grants.entries()) {
          before.admit(held(`g${i}`, 'builder', text))
          after.admit(held(`g${i}`, 'builder', text))
        }
        const effects = someActions.map((action) => before.decide(agent(), act(action), NOW).effect)
        for (const [i, action] of someActions.entries()) {
          const stricter = after.decide(agent(), act(action), NOW).effect
          assert.ok(STRICTNESS.indexOf(stricter) >= STRICTNESS.indexOf(effects[i]!), action)
        }
        if (grants.length > 0) before.withdraw('g0')
        for (const [i, action] of someActions.entries()) {
          const fewer = before.decide(agent(), act(action), NOW).effect
          assert.ok(STRICTNESS.indexOf(fewer) >= STRICTNESS.indexOf(effects[i]!), action)
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('an error while deciding is a deny, and nothing is thrown', () => {
  const engine = engineWith({ rules: [rule('yes', 'allow', 'fs:*')] })
  const broken = {
    ...act('fs:read:/x'),
    get resource(): string {
      throw new Error('boom')
    },
  }
  assert.equal(engine.decide(agent(), broken, NOW).rule, 'error')
  assert.equal(engine.decide(owner, broken, NOW).effect, 'deny')
  assert.equal(engine.decide(agent(), act('fs:read:/x'), Number.NaN).effect, 'deny')
  assert.equal(engine.decide(agent(), act('nope:read:/x'), NOW).rule, 'action.unknown')
  assert.equal(engine.decide(agent(), act('constructor:read:/x'), NOW).rule, 'action.unknown')
  assert.equal(engine.decide({ ...agent(), role: 'root' as 'agent' }, act('fs:read:/x'), NOW).effect, 'deny')
  assert.equal(engine.decide(agent(), act('fs:read:/a/../x'), NOW).rule, 'resource.invalid')
})

test('the evidence names what was decided on, and JSON has all of it', () => {
  const engine = engineWith({ rules: [rule('yes', 'allow', 'fs:*')] })
  const decision = engine.decide(agent(), act('fs:read:/x'), NOW)
  const again = JSON.parse(JSON.stringify(decision)) as typeof decision
  assert.match(again.evidence.inputHash, /^[0-9a-f]{16}$/)
  assert.equal(again.evidence.inputHash, decision.evidence.inputHash)
  assert.equal(again.evidence.domain, 'path_access')
  assert.equal(again.evidence.policyDigest, engine.digest())
  assert.equal(again.evidence.epoch, engine.epoch())
  const others = [
    act('fs:read:/y'),
    act('fs:write:/x'),
    act('fs:read:/x', { risk: 'high' }),
    act('fs:read:/x', { bytes: '1'.repeat(64) }),
  ]
  for (const other of others)
    assert.notEqual(engine.decide(agent(), other, NOW).evidence.inputHash, again.evidence.inputHash)
  assert.notEqual(
    engine.decide(agent('other'), act('fs:read:/x'), NOW).evidence.inputHash,
    again.evidence.inputHash,
  )
})

test('the change a deny suggests is one word for a shell, and never wider than the action', () => {
  const engine = engineWith()
  const fix = (text: string) => engine.decide(agent(), act(text), NOW).fix ?? ''
  assert.equal(fix('fs:read:/srv/x'), "warder grant add builder fs:read:/srv/x --reason '…'")
  assert.equal(
    fix("fs:read:/a;$HOME'b"),
    'move the resource to a name without * and $; a grant for this one would open others too',
  )
  assert.equal(fix("fs:read:/a;b'c"), "warder grant add builder 'fs:read:/a;b'\\''c' --reason '…'")
  assert.ok(!fix('fs:read:/srv/*').includes('grant add'))
  assert.equal(fix('process:list'), "warder grant add builder process:list --reason '…'")
})

test('every role there is gets an answer for every action', () => {
  const engine = engineWith({ rules: [rule('yes', 'allow', 'fs:read')] })
  for (const role of ROLES) {
    for (const tool of TOOLS) assert.ok(STRICTNESS.includes(engine.decide(as(role), act(tool), NOW).effect))
  }
})
