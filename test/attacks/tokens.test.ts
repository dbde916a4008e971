import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { configure, owner, refused } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// Ways to get more out of a capability token than its owner signed: by another agent, twice, after a restart, after the
// policy changed, after its time, or with a field changed.

const home = house({ after })
const policy = (line: string) => configure(home, 'policy.yaml', `version: 1\n# ${line}\nrules: []\n`)
policy('first')
const state = { me: await owner({ after }, home) }
const READ = 'fs:read:/srv/data/file'

const issue = (more: object = {}) =>
  state.me.call('tokenIssue', {
    agent: 'builder',
    task: 'nightly',
    intent: 'import',
    capabilities: [READ],
    ...more,
  })

type Try = readonly ['check' | 'spend', string]

/** What an agent is told who tries these at its socket, one after the other. */
async function at(agent: string, ...tries: readonly Try[]): Promise<unknown[]> {
  const asks = tries.map(([act, token]) => ({
    method: 'POST' as const,
    path: `/v1/tokens/${act}`,
    body: { token },
  }))
  return (await askAsAgent(home, agent, asks)).map(({ body }) => body['code'] ?? body['task'])
}

async function effect(agent: string, task?: string): Promise<string> {
  const { decision } = await state.me.call('decide', {
    as: agent,
    capability: READ,
    ...(task === undefined ? {} : { task }),
  })
  return decision.effect
}

test('its agent spends it once, and holds grants for that task alone, no longer than the token', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const { token, slip } = await issue({ expiresIn: '1h' })
  assert.deepEqual(await at('thief', ['check', token], ['spend', token]), ['TOKEN_INVALID', 'TOKEN_INVALID'])
  assert.equal(await effect('builder', 'nightly'), 'deny')
  const tries: Try[] = [
    ['check', token],
    ['check', token],
    ['spend', token],
    ['spend', token],
    ['check', token],
  ]
  assert.deepEqual(await at('builder', ...tries), [
    'nightly',
    'nightly',
    'nightly',
    'TOKEN_SPENT',
    'TOKEN_SPENT',
  ])
  assert.deepEqual(
    [await effect('builder', 'nightly'), await effect('builder', 'other'), await effect('builder')],
    ['allow', 'deny', 'deny'],
  )
  assert.equal(await effect('thief', 'nightly'), 'deny')
  const { grants } = await state.me.call('grantList', { principal: 'builder' })
  assert.ok(
    grants.length === 1 &&
      grants.every(({ expiresAt }) => Date.parse(expiresAt) <= Date.parse(slip.expiresAt)),
  )
  await refused(state.me.call('tokenSpend', { token }), 'TOKEN_INVALID') // not even the owner spends what is another’s
  await state.me.entry({
    agent: 'builder',
    action: 'capability:spend',
    rule: 'TOKEN_SPENT',
    result: 'denied',
  })
})

test('changed in any part, made of nothing, taken back or past its time it opens nothing', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const [{ token }, brief, back] = [await issue(), await issue({ expiresIn: '1s' }), await issue()]
  await state.me.call('tokenRevoke', { id: back.slip.id })
  const [word, key = '', body = '', mac = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  const wider = Buffer.from(JSON.stringify({ ...claims, capabilities: ['fs:read:/**'] })).toString(
    'base64url',
  )
  const forged = [
    [word, key, wider, mac],
    [word, '0'.repeat(16), body, mac],
    [word, key, body, Buffer.alloc(32).toString('base64url')],
    ['wm1', key, body, mac],
    [word, key, body],
    ['x'],
  ].map((parts): Try => ['spend', parts.join('.')])
  await until(() => Date.now() > Date.parse(brief.slip.expiresAt), 'its end')
  const codes = await at(
    'builder',
    ...forged,
    ['spend', back.token],
    ['spend', brief.token],
    ['spend', token],
  )
  assert.deepEqual(codes, [...forged.map(() => 'TOKEN_INVALID'), 'TOKEN_REVOKED', 'TOKEN_EXPIRED', 'nightly'])
  await refused(issue({ expiresIn: '25h' }), 'MEMBER_SCOPE')
  await refused(issue({ capabilities: ['fs:read:/**'] }), 'MEMBER_SCOPE')
  await refused(issue({ capabilities: ['grant:add'] }), 'MEMBER_SCOPE')
})

test('spent before a restart is spent after it, and a changed policy ends what was made under the old one', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const [spent, open, late] = [await issue(), await issue(), await issue()]
  assert.deepEqual(await at('builder', ['spend', spent.token]), ['nightly'])
  await endDaemon(home)
  state.me = await owner({ after }, home)
  assert.deepEqual(await at('builder', ['spend', spent.token], ['spend', open.token]), [
    'TOKEN_SPENT',
    'nightly',
  ])
  policy('second')
  await state.me.call('policyReload', {})
  assert.deepEqual(await at('builder', ['check', late.token], ['spend', late.token]), [
    'TOKEN_POLICY',
    'TOKEN_POLICY',
  ])
})
