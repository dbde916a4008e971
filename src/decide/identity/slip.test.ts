import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { sealToken } from './token.ts'
import { guest, NOW, peopleAt, type TestPeople } from './people.test-kit.ts'

const HOUR = 3_600_000
const asked = {
  agent: 'builder',
  task: 'nightly',
  intent: 'import the data',
  capabilities: ['fs:read:/srv/a'],
  durationMs: HOUR,
}

test('it is good for its agent, for its time, under its policy, until it is spent', () => {
  const people = peopleAt()
  const { token, claims } = people.slips.issue(asked)
  assert.equal(claims.intent.length, 64)
  assert.equal(JSON.stringify(people.store.rows()).includes(token.split('.')[2]!), false)
  for (let i = 0; i < 3; i++) assert.equal(people.slips.check(token, 'builder').task, 'nightly')
  assert.throws(() => people.slips.check(token, 'thief'), { code: 'TOKEN_INVALID' })
  people.seen.policy = 'policy-2'
  assert.throws(() => people.slips.check(token, 'builder'), { code: 'TOKEN_POLICY' })
  people.seen.policy = 'policy-1'
  assert.deepEqual(people.slips.consume(token, 'builder').capabilities, ['fs:read:/srv/a'])
  for (const each of [people, people.again()]) {
    assert.throws(() => each.slips.consume(token, 'builder'), { code: 'TOKEN_SPENT' })
    assert.throws(() => each.slips.check(token, 'builder'), { code: 'TOKEN_SPENT' })
  }
})

test('an expiry is not optional: none, in the past, or too far away is refused', () => {
  const people = peopleAt()
  for (const durationMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 24 * HOUR + 1]) {
    assert.throws(
      () => people.slips.issue({ ...asked, durationMs }),
      { code: 'MEMBER_SCOPE' },
      String(durationMs),
    )
  }
  const { token } = people.slips.issue(asked)
  people.clock.now = NOW + HOUR - 1
  people.slips.check(token, 'builder')
  people.clock.now = NOW + HOUR
  assert.throws(
    () => people.slips.check(token, 'builder'),
    { code: 'TOKEN_EXPIRED' },
    'in the middle of a task',
  )
  people.clock.now = NOW - 1
  assert.throws(() => people.slips.check(token, 'builder'), { code: 'TOKEN_EXPIRED' }, 'before it began')
})

test('every field is signed: with any of them changed it is no token', () => {
  const people = peopleAt()
  const { token, claims } = people.slips.issue(asked)
  const [word, key, , mac] = token.split('.')
  const changes: Record<string, Json> = {
    ...{
      id: 'another',
      agent: 'thief',
      task: 'other',
      intent: '0'.repeat(64),
      policy: 'policy-2',
      nonce: 'n',
    },
    ...{ capabilities: ['fs:read:/**'], notBefore: NOW - 1, expiresAt: NOW + 9 * HOUR },
  }
  assert.deepEqual(
    Object.keys(changes).toSorted(),
    Object.keys(claims).toSorted(),
    'a new field belongs into this list',
  )
  for (const [field, value] of Object.entries(changes)) {
    const body = Buffer.from(canonicalJson({ ...claims, [field]: value } as Json)).toString('base64url')
    assert.throws(
      () => people.slips.check(`${word}.${key}.${body}.${mac}`, 'builder'),
      { code: 'TOKEN_INVALID' },
      field,
    )
  }
  assert.equal(people.slips.check(token, 'builder').id, claims.id)
})

test('a token of one purpose is none of another, though both are ours', () => {
  const people = peopleAt()
  const { token } = guest(people)
  assert.throws(() => people.slips.check(token, 'builder'), { code: 'TOKEN_INVALID' })
  const { claims } = people.slips.issue(asked)
  const asMember = sealToken(people.keys, 'member-token', 1, claims)
  assert.throws(() => people.slips.check(asMember.replace('wm1', 'ws1'), 'builder'), {
    code: 'TOKEN_INVALID',
  })
  const never = sealToken(people.keys, 'slip', 1, { ...claims, id: 'never-issued' })
  assert.throws(
    () => people.slips.check(never, 'builder'),
    { code: 'TOKEN_INVALID' },
    'sealed, but not in the book',
  )
  assert.throws(() => people.slips.check('x'.repeat(20_000), 'builder'), { code: 'TOKEN_INVALID' })
})

type Step = 'issue' | 'check' | 'consume' | 'revoke' | 'steal' | 'policy' | 'wait' | 'restart'

test('whatever comes in whatever order, a token is worth what the reference says', () => {
  const steps = fc.constantFrom<Step>(
    'issue',
    'check',
    'consume',
    'revoke',
    'steal',
    'policy',
    'wait',
    'restart',
  )
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 30 }), (script) => {
      let people: TestPeople = peopleAt()
      const model = { token: '', id: '', until: 0, policy: '', now: 1, isSpent: false, isRevoked: false }
      const worth = (agent: string): string => {
        if (model.token === '' || agent !== 'builder') return 'TOKEN_INVALID'
        if (people.clock.now >= model.until) return 'TOKEN_EXPIRED'
        if (people.seen.policy !== model.policy) return 'TOKEN_POLICY'
        return model.isRevoked ? 'TOKEN_REVOKED' : model.isSpent ? 'TOKEN_SPENT' : 'ok'
      }
      for (const step of script) {
        if (step === 'issue') {
          const { token, claims } = people.slips.issue(asked)
          const { policy } = people.seen
          Object.assign(model, {
            token,
            id: claims.id,
            until: claims.expiresAt,
            policy,
            isSpent: false,
            isRevoked: false,
          })
        }
        if (step === 'wait') people.clock.now += HOUR / 2
        if (step === 'policy')
          people.seen.policy = people.seen.policy === 'policy-1' ? 'policy-2' : 'policy-1'
        if (step === 'restart') {
          const { policy } = people.seen
          people = people.again()
          people.seen.policy = policy
        }
        if (step === 'revoke' && model.token !== '') {
          people.slips.revoke(model.id)
          model.isRevoked = true
        }
        const agent = step === 'steal' ? 'thief' : 'builder'
        const before = worth(agent)
        if (step === 'consume') {
          assert.equal(
            outcome(() => people.slips.consume(model.token, agent)),
            before,
          )
          if (before === 'ok') model.isSpent = true
        }
        assert.equal(
          outcome(() => people.slips.check(model.token, agent)),
          worth(agent),
          step,
        )
      }
    }),
    { numRuns: 150 },
  )
})

function outcome(act: () => unknown): string {
  try {
    act()
    return 'ok'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
