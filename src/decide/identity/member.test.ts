import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REDEEM_WITHIN_MS, checkScope } from './index.ts'
import {
  device,
  guest,
  invite,
  NOW,
  peopleAt,
  proof,
  redemption,
  request,
  terms,
  testKey,
} from './people.test-kit.ts'

test('an invitation is redeemed once, within a quarter of an hour, and only its MAC is kept', () => {
  const people = peopleAt()
  const by = testKey()
  const { invitation } = invite(people)
  const secret = invitation.split('.')[2]!
  assert.equal(Buffer.from(secret, 'base64url').length, 32)
  assert.equal(JSON.stringify(people.store.rows()).includes(secret), false)
  const { member, token } = people.members.redeem(redemption(people, invitation, by))
  assert.equal(member.publicKey, by.publicKey)
  assert.equal(JSON.stringify(people.store.rows()).includes(token), false)
  for (const who of [by, testKey()]) {
    assert.throws(() => people.members.redeem(redemption(people, invitation, who)), {
      code: 'INVITATION_USED',
    })
    assert.throws(() => people.again().members.redeem(redemption(people, invitation, who)), {
      code: 'INVITATION_USED',
    })
  }
  const late = invite(people, 'late')
  people.clock.now += REDEEM_WITHIN_MS
  assert.throws(() => people.members.redeem(redemption(people, late.invitation, by)), {
    code: 'INVITATION_EXPIRED',
  })
  const gone = invite(people, 'gone')
  people.members.revoke('gone', 'owner')
  assert.throws(() => people.members.redeem(redemption(people, gone.invitation, by)), {
    code: 'INVITATION_INVALID',
  })
})

test('an invitation with any character changed is none', () => {
  const people = peopleAt()
  const by = testKey()
  const { invitation } = invite(people)
  fc.assert(
    fc.property(fc.nat(invitation.length - 1), fc.constantFrom('A', 'b', '7', '.', '_'), (at, symbol) => {
      const changed = invitation.slice(0, at) + symbol + invitation.slice(at + 1)
      if (changed === invitation) return
      assert.throws(() => people.members.redeem(redemption(people, changed, by)), {
        code: 'INVITATION_INVALID',
      })
    }),
  )
  const good = redemption(people, invitation, by)
  assert.throws(() => people.members.redeem({ ...good, publicKey: testKey().publicKey }), {
    code: 'PROOF_INVALID',
  })
  people.members.redeem(good)
})

test('a signed request is let in once, for its very bytes, in its minute', () => {
  const people = peopleAt()
  const { by, member, token } = guest(people)
  const good = request(people, by, token)
  assert.equal(people.members.authenticate(good).id, member.id)
  assert.throws(() => people.members.authenticate(good), { code: 'PROOF_REPLAYED' })
  assert.throws(
    () => people.again().members.authenticate(good),
    { code: 'PROOF_REPLAYED' },
    'after a restart',
  )
  const one = request(people, by, token)
  const changed = [
    { ...one, method: 'GET' },
    { ...one, path: '/v1/people/exec' },
    { ...one, body: Buffer.from('{"argv":["/bin/sh"]}') },
    { ...one, nonce: `${one.nonce}A` },
    { ...one, time: one.time + 1 },
    { ...one, signature: request(people, testKey(), token).signature },
    { ...one, nonce: 'short' },
    { ...one, time: Number.NaN },
  ]
  for (const each of changed)
    assert.throws(() => people.members.authenticate(each), { code: 'PROOF_INVALID' })
  for (const time of [people.clock.now - 60_001, people.clock.now + 60_001]) {
    assert.throws(() => people.members.authenticate(request(people, by, token, { time })), {
      code: 'PROOF_INVALID',
    })
  }
  people.members.authenticate(one)
})

test('a token is worth nothing without its key, after it was replaced, for another, or past its day', () => {
  const people = peopleAt()
  const { by, member, token } = guest(people)
  const thief = guest(people, 'thief')
  assert.throws(() => people.members.authenticate(request(people, thief.by, token)), {
    code: 'PROOF_INVALID',
  })
  const second = people.members.renew(member.id, request(people, by, '', { path: '/v1/people/token' }))
  assert.throws(() => people.members.authenticate(request(people, by, token)), { code: 'TOKEN_REVOKED' })
  people.members.authenticate(request(people, by, second.token))
  assert.throws(() => people.members.renew(member.id, request(people, thief.by, '')), {
    code: 'PROOF_INVALID',
  })
  people.members.rotate('anna')
  assert.throws(() => people.members.authenticate(request(people, by, second.token)), {
    code: 'TOKEN_REVOKED',
  })
  const third = people.members.renew(member.id, request(people, by, ''))
  people.members.rotateKey()
  assert.throws(() => people.members.authenticate(request(people, by, third.token)), {
    code: 'TOKEN_INVALID',
  })
  const fourth = people.again().members.renew(member.id, request(people, by, ''))
  people.clock.now = fourth.expiresAt
  assert.throws(() => people.members.authenticate(request(people, by, fourth.token)), {
    code: 'TOKEN_EXPIRED',
  })
  assert.throws(
    () => people.members.renew(member.id, request(people, by, '')),
    { code: 'TOKEN_EXPIRED' },
    'its own time',
  )
})

test('any character of a token changed makes it none', () => {
  const people = peopleAt()
  const { by, token } = guest(people)
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'b', '7', '.', '-'), (at, symbol) => {
      const changed = token.slice(0, at) + symbol + token.slice(at + 1)
      if (changed === token) return
      assert.throws(() => people.members.authenticate(request(people, by, changed)), {
        code: 'TOKEN_INVALID',
      })
    }),
  )
})

test('who was revoked is out at once, for good, and after a restart', () => {
  const people = peopleAt()
  const { by, member, token } = guest(people)
  people.members.revoke('anna', 'owner')
  assert.deepEqual(
    people.seen.left.map(({ name }) => name),
    ['anna'],
  )
  for (const each of [people, people.again()]) {
    assert.throws(() => each.members.authenticate(request(people, by, token)), { code: 'TOKEN_REVOKED' })
    assert.throws(() => each.members.renew(member.id, request(people, by, '')), { code: 'TOKEN_REVOKED' })
  }
  assert.throws(
    () => invite(people, 'anna'),
    { code: 'MEMBER_TAKEN' },
    'a name means one person in the record',
  )
})

test('ten devices at most, thirty days at most, and names that no agent has', () => {
  const people = peopleAt()
  for (let i = 0; i < 10; i++) {
    const by = testKey()
    const asked = device(people, by, `d-${i}`)
    people.pairings.approve(asked.code, { ...terms, expiresAt: people.clock.now + 1_000_000 })
    people.pairings.prove(asked.pairing.id, proof(people, asked, by))
  }
  assert.throws(() => device(people, testKey(), 'eleventh'), { code: 'PEOPLE_FULL' })
  people.members.revoke('d-3', 'owner')
  device(people, testKey(), 'eleventh')
  const long = { name: 'long', type: 'guest', ...terms, expiresAt: NOW + 30 * 86_400_000 + 1 }
  assert.throws(() => people.members.invite(long), { code: 'MEMBER_SCOPE' })
  for (const name of ['', 'Anna', '../x', 'a b', 'a.b', 'x'.repeat(33)]) {
    assert.throws(() => invite(people, name), { code: 'IDENTITY_NAME' }, name)
  }
})

test('no scope opens the border, and one without an end needs a word of its own', () => {
  for (const text of [
    'policy:reload',
    'grant:add',
    'secret:use',
    'agent:resume',
    'agent:*',
    'audit:export',
    'crypto:sign',
  ]) {
    assert.throws(() => checkScope([text], true), { code: 'MEMBER_SCOPE' }, text)
  }
  for (const text of ['fs:read', 'fs:*:/srv/a', 'process:spawn:**', 'fs:read:/**', 'tool:call:*']) {
    assert.throws(() => checkScope([text], false), { code: 'MEMBER_SCOPE' }, text)
    assert.deepEqual(checkScope([text], true), [text])
  }
  assert.deepEqual(checkScope(['monitor:read', 'agent:stop', 'monitor:read'], false), [
    'monitor:read',
    'agent:stop',
  ])
  assert.throws(() => checkScope([], true), { code: 'MEMBER_SCOPE' })
  assert.throws(() => checkScope(['fs:raed:/x'], true), { code: 'CAPABILITY_UNKNOWN' })
})
