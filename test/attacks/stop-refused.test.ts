import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house, until, type House } from '../kit/house.ts'
import { configure, owner, refused } from '../kit/owner.ts'

// What is left of a run that was asked for and never began: it must be nothing an agent could use.

const POLICY = `version: 1
rules:
  - {id: own, effect: allow, agents: ["*"], capabilities: ["fs:read:\${WORKSPACE}/**"], reason: its own workspace}
`
const CAPABILITY = 'fs:read:/srv/shared/**'

const home = house({ after })
configure(home, 'policy.yaml', POLICY)
const me = await owner({ after }, home)

function bookOf(at: House): string {
  const book = join(at.state, 'workspaces.json')
  return existsSync(book) ? readFileSync(book, 'utf8') : ''
}

async function liveGrants(agent: string, by = me): Promise<string[]> {
  return (await by.call('grantList', { principal: agent })).grants.map(({ id }) => id)
}

async function effectFor(as: string, path: string, by = me): Promise<string> {
  return (await by.call('decide', { as, capability: `fs:read:${path}` })).decision.effect
}

test('grants given with a run that is refused are taken back, on record, and so are those before the one that failed', async () => {
  await me.call('stop', { agent: 'stopped', reason: 'a test' })
  const run = { argv: ['/bin/true'], grants: [CAPABILITY] }
  await refused(me.open({ ...run, agent: 'stopped' }), 'STOPPED')
  assert.deepEqual(await liveGrants('stopped'), [])
  const entry = await me.entry({ action: 'grant:revoke', rule: 'grant.unused', decision: 'allow' })
  assert.match(entry.reason, /did not begin/)
  assert.equal(entry.agent, 'owner')

  const unplanned = { ...run, agent: 'unplanned', profile: 'no-such-profile' }
  await refused(me.open(unplanned), 'SANDBOX_PROFILE_MISSING')
  const half = { argv: ['/bin/true'], agent: 'half', grants: [CAPABILITY, 'fs:read:/srv/../etc'] }
  await assert.rejects(me.open(half))
  for (const agent of ['unplanned', 'half']) {
    assert.deepEqual(await liveGrants(agent), [])
    assert.equal(await effectFor(agent, '/srv/shared/x'), 'deny')
  }
})

test('grants and workspace of a run whose permit is not used in time are taken back', async (t) => {
  const lone = house(t)
  configure(lone, 'policy.yaml', POLICY)
  const by = await owner(t, lone, ['permit.lifetime=500ms'])
  await by.open({ argv: ['/bin/true'], agent: 'late', grants: [CAPABILITY] })
  await by.entry({ action: 'grant:revoke', rule: 'grant.unused' })
  await until(async () => (await liveGrants('late', by)).length === 0, 'the grant has ended')
  await until(
    async () => (await effectFor('late', join(lone.workspace, 'x'), by)) === 'deny',
    'the workspace is nobody’s again',
  )
  assert.equal(bookOf(lone), '')
})

test('grants and workspace of a run that the door refuses are taken back', async () => {
  const before = bookOf(home)
  const place = join(home.home, 'door')
  mkdirSync(place)
  const run = { argv: ['/bin/true'], agent: 'overtaken', workspace: place, grants: [CAPABILITY] }
  const { permit } = await me.open(run)
  assert.equal(await effectFor('overtaken', join(place, 'x')), 'allow') // as long as it may begin
  await me.call('stop', { agent: 'overtaken', reason: 'a test' })
  await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  await me.call('resume', { agent: 'overtaken', reason: 'the test goes on' })
  assert.deepEqual(await liveGrants('overtaken'), [])
  assert.equal(await effectFor('overtaken', join(place, 'x')), 'deny')
  assert.equal(bookOf(home), before)
})

test('grants of a run that begins hold, and the workspace is the agent’s from then on', async () => {
  const mine = join(home.home, 'mine')
  mkdirSync(mine)
  symlinkSync(mine, join(home.home, 'link'))
  const { permit, run } = await me.open({
    argv: ['/bin/true'],
    agent: 'worker',
    workspace: join(home.home, 'link'),
    grants: [CAPABILITY],
  })
  assert.equal((await me.attach(permit)).exit.code, 0)
  assert.equal((await liveGrants('worker')).length, 1)
  assert.equal(await effectFor('worker', join(mine, 'x')), 'allow')
  assert.match(bookOf(home), /"agent": "worker"/)
  // on record is the directory that was shown, not the name it was asked for by
  const started = await me.entry({ action: 'agent:start', target: 'worker', decision: 'allow' })
  const details = started['details'] as Record<string, unknown>
  assert.deepEqual([details['run'], details['workspace']], [run, mine])
})

test('a workspace that is only looked at, or whose run is refused, becomes nobody’s', async () => {
  const other = join(home.home, 'other')
  mkdirSync(other)
  const before = bookOf(home)
  const run = { agent: 'peeper', argv: ['/bin/true'], workspace: other }
  const explained = await me.call('sandboxExplain', { kind: 'run', environment: {}, ...run })
  assert.ok(
    explained.writable.some(({ what }) => what.includes(other)),
    'explained as it would be',
  )
  assert.equal(await effectFor('peeper', join(other, 'x')), 'deny')
  await me.call('stop', { agent: 'peeper', reason: 'a test' })
  await refused(me.open(run), 'STOPPED')
  await me.call('resume', { agent: 'peeper', reason: 'the test goes on' })
  assert.equal(await effectFor('peeper', join(other, 'x')), 'deny')
  assert.equal(bookOf(home), before)
  // and it shuts nobody else out
  const { decision } = await me.call('decide', { as: 'third', capability: `fs:read:${other}/x` })
  assert.equal(decision.rule, 'default')
})

test('two agents may be given one workspace, and the second is shown it before the book knows', async () => {
  const shared = join(home.home, 'shared')
  mkdirSync(shared)
  for (const agent of ['first', 'second']) {
    const { permit } = await me.open({
      agent,
      workspace: shared,
      argv: ['/bin/sh', '-c', `echo ${agent} > ${agent}.txt && cat *.txt`],
    })
    const { exit, stdout, stderr } = await me.attach(permit)
    assert.equal(exit.code, 0, stderr)
    assert.match(stdout, new RegExp(`^${agent}$`, 'm'))
  }
  assert.ok(existsSync(join(shared, 'second.txt')))
})
