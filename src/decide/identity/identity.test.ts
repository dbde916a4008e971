import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentRuns, Authenticator, createIdentity, IdentityError, type Credential } from './index.ts'
import { guest, peopleAt } from './people.test-kit.ts'

const { identify, genuine, isGenuine } = createIdentity({ ownerUid: 1000 })

test('the user Warder guards is the owner, and nobody else is', () => {
  assert.equal(identify({ kind: 'peer', uid: 1000 }).role, 'owner')
  for (const uid of [0, 1001, -1, Number.NaN]) {
    assert.throws(() => identify({ kind: 'peer', uid }), IdentityError, String(uid))
  }
})

test('the owner may speak for an agent and then has only what that agent has', () => {
  assert.deepEqual(identify({ kind: 'peer', uid: 1000, as: 'builder' }), {
    id: 'builder',
    role: 'agent',
    channel: 'local-socket',
    uid: 1000,
  })
})

test('an agent cannot become somebody else by what it says', () => {
  const forged = { kind: 'agent', name: 'builder', as: 'owner', role: 'owner' } as unknown as Credential
  assert.deepEqual(identify(forged), { id: 'builder', role: 'agent', channel: 'agent-socket' })
})

test('no agent is called like a role, a guest or a device', () => {
  for (const name of [
    'owner',
    'operator',
    'guest',
    'anonymous',
    '',
    '../x',
    'Owner',
    'guest:anna',
    'device:laptop',
  ]) {
    assert.throws(() => identify({ kind: 'agent', name }), { code: 'IDENTITY_NAME' }, name)
  }
})

test('a credential of an unknown kind is nobody', () => {
  assert.throws(() => identify({ kind: 'friend' } as unknown as Credential), { code: 'IDENTITY_UNKNOWN' })
})

test('a principal cannot be changed afterwards, and a copy of one is none', () => {
  const who = createIdentity({ ownerUid: 1000, now: () => 5 }).identify({ kind: 'library' })
  assert.throws(() => Object.assign(who, { role: 'agent' }), TypeError)
  assert.equal(who.madeAt, 5)
  const mine = identify({ kind: 'peer', uid: 1000 })
  assert.equal(genuine(mine), mine)
  for (const forged of [
    { ...mine },
    structuredClone(mine),
    Object.create(mine),
    JSON.parse(JSON.stringify(mine)),
  ]) {
    assert.equal(isGenuine(forged), false)
    assert.throws(() => genuine(forged), { code: 'IDENTITY_FORGED' })
  }
  assert.equal(isGenuine(who), false, 'another authenticator’s')
})

test('a way to reach a person is an operator of its own name, made here alone, and never the owner', () => {
  const { channel, genuine: ofIts } = createIdentity({ ownerUid: 1000 })
  const webhook = createIdentity({ ownerUid: 1000 }).channel('webhook')
  assert.deepEqual(webhook, { id: 'channel:webhook', role: 'operator', channel: 'chat' })
  assert.throws(() => ofIts(webhook), { code: 'IDENTITY_FORGED' })
  for (const name of ['', 'Owner', 'x/y', 'x\ny']) assert.throws(() => channel(name), IdentityError, name)
})

test('what is started has the rights of its agent, and only the owner starts another than themselves', () => {
  const house = createIdentity({ ownerUid: 1000 })
  const owner = house.identify({ kind: 'peer', uid: 1000 })
  const started = house.startedBy(owner, 'builder')
  assert.deepEqual(started, { id: 'builder', role: 'agent', channel: 'local-socket', uid: 1000 })
  assert.ok(house.isGenuine(started) && Object.isFrozen(started))
  const builder = house.identify({ kind: 'agent', name: 'builder' })
  assert.equal(house.startedBy(builder, 'builder'), builder)
  assert.throws(() => house.startedBy(builder, 'rival'), { code: 'IDENTITY_UNKNOWN' })
  assert.throws(() => house.startedBy({ ...owner }, 'builder'), { code: 'IDENTITY_FORGED' })
  assert.throws(() => house.startedBy(owner, 'owner'), { code: 'IDENTITY_NAME' })
})

test('anonymous exists only where authentication was switched off', () => {
  assert.throws(() => identify({ kind: 'anonymous' }), { code: 'IDENTITY_UNKNOWN' })
  const open = createIdentity({ ownerUid: 1000, isAuthOff: true })
  assert.equal(open.identify({ kind: 'anonymous' }).role, 'anonymous')
})

test('a guest counts only through a credential that was made for a proven request, and as long as it may act', () => {
  const people = peopleAt()
  const { member } = guest(people)
  const memberOf = (id: string) => {
    const found = people.members.get(id)
    return found !== undefined && people.members.isLive(found) ? found : undefined
  }
  const who = new Authenticator({ ownerUid: 1000, memberOf })
  const proven = who.proven(member)
  const principal = who.identify(proven)
  assert.deepEqual(
    [principal.id, principal.role, principal.channel],
    ['guest:anna', 'guest', 'people-socket'],
  )
  for (const forged of [
    { kind: 'member', id: member.id },
    { ...proven },
    { ...proven, as: 'builder' },
  ] as Credential[]) {
    assert.throws(() => who.identify(forged), { code: 'IDENTITY_UNKNOWN' })
  }
  people.members.revoke('anna', 'owner')
  assert.throws(() => who.identify(proven), { code: 'IDENTITY_UNKNOWN' })
})

test('an agent speaks in its run: bound to user and program, and no longer than the run', () => {
  const runs = new AgentRuns()
  const who = new Authenticator({ ownerUid: 1000, runs })
  const identity = { runId: 'r-0001', agent: 'builder', uid: 1000, workspace: '/w', program: '/bin/sh' }
  runs.begin(identity)
  const at = (name: string, run: string) => who.identify({ kind: 'agent', name, run })
  assert.deepEqual([at('builder', '0001').session, at('builder', '0001').uid], ['r-0001', 1000])
  assert.throws(() => at('other', '0001'), { code: 'IDENTITY_UNKNOWN' })
  assert.throws(() => runs.begin({ ...identity, program: '/bin/evil' }), { code: 'MEMBER_TAKEN' })
  assert.throws(() => Object.assign(runs.get('r-0001')!, { uid: 0 }), TypeError)
  runs.end('r-0001')
  assert.throws(() => at('builder', '0001'), { code: 'IDENTITY_UNKNOWN' })
})
