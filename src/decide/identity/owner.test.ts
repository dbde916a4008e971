import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../../core/principal.ts'
import { Authenticator, OwnerAccess } from './index.ts'
import { peopleAt, type TestPeople } from './people.test-kit.ts'

/** The weakest there is, for tests alone. */
const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 }
const WORD = 'correct horse'
const from = { uid: 1000 }

function ownerOf(people: TestPeople, cost = CHEAP) {
  const { book, lockout, sessions, clock } = people
  const who = new Authenticator({ ownerUid: 1000, sessionOf: (token, uid) => sessions.find(token, uid) })
  const now = () => clock.now
  return { owner: new OwnerAccess({ book, lockout, sessions, now, isGenuine: who.isGenuine, cost }), who }
}

const wrong = { code: 'PASSPHRASE_WRONG' }
const locked = { code: 'LOCKED_OUT' }

test('without a passphrase the owner is fresh; with one only after a login, in that session, for a while', async () => {
  const people = peopleAt()
  const { owner, who } = ownerOf(people)
  const plain = who.identify({ kind: 'peer', uid: 1000 })
  owner.requireFresh(plain)
  await owner.set(WORD, undefined, from)
  assert.throws(() => owner.requireFresh(plain), { code: 'OWNER_NOT_FRESH' })
  const { token } = await owner.login(WORD, from)
  const logged = () => who.identify({ kind: 'peer', uid: 1000, session: token })
  owner.requireFresh(logged())
  assert.throws(() => owner.requireFresh(who.identify({ kind: 'peer', uid: 1000, session: 'guess' })), {
    code: 'OWNER_NOT_FRESH',
  })
  assert.throws(() => owner.requireFresh(who.identify({ kind: 'peer', uid: 1000, as: 'builder' })), {
    code: 'OWNER_NOT_FRESH',
  })
  people.clock.now += 599_999
  owner.requireFresh(logged())
  people.clock.now += 1
  assert.throws(() => owner.requireFresh(logged()), { code: 'OWNER_NOT_FRESH' })
  assert.equal(logged().session, people.sessions.list()[0]?.id, 'the session itself goes on')
})

test('a principal written by hand is not fresh, whatever it says', () => {
  const { owner } = ownerOf(peopleAt())
  const forged: Principal = { id: 'owner', role: 'owner', channel: 'local-socket', uid: 1000 }
  assert.throws(() => owner.requireFresh(forged), { code: 'IDENTITY_FORGED' })
})

test('only the one who knows it replaces or removes it, and every session ends with it', async () => {
  const people = peopleAt()
  const { owner } = ownerOf(people)
  await owner.set(WORD, undefined, from)
  await owner.login(WORD, from)
  await assert.rejects(owner.set('another one', undefined, from), wrong)
  await assert.rejects(owner.set('another one', 'no idea at all', from), wrong)
  assert.equal(people.sessions.list().length, 1)
  await owner.set('another one', WORD, from)
  assert.equal(people.sessions.list().length, 0)
  await assert.rejects(owner.remove(WORD, from), wrong)
  await owner.remove('another one', from)
  assert.equal(owner.hasPassphrase(), false)
  await assert.rejects(owner.check('another one', from), { code: 'PASSPHRASE_ABSENT' })
  for (const unfit of ['short', 'x'.repeat(257), 'with a\nline end']) {
    await assert.rejects(owner.set(unfit, undefined, from), { code: 'PASSPHRASE_UNFIT' }, unfit)
  }
})

test('the file holds neither passphrase nor token', async () => {
  const people = peopleAt()
  const { owner } = ownerOf(people)
  await owner.set(WORD, undefined, from)
  const { token } = await owner.login(WORD, from)
  const text = JSON.stringify(people.store.rows())
  assert.equal(text.includes(WORD), false)
  assert.equal(text.includes(token), false)
  assert.match(text, /memoryKib/)
})

test('it is hashed anew when the parameters were raised, at the next time it is given', async () => {
  const people = peopleAt()
  await ownerOf(people).owner.set(WORD, undefined, from)
  const raised = { memoryKib: 16, passes: 2, lanes: 1 }
  const { owner } = ownerOf(people, raised)
  await assert.rejects(owner.check('no idea at all', from), wrong)
  assert.equal(people.book.get('passphrase', 'owner')?.memoryKib, 8)
  await owner.check(WORD, from)
  const stored = people.book.get('passphrase', 'owner')
  assert.deepEqual([stored?.memoryKib, stored?.passes], [16, 2])
  await owner.check(WORD, from)
})

async function fail(owner: OwnerAccess, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await assert.rejects(owner.check('no idea at all', from), wrong)
}

test('five failures bring a minute, fifteen a quarter of an hour; a restart changes nothing', async () => {
  const people = peopleAt()
  const { owner } = ownerOf(people)
  await owner.set(WORD, undefined, from)
  await fail(owner, 5)
  await assert.rejects(owner.check(WORD, from), locked, 'the right one too')
  people.clock.now += 59_999
  await assert.rejects(owner.check(WORD, from), locked)
  const restarted = ownerOf(people.again()).owner
  await assert.rejects(restarted.check(WORD, from), locked, 'after a restart')
  people.clock.now += 1
  for (let more = 0; more < 9; more++) {
    await fail(restarted, 1)
    people.clock.now += 60_000
  }
  await fail(restarted, 1) // the fifteenth
  people.clock.now += 60_000
  await assert.rejects(restarted.check(WORD, from), locked)
  people.clock.now += 840_000
  await restarted.check(WORD, from)
  await fail(restarted, 4)
  await restarted.check(WORD, from)
})

test('many guesses at once are no more than as many in a row', async () => {
  const people = peopleAt()
  const { owner } = ownerOf(people)
  await owner.set(WORD, undefined, from)
  const guesses = Array.from({ length: 40 }, (_, i) => owner.check(`guess number ${i}`, from))
  const codes = (await Promise.allSettled(guesses)).map((each) =>
    each.status === 'rejected' ? (each.reason as { code: string }).code : 'in',
  )
  assert.equal(codes.filter((code) => code === 'PASSPHRASE_WRONG').length, 5)
  assert.equal(codes.filter((code) => code === 'LOCKED_OUT').length, 35)
})

test('a clock that is put back makes the wait longer, not shorter', async () => {
  const people = peopleAt()
  const { owner } = ownerOf(people)
  await owner.set(WORD, undefined, from)
  await fail(owner, 5)
  people.clock.now -= 3_600_000
  await assert.rejects(owner.check(WORD, from), locked)
  people.clock.now += 59_999
  await assert.rejects(owner.check(WORD, from), locked)
  people.clock.now += 1
  await owner.check(WORD, from)
})

test('a session ends when it is idle, when it is old, when it is ended, and for another user', async () => {
  const people = peopleAt()
  const { owner } = ownerOf(people)
  await owner.set(WORD, undefined, from)
  const { token, session } = await owner.login(WORD, from)
  assert.equal(people.sessions.find(token, 1001), undefined)
  assert.equal(people.sessions.find(token, undefined), undefined)
  for (let hours = 0; hours < 11; hours += 0.25) {
    people.clock.now += 900_000
    assert.equal(people.sessions.find(token, 1000)?.id, session.id)
  }
  assert.equal(people.again().sessions.find(token, 1000)?.id, session.id, 'it outlives a restart')
  people.clock.now += 1_800_000
  assert.equal(people.sessions.find(token, 1000), undefined, 'idle')
  const second = await owner.login(WORD, from)
  people.sessions.end(second.session.id.slice(0, 20))
  assert.equal(people.sessions.find(second.token, 1000), undefined)
  assert.throws(() => people.sessions.end(second.session.id), { code: 'SESSION_UNKNOWN' })
  const third = await owner.login(WORD, from)
  for (let i = 0; i < 47; i++) {
    people.clock.now += 900_000
    people.sessions.find(third.token, 1000)
  }
  assert.notEqual(people.sessions.find(third.token, 1000), undefined)
  people.clock.now += 900_000
  assert.equal(people.sessions.find(third.token, 1000), undefined, 'twelve hours')
})
