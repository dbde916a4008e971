import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdentity, IdentityError } from './index.ts'
import type { Credential } from './identity.ts'

const { identify } = createIdentity({ ownerUid: 1000 })

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

test('no agent is called like a role', () => {
  for (const name of ['owner', 'operator', 'guest', 'anonymous', '', '../x', 'Owner']) {
    assert.throws(() => identify({ kind: 'agent', name }), { code: 'IDENTITY_NAME' }, name)
  }
})

test('a credential of an unknown kind is nobody', () => {
  assert.throws(() => identify({ kind: 'friend' } as unknown as Credential), { code: 'IDENTITY_UNKNOWN' })
})

test('a principal cannot be changed afterwards', () => {
  const who = identify({ kind: 'library' })
  assert.throws(() => Object.assign(who, { role: 'agent' }), TypeError)
})
