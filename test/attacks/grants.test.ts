import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { askAsAgent, type Ask } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { owner, refused, type Owner } from '../kit/owner.ts'
import { endDaemon, tamper } from '../kit/restart.ts'

// Ways to get, keep or invent a grant, and for an agent to give itself what only its owner gives.

const home = house({ after })
const me = await owner({ after }, home)
const READ = 'fs:read:/srv/data/file'

function add(principal: string, capability: string, more: object = {}) {
  return me.call('grantAdd', { principal, capability, reason: 'a test', ...more })
}

async function ruling(by: Owner, agent: string, capability = READ): Promise<[string, string]> {
  const { decision } = await by.call('decide', { as: agent, capability })
  return [decision.effect, decision.rule]
}

test('an agent at its own socket may ask, and nothing else: every try is refused and recorded under its name', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const lent = await add('victim', READ)
  await me.call('stop', { agent: 'stopped-one', reason: 'a test' })
  const tries: readonly (Ask & { readonly code: string; readonly action: string })[] = [
    {
      ...{ method: 'POST', path: '/v1/grants', code: 'DENIED', action: 'grant:add' },
      body: { principal: 'intruder', capability: 'fs:read:/**', reason: 'me' },
    },
    {
      ...{ method: 'POST', path: '/v1/grants', code: 'DENIED', action: 'grant:add' },
      body: { principal: 'victim', capability: 'fs:write:/**', reason: 'a friend' },
    },
    { method: 'DELETE', path: `/v1/grants/${lent.id}`, code: 'DENIED', action: 'grant:revoke' },
    // the start of an id is no way to find out which grants there are
    { method: 'DELETE', path: `/v1/grants/${lent.id.slice(0, 6)}`, code: 'DENIED', action: 'grant:revoke' },
    { method: 'DELETE', path: `/v1/grants/zzzzzz`, code: 'DENIED', action: 'grant:revoke' },
    {
      ...{ method: 'POST', path: '/v1/resume', code: 'DENIED', action: 'agent:resume' },
      body: { agent: 'stopped-one', reason: 'let it' },
    },
    {
      ...{ method: 'POST', path: '/v1/stop', code: 'DENIED', action: 'agent:stop' },
      body: { agent: 'victim', reason: 'in my way' },
    },
    { method: 'POST', path: '/v1/stop', code: 'DENIED', action: 'agent:stop', body: { reason: 'all' } },
    { method: 'POST', path: '/v1/policy/reload', code: 'DENIED', action: 'policy:reload', body: {} },
    { method: 'GET', path: '/v1/audit', code: 'NOT_FOR_AGENTS', action: 'socket:call' },
    { method: 'GET', path: '/v1/audit/export?format=jsonl', code: 'NOT_FOR_AGENTS', action: 'socket:call' },
    { method: 'GET', path: '/v1/grants', code: 'NOT_FOR_AGENTS', action: 'socket:call' },
    { method: 'GET', path: '/v1/policy', code: 'NOT_FOR_AGENTS', action: 'socket:call' },
    { method: 'GET', path: '/v1/status', code: 'NOT_FOR_AGENTS', action: 'socket:call' },
    {
      ...{ method: 'POST', path: '/v1/runs', code: 'NOT_FOR_AGENTS', action: 'socket:call' },
      body: { kind: 'run', agent: 'intruder', workspace: '/', argv: ['/bin/sh'], environment: {} },
    },
  ]
  const before = (await me.ledger()).at(-1)!.seq
  const honest: Ask = { method: 'POST', path: '/v1/decisions', body: { capability: READ, as: 'victim' } }
  const [first, ...answers] = await askAsAgent(home, 'intruder', [honest, ...tries])
  assert.equal(first?.status, 200)
  assert.equal(first.body['principal'], 'intruder') // it cannot speak for the one who was lent this
  assert.equal((first.body['decision'] as { effect: string }).effect, 'deny')
  const entries = await me.ledger({ agent: 'intruder', after: before })
  for (const [at, { code, path, action }] of tries.entries()) {
    assert.deepEqual([answers[at]?.status, answers[at]?.body['code']], [403, code], path)
    const refusals = entries.filter((entry) => entry.action === action && entry.result === 'denied')
    assert.equal(refusals.length, tries.filter((each) => each.action === action).length, `${action} recorded`)
  }
  assert.deepEqual(await ruling(me, 'intruder'), ['deny', 'default'])
  assert.deepEqual(await ruling(me, 'victim'), ['allow', `grant.${lent.id}`])
  await refused(me.open({ argv: ['/bin/true'], agent: 'stopped-one' }), 'STOPPED')
})

test('a grant is for its own agent alone, for its own time, and until it is taken back', async () => {
  const live = await add('holder', READ)
  assert.deepEqual(await ruling(me, 'holder'), ['allow', `grant.${live.id}`])
  assert.deepEqual(await ruling(me, 'holder2'), ['deny', 'default'])
  assert.deepEqual(await ruling(me, 'hold'), ['deny', 'default'])
  assert.deepEqual(await ruling(me, 'holder', 'fs:write:/srv/data/file'), ['deny', 'default'])
  await me.call('grantRevoke', { id: live.id })
  assert.deepEqual(await ruling(me, 'holder'), ['deny', 'default'])
  await refused(me.call('grantRevoke', { id: live.id }), 'GRANT_ENDED')

  await add('early', READ, { startsIn: '1h' })
  assert.deepEqual(await ruling(me, 'early'), ['deny', 'default'])

  const brief = await add('late', READ, { duration: '1500ms' })
  assert.deepEqual(await ruling(me, 'late'), ['allow', `grant.${brief.id}`])
  await until(() => Date.now() > Date.parse(brief.expiresAt), 'its end')
  assert.deepEqual(await ruling(me, 'late'), ['deny', 'default'])
  await refused(add('late', READ, { duration: '25h' }), 'GRANT_INVALID')
})

test('a grant of what is always shut opens nothing, in an answer or in a sandbox', async () => {
  for (const capability of ['fs:read:/etc/shadow', 'fs:read:/etc/**', `fs:read:${home.home}/.ssh/**`]) {
    const { warnings } = await add('curious', capability)
    assert.match(warnings.join(), /exclusion\.(shadow|private-keys)/)
  }
  assert.deepEqual(await ruling(me, 'curious', 'fs:read:/etc/shadow'), ['deny', 'exclusion.shadow'])
  const key = `${home.home}/.ssh/id_ed25519`
  assert.deepEqual(await ruling(me, 'curious', `fs:read:${key}`), ['deny', 'exclusion.private-keys'])
  assert.equal((await ruling(me, 'curious', 'fs:read:/etc/hostname'))[0], 'allow')
  const argv = ['/bin/sh', '-c', 'cat /etc/passwd >/dev/null && echo honest; cat /etc/shadow && echo LEAK']
  const { stdout } = await me.attach((await me.open({ argv, agent: 'curious' })).permit)
  assert.equal(stdout, 'honest\n')
})

test('taking a grant back ends the work that was started with it, and only that', async () => {
  const place = mkdtempSync(join(home.home, 'lent-'))
  writeFileSync(join(place, 'file'), 'x')
  const { id } = await add('worker', `fs:read:${place}/**`)
  const argv = ['/bin/sh', '-c', 'trap "" TERM; sleep 600 & wait']
  const user = me.attach((await me.open({ argv, agent: 'worker' })).permit)
  const other = me.attach((await me.open({ argv, agent: 'bystander' })).permit)
  await until(async () => (await me.call('runs', {})).runs.length === 2, 'both run')
  await me.call('grantRevoke', { id })
  const { exit } = await user
  assert.deepEqual([exit.reason, exit.note], ['killed', `grant ${id} was taken back`])
  const { runs } = await me.call('runs', {})
  assert.deepEqual(
    runs.map(({ agent }) => agent),
    ['bystander'],
  )
  await me.call('stop', { agent: 'bystander', reason: 'the test is over' })
  assert.equal((await other).exit.reason, 'killed')
})

// one house whose daemon lent something and ended; each test begins again with what it left
const lent = house({ after })
const BOOK = join(lent.state, 'grants.db')
const LEFT = join(lent.home, 'left')
const lending = lend()

async function lend(): Promise<string[]> {
  const ids = []
  const by = await owner({ after }, lent)
  for (const principal of ['first', 'second', 'third']) {
    const grant = await by.call('grantAdd', { principal, capability: READ, reason: 'a test' })
    assert.deepEqual(await ruling(by, principal), ['allow', `grant.${grant.id}`])
    ids.push(grant.id)
  }
  await by.call('grantRevoke', { id: ids[1]! })
  by.client.close()
  await endDaemon(lent)
  copy(join(lent.home, '.local'), LEFT)
  return ids
}

/** With the modes of everything, without which no daemon starts. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to])
}

/** Puts the state back as the daemon that lent left it. @returns the grants it lent */
async function asItWasLeft(): Promise<string[]> {
  const ids = await lending
  if (lent.daemonPid() !== undefined) await endDaemon(lent)
  rmSync(join(lent.home, '.local'), { recursive: true })
  copy(LEFT, join(lent.home, '.local'))
  return ids
}

test('the book of grants as it was written is taken up again after a restart', async (t) => {
  const ids = await asItWasLeft()
  const by = await owner(t, lent)
  assert.deepEqual(await ruling(by, 'first'), ['allow', `grant.${ids[0]}`])
  assert.deepEqual(await ruling(by, 'second'), ['deny', 'default'])
})

const FORGERIES: readonly (readonly [string, (book: string) => number])[] = [
  [
    'an altered grant',
    (book) =>
      tamper(book, `UPDATE grant_book SET body = replace(body, '/srv/data/file', '/**') WHERE seq = 1`),
  ],
  [
    'an inserted grant with the signature of another',
    (book) =>
      tamper(
        book,
        `INSERT INTO grant_book SELECT 5, replace(replace(body, '"first"', '"fourth"'), '"seq":1', '"seq":5'), signature FROM grant_book WHERE seq = 1`,
      ),
  ],
  ['a revocation that was deleted', (book) => tamper(book, 'DELETE FROM grant_book WHERE seq = 4')],
  ['a grant deleted from the middle', (book) => tamper(book, 'DELETE FROM grant_book WHERE seq = 2')],
]

for (const [what, forge] of FORGERIES) {
  test(`${what} is not used, and status says so`, async (t) => {
    await asItWasLeft()
    assert.equal(forge(BOOK), 1)
    const by = await owner(t, lent)
    assert.equal((await ruling(by, 'second'))[0], 'deny')
    assert.equal((await ruling(by, 'fourth'))[0], 'deny')
    assert.deepEqual(await ruling(by, 'first', 'fs:read:/home/x'), ['deny', 'default'])
    const { degraded } = await by.call('status', {})
    assert.match(degraded.join('\n'), /record \d+|records before|the book does not/)
    const fresh = await by.call('grantAdd', { principal: 'fifth', capability: READ, reason: 'goes on' })
    assert.deepEqual(await ruling(by, 'fifth'), ['allow', `grant.${fresh.id}`])
  })
}

test('the database itself refuses to change a record of the book', async (t) => {
  await asItWasLeft()
  const db = new DatabaseSync(BOOK)
  t.after(() => db.close())
  assert.throws(() => db.exec('UPDATE grant_book SET seq = 9'), /append-only/)
  assert.throws(() => db.exec('DELETE FROM grant_book'), /append-only/)
})
