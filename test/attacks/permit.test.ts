import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Secret } from '../../src/platform/locked-memory-secret.ts'
import { openKeys } from '../../src/record/sign/index.ts'
import { house } from '../kit/house.ts'
import { attachTo, keysOf, owner, refused } from '../kit/owner.ts'

// Ways to act with a permit one does not have, or no longer has. Each test first acts with a good one.

const home = house({ after })
const me = await owner({ after }, home)
const SAY = ['/bin/echo', 'it ran']
const token = async (): Promise<string> => (await me.open({ argv: SAY })).permit
const policyFile = join(home.home, '.config/warder/policy.yaml')

async function assertHonestRuns(): Promise<void> {
  const { exit, stdout } = await me.attach(await token())
  assert.deepEqual([exit.reason, exit.code, stdout], ['exited', 0, 'it ran\n'])
}

function claimsIn(permit: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(permit.split('.')[0]!, 'base64url').toString()) as Record<string, unknown>
}

function written(claims: object, key: Secret): string {
  const text = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${text}.${key.mac(text).toString('base64url')}`
}

async function forged(permit: string): Promise<void> {
  await refused(me.attach(permit), 'PERMIT_FORGED')
}

test('a permit that was made up opens nothing, and the try is on record', async () => {
  await assertHonestRuns()
  const made = [
    '',
    'undefined',
    'a.b',
    '.',
    `${Buffer.from('{"id":"x"}').toString('base64url')}.`,
    'x'.repeat(4000),
  ]
  for (const permit of made) await forged(permit)
  const entry = await me.entry({ layer: 'permit', rule: 'PERMIT_FORGED' })
  assert.deepEqual([entry.result, entry.decision, entry.agent], ['denied', 'deny', 'unknown'])
})

test('a permit with another mac, or with other claims under its mac, opens nothing', async () => {
  const permit = await token()
  const [text = '', mac = ''] = permit.split('.')
  const turned = mac.startsWith('A') ? `B${mac.slice(1)}` : `A${mac.slice(1)}`
  await forged(`${text}.${turned}`)
  await forged(`${text}.${mac}=`) // the same bytes to a lenient decoder
  await forged(`${text}.${mac}.${mac}`)
  const richer = { ...claimsIn(permit), principal: 'owner', expiresAt: Date.now() + 1e9 }
  await forged(`${Buffer.from(JSON.stringify(richer)).toString('base64url')}.${mac}`)
  assert.equal((await me.attach(permit)).stdout, 'it ran\n') // and the true one is still good
})

test('not even the stolen key of the gate makes a permit: the gate knows those it issued', async () => {
  const key = openKeys(keysOf(home), { create: false }).secret('permit')
  const permit = await token()
  const claims = claimsIn(permit)
  assert.equal(written(claims, key), permit) // this is the key, and this is how a permit is written
  await forged(written({ ...claims, id: 'another' }, key))
  await forged(written({ ...claims, door: 'audit' }, key))
  await forged(written({ ...claims, expiresAt: Date.now() + 1e9 }, key))
  await forged(written({ ...claims, bytes: '0'.repeat(64) }, key))
  await forged(written(claims, key).replace('.', '.='))
})

test('a permit of another daemon opens nothing here', async (t) => {
  const other = house(t)
  const them = await owner(t, other)
  const { permit } = await them.open({ argv: SAY })
  await forged(permit)
  assert.equal((await them.attach(permit)).stdout, 'it ran\n')
})

test('a permit opens its door once', async () => {
  const permit = await token()
  assert.equal((await me.attach(permit)).stdout, 'it ran\n')
  await refused(me.attach(permit), 'PERMIT_USED')
  const entry = await me.entry({ rule: 'PERMIT_USED' })
  assert.deepEqual([entry.layer, entry.permit_id], ['permit', claimsIn(permit)['id']])
})

test('of many who come with one permit at once, one gets in', async () => {
  const marks = join(home.workspace, 'marks')
  const { permit } = await me.open({ argv: ['/bin/sh', '-c', `echo x >> ${marks}`] })
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => attachTo(me.client, permit)))
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(readFileSync(marks, 'utf8'), 'x\n')
  for (const each of tries) if (each.status === 'rejected') assert.equal(each.reason.code, 'PERMIT_USED')
})

test('a permit past its time opens nothing', async (t) => {
  const brief = house(t)
  const them = await owner(t, brief, ['permit.lifetime=1s'])
  assert.equal((await them.attach((await them.open({ argv: SAY })).permit)).stdout, 'it ran\n')
  const { permit } = await them.open({ argv: SAY })
  while (Date.now() <= Number(claimsIn(permit)['expiresAt']))
    await new Promise((done) => setTimeout(done, 50))
  await refused(them.attach(permit), 'PERMIT_EXPIRED')
  assert.equal((await them.entry({ rule: 'PERMIT_EXPIRED' })).layer, 'permit')
})

test('the only permit that leaves the daemon is for the sandbox, and it runs what was asked with it', async () => {
  const answers = [
    await me.call('decide', { capability: 'audit:read' }),
    await me.call('grantAdd', { principal: 'agent-b', capability: 'process:list', reason: 'a test' }),
    await me.call('policyReload', {}),
    await me.call('auditList', { limit: 1 }),
  ]
  for (const answer of answers) assert.doesNotMatch(JSON.stringify(answer), /"(permit|token)":/)
  const [first, second] = [
    await me.open({ argv: ['/bin/echo', 'first'] }),
    await me.open({ argv: ['/bin/echo', 'second'], agent: 'agent-b' }),
  ]
  assert.equal(claimsIn(first.permit)['door'], 'sandbox')
  assert.notEqual(claimsIn(first.permit)['bytes'], claimsIn(second.permit)['bytes'])
  assert.equal((await me.attach(second.permit)).stdout, 'second\n')
  assert.equal((await me.attach(first.permit)).stdout, 'first\n')
})

test('a stop beats a permit that was issued before it, also after the stop is lifted', async () => {
  const permit = await token()
  const bystander = await me.open({ argv: SAY, agent: 'agent-b' })
  await me.call('stop', { agent: 'agent-a', reason: 'a test' })
  await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  await refused(me.open({ argv: SAY }), 'STOPPED')
  await me.call('resume', { agent: 'agent-a', reason: 'the test goes on' })
  await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  assert.equal((await me.entry({ rule: 'PERMIT_OVERTAKEN' })).layer, 'permit')
  assert.equal((await me.attach(bystander.permit)).stdout, 'it ran\n') // a stop of one is no stop of all
  await assertHonestRuns()
})

test('a stop that nobody told the daemon of beats a permit too', async () => {
  const permit = await token()
  const stop = { since: new Date().toISOString(), by: 'owner', reason: 'a test' }
  const file = join(home.state, 'stop.json')
  writeFileSync(file, JSON.stringify({ version: 1, agents: { 'agent-a': stop } }), { mode: 0o600 })
  const { message } = await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  assert.match(message, /containment/)
  await me.call('resume', { agent: 'agent-a', reason: 'the test goes on' })
  await assertHonestRuns()
})

test('a rule that came after the decision beats the permit', async () => {
  const allow = (more: string) =>
    writeFileSync(
      policyFile,
      `version: 1\nrules:\n  - {id: tools, effect: allow, capabilities: ["process:spawn:/usr/bin/*"], reason: tools}\n${more}`,
    )
  allow('')
  await me.call('policyReload', {})
  const run = { kind: 'exec', argv: ['/usr/bin/id', '-u'] } as const
  const asAgent = async () => (await me.open({ ...run, argv: [...run.argv] })).permit
  assert.equal((await me.attach(await asAgent())).exit.code, 0)
  const permit = await asAgent()
  allow('  - {id: no-id, effect: deny, capabilities: ["process:spawn:/usr/bin/id"], reason: no longer}\n')
  await me.call('policyReload', {})
  const { message } = await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  assert.match(message, /policy\.rules\[1\]|no-id/)
  await refused(asAgent(), 'DENIED')
  allow('')
  await me.call('policyReload', {})
  assert.equal((await me.attach(await asAgent())).exit.code, 0)
  writeFileSync(policyFile, 'version: 1\n')
  await me.call('policyReload', {})
})

test('a grant that was revoked after the decision takes the permit with it', async () => {
  const add = () =>
    me.call('grantAdd', {
      principal: 'agent-g',
      capability: 'process:spawn:/usr/bin/id',
      reason: 'a test',
    })
  const open = () => me.open({ kind: 'exec', agent: 'agent-g', argv: ['/usr/bin/id', '-u'] })
  await refused(open(), 'DENIED')
  const grant = await add()
  assert.equal((await me.attach((await open()).permit)).exit.code, 0)
  const { permit } = await open()
  await me.call('grantRevoke', { id: grant.id })
  await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  assert.equal((await me.entry({ rule: 'PERMIT_OVERTAKEN' })).agent, 'agent-g')
})

test('a sandbox planned with a grant is not started once the grant is gone', async () => {
  const place = mkdtempSync(join(home.home, 'data-'))
  mkdirSync(join(place, 'in'))
  writeFileSync(join(place, 'in/file'), 'lent\n')
  const open = () =>
    me.open({ argv: ['/bin/cat', join(place, 'in/file')], agent: 'agent-g', grants: [`fs:read:${place}/**`] })
  assert.equal((await me.attach((await open()).permit)).stdout, 'lent\n')
  const { permit } = await open()
  const { grants } = await me.call('grantList', { principal: 'agent-g' })
  for (const { id } of grants) await me.call('grantRevoke', { id })
  await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  assert.equal((await me.entry({ rule: 'PERMIT_OVERTAKEN' })).layer, 'permit')
})
