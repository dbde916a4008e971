import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  assertion,
  authenticator,
  registration,
  said,
  type TestAuthenticator,
} from './authenticator.test-kit.ts'
import { Authenticator, ConsoleAccess, OwnerAccess, Passkeys, type Session } from './index.ts'
import { memoryPeopleStore } from './store.memory.ts'
import { peopleAt } from './people.test-kit.ts'
import { totpCode } from './totp.ts'

/** The weakest there is, for tests alone. */
const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 }
const WORD = 'correct horse'
const FROM = '127.0.0.1'
const HERE = { host: 'localhost', origin: 'https://localhost:9090' }

function access(people = peopleAt()) {
  const { book, keys, lockout, sessions, clock } = people
  const now = () => clock.now
  const who = new Authenticator({ ownerUid: 1000, consoleOf: (id) => sessions.live(id) })
  const owner = new OwnerAccess({ book, lockout, sessions, now, isGenuine: who.isGenuine, cost: CHEAP })
  const passkeys = new Passkeys({ book, keys, now })
  const seen: string[] = []
  const console = new ConsoleAccess({
    ...{ book, keys, owner, sessions, passkeys, now },
    admitted: ({ name }) => seen.push(`+${name}`),
    dismissed: ({ name }) => seen.push(`-${name}`),
  })
  const principal = (session: Session) => who.identify(who.atConsole(session))
  return { people, owner, who, passkeys, console, seen, principal }
}

test('a link is good once and for ten minutes, and only for whom it was made', () => {
  const { console, people, principal } = access()
  const { token } = console.link('owner', 'owner')
  const { session } = console.byLink(token, FROM)
  assert.deepEqual(principal(session), {
    ...{ id: 'owner', role: 'owner', channel: 'console', session: session.id },
  })
  assert.throws(() => console.byLink(token, FROM), { code: 'LINK_INVALID' })
  assert.throws(() => console.byLink('x', FROM), { code: 'LINK_INVALID' })
  const late = console.link('owner', 'owner').token
  people.clock.now += 600_000
  assert.throws(() => console.byLink(late, FROM), { code: 'LINK_INVALID' })
  const { name, role } = console.admit('anna', 'viewer')
  const hers = console.byLink(console.link(name, role).token, FROM)
  assert.equal(principal(hers.session).id, 'console:anna')
  assert.equal(principal(hers.session).role, 'guest')
})

test('a credential for a session counts only from who checked its token, and only while the session goes on', () => {
  const { console, who, people, principal } = access()
  const { session } = console.byLink(console.link('owner', 'owner').token, FROM)
  assert.throws(() => who.identify({ kind: 'console', session: session.id }), { code: 'IDENTITY_UNKNOWN' })
  const credential = who.atConsole(session)
  assert.throws(() => who.identify({ ...credential }), { code: 'IDENTITY_UNKNOWN' }, 'a copy')
  people.sessions.end(session.id)
  assert.throws(() => principal(session), { code: 'IDENTITY_UNKNOWN' })
})

test('tokens of the console and of the command line are good for nothing at the other door', async () => {
  const { console, owner, people } = access()
  const { token } = console.byLink(console.link('owner', 'owner').token, FROM)
  assert.equal(people.sessions.find(token, undefined), undefined)
  assert.ok(people.sessions.findAtConsole(token, true))
  await owner.set(WORD, undefined, {})
  assert.equal(people.sessions.findAtConsole(token, true), undefined, 'a new passphrase ends it')
  const other = await owner.login(WORD, {})
  assert.equal(people.sessions.findAtConsole(other.token, true), undefined)
  assert.ok(people.sessions.find(other.token, undefined))
})

test('a link counts as the passphrase only while there is none', async () => {
  const { console, owner, people, principal } = access()
  const { session } = console.byLink(console.link('owner', 'owner').token, FROM)
  owner.requireFresh(principal(session))
  people.clock.now += 600_000
  const notFresh = { code: 'OWNER_NOT_FRESH' }
  assert.throws(() => owner.requireFresh(principal(session)), notFresh)
  console.freshenByLink(console.link('owner', 'owner').token, session)
  owner.requireFresh(principal(session))
  await owner.set(WORD, undefined, {})
  const later = console.byLink(console.link('owner', 'owner').token, FROM)
  assert.throws(() => owner.requireFresh(principal(later.session)), notFresh)
  const link = console.link('owner', 'owner').token
  assert.throws(() => console.freshenByLink(link, later.session), notFresh)
  const known = await console.byPassphrase(WORD, undefined, FROM)
  owner.requireFresh(principal(known.session))
})

test('somebody else’s link does not make a session fresh', () => {
  const { console } = access()
  const mine = console.byLink(console.link('owner', 'owner').token, FROM)
  console.admit('anna', 'operator')
  const hers = console.link('anna', 'operator').token
  assert.throws(() => console.freshenByLink(hers, mine.session), { code: 'LINK_INVALID' })
})

test('who guesses at the console has to wait there, longer each time, and locks nobody out at the terminal', async () => {
  const { console, owner, people } = access()
  await owner.set(WORD, undefined, {})
  const guess = () => console.byPassphrase('no idea', undefined, FROM)
  for (let i = 0; i < 5; i++) await assert.rejects(guess(), { code: 'PASSPHRASE_WRONG' })
  await assert.rejects(console.byPassphrase(WORD, undefined, FROM), { code: 'LOCKED_OUT' })
  await assert.rejects(
    console.byPassphrase(WORD, undefined, '192.0.2.9'),
    { code: 'LOCKED_OUT' },
    'from elsewhere',
  )
  await owner.check(WORD, { uid: 1000 })
  console.byLink(console.link('owner', 'owner').token, FROM)
  for (let i = 0; i < 10; i++) {
    people.clock.now += 60_000
    await assert.rejects(guess(), { code: 'PASSPHRASE_WRONG' })
  }
  people.clock.now += 60_000
  await assert.rejects(console.byPassphrase(WORD, undefined, FROM), { code: 'LOCKED_OUT' })
  const { console: later } = access(people.again())
  await assert.rejects(
    later.byPassphrase(WORD, undefined, FROM),
    { code: 'LOCKED_OUT' },
    'after a restart too',
  )
  people.clock.now += 840_000
  await console.byPassphrase(WORD, undefined, FROM)
})

test('with a second factor the passphrase alone lets nobody in, and no code is taken twice', async () => {
  const { console, owner, people } = access()
  assert.throws(() => console.beginTotp(), { code: 'TOTP_STATE' }, 'beside a passphrase only')
  await owner.set(WORD, undefined, {})
  const before = await console.byPassphrase(WORD, undefined, FROM)
  const { secret, address } = console.beginTotp()
  assert.match(address, new RegExp(`secret=${secret}`))
  const bytes = base32Bytes(secret)
  const code = (steps = 0) => totpCode(bytes, Math.floor(people.clock.now / 30_000) + steps)
  assert.equal(console.hasTotp(), false, 'not before a code was given')
  assert.throws(() => console.confirmTotp('000000'), { code: 'PASSPHRASE_WRONG' })
  console.confirmTotp(code())
  assert.throws(() => console.confirmTotp(code()), { code: 'TOTP_STATE' })
  assert.equal(
    people.sessions.findAtConsole(before.token, true),
    undefined,
    'who came without it comes again',
  )
  const wrong = { code: 'PASSPHRASE_WRONG' }
  await assert.rejects(console.byPassphrase(WORD, undefined, FROM), wrong)
  await assert.rejects(console.byPassphrase(WORD, code(), FROM), wrong, 'it was used to confirm')
  people.clock.now += 30_000
  await assert.rejects(console.byPassphrase('no idea', code(), FROM), wrong)
  await console.byPassphrase(WORD, code(), FROM)
  await assert.rejects(console.byPassphrase(WORD, code(), FROM), wrong, 'a second time')
  assert.doesNotMatch(JSON.stringify(people.store.rows().map(({ body }) => body)), new RegExp(secret))
  assert.equal(console.removeTotp(), true)
  await console.byPassphrase(WORD, undefined, FROM)
})

test('a dismissed person has no way back: session, link and passkey end, and a new role begins anew', () => {
  const { console, passkeys, seen, principal } = access()
  const { name, role } = console.admit('anna', 'operator')
  const { session } = console.byLink(console.link(name, role).token, FROM)
  const key = authenticator()
  register(passkeys, key, session.id, name)
  const link = console.link(name, role).token
  console.dismiss('anna')
  assert.throws(() => principal(session), { code: 'IDENTITY_UNKNOWN' })
  assert.throws(() => console.byLink(link, FROM), { code: 'LINK_INVALID' })
  assert.equal(passkeys.list('anna').length, 0)
  assert.throws(() => console.byPasskey('anna', FROM), { code: 'PERSON_UNKNOWN' })
  assert.throws(() => console.dismiss('anna'), { code: 'PERSON_UNKNOWN' })
  console.admit('anna', 'operator')
  const again = console.byLink(console.link('anna', 'operator').token, FROM)
  console.admit('anna', 'viewer')
  assert.throws(() => principal(again.session), { code: 'IDENTITY_UNKNOWN' }, 'the old role does not stay')
  assert.deepEqual(seen, ['+anna', '-anna', '+anna', '-anna', '+anna'])
  for (const bad of ['owner', 'Anna', 'a b', '', 'a'.repeat(33)]) {
    assert.throws(() => console.admit(bad, 'viewer'), { code: 'MEMBER_SCOPE' }, bad)
  }
})

test('one person does not take all the places there are: a fifth log-in ends the first', () => {
  const { console, people } = access()
  const begun = Array.from({ length: 5 }, () => {
    people.clock.now += 1
    return console.byLink(console.link('owner', 'owner').token, FROM)
  })
  const live = begun.map(({ token }) => people.sessions.findAtConsole(token, false) !== undefined)
  assert.deepEqual(live, [false, true, true, true, true])
})

test('the word of a page is of its session alone', () => {
  const { console } = access()
  const [one, two] = [0, 1].map(() => console.byLink(console.link('owner', 'owner').token, FROM).token)
  assert.ok(console.isCsrf(console.csrfOf(one!), one!))
  assert.equal(console.isCsrf(console.csrfOf(two!), one!), false)
  assert.equal(console.isCsrf('', one!), false)
})

test('a session of before the console was there is read as one of the command line', () => {
  const { people } = access()
  const { session, token } = people.sessions.begin(1000)
  const rows = people.store.rows().map((row) => ({ ...row, body: row.body.replace('"console":null,', '') }))
  assert.doesNotMatch(rows.map(({ body }) => body).join(), /console/)
  const store = memoryPeopleStore()
  const { keys } = people
  const older = rows.map((row) => ({
    ...row,
    mac: keys.mac('store', 1, JSON.stringify(['row', row.kind, row.key, row.body])),
  }))
  const names = older.map(({ kind, key, mac }) => [`${kind}\n${key}`, Buffer.from(mac).toString('hex')])
  const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex')
  const mac = keys.mac('store', 1, JSON.stringify(['seal', 1, digest]))
  store.write({ put: older, remove: [], seal: { version: 1, mac } })
  const found = access(peopleAt(store, people.clock)).people.sessions.find(token, 1000)
  assert.deepEqual([found?.id, found?.console], [session.id, null])
})

function register(passkeys: Passkeys, made: TestAuthenticator, session: string, person = 'owner') {
  const purpose = { for: 'register', session } as const
  const { challenge } = passkeys.creation(purpose, person, HERE)
  return passkeys.add(registration(made, challenge), purpose, person, HERE, 'key')
}

const LOGIN = { for: 'login', session: '' } as const
const invalid = { code: 'PASSKEY_INVALID' }

test('a passkey is proven by its signature over our question, here, by somebody who was verified', () => {
  const { passkeys, console } = access()
  const made = authenticator()
  register(passkeys, made, 's')
  const ask = () => passkeys.request(LOGIN, HERE).challenge
  made.counter = 1
  const proven = passkeys.prove(assertion(made, ask()), LOGIN, HERE)
  assert.equal(console.byPasskey(proven.person, FROM).session.console?.way, 'passkey')
  made.counter = 2
  const wrong: readonly (readonly [string, ReturnType<typeof assertion>])[] = [
    ['nobody there', assertion(made, ask(), 0x04)],
    ['nobody verified', assertion(made, ask(), 0x01)],
    ['another page', assertion(made, ask(), 0x05, { origin: 'https://evil.example' })],
    ['in a frame of another page', assertion(made, ask(), 0x05, { crossOrigin: true })],
    ['another host', assertion(made, ask(), 0x05, {}, 'evil.example')],
    ['a question not asked here', assertion(made, randomBytes(38).toString('base64url'))],
    [
      'a question of another session',
      assertion(made, passkeys.request({ for: 'fresh', session: 's' }, HERE).challenge),
    ],
    ['another key', assertion({ ...authenticator(), id: made.id, counter: 2 }, ask())],
    ['a key nobody knows', assertion(authenticator(), ask())],
    [
      'one that was made, not used',
      {
        ...assertion(made, ask()),
        response: { ...assertion(made, ask()).response, clientDataJSON: said('webauthn.create', ask()) },
      },
    ],
  ]
  for (const [why, response] of wrong)
    assert.throws(() => passkeys.prove(response, LOGIN, HERE), invalid, why)
  const good = assertion(made, ask())
  passkeys.prove(good, LOGIN, HERE)
  assert.throws(() => passkeys.prove(good, LOGIN, HERE), invalid, 'a second time')
  assert.throws(
    () => passkeys.prove(assertion(made, ask()), LOGIN, HERE),
    invalid,
    'a counter that stands still',
  )
})

test('an answer that comes late, or to a question that was used, proves nothing after a restart either', () => {
  const { passkeys, people } = access()
  const made = authenticator()
  register(passkeys, made, 's')
  const { challenge } = passkeys.request(LOGIN, HERE)
  const again = access(people.again()).passkeys
  again.prove(assertion(made, challenge), LOGIN, HERE)
  assert.throws(() => access(people.again()).passkeys.prove(assertion(made, challenge), LOGIN, HERE), invalid)
  const late = passkeys.request(LOGIN, HERE).challenge
  people.clock.now += 300_000
  assert.throws(() => passkeys.prove(assertion(made, late), LOGIN, HERE), invalid)
})

test('a new passkey is of the session that asked, verified, of a kind that is taken, and new', () => {
  const { passkeys } = access()
  const purpose = { for: 'register', session: 's' } as const
  const ask = () => passkeys.creation(purpose, 'owner', HERE).challenge
  const made = authenticator()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const weak = { ...made, spki: rsa.export({ format: 'der', type: 'spki' }).toString('base64url') }
  const other = { ...registration(made, ask()), id: randomBytes(32).toString('base64url') }
  const wrong: readonly (readonly [string, ReturnType<typeof registration>])[] = [
    ['not verified', registration(made, ask(), 0x41)],
    ['without a key', registration(made, ask(), 0x05)],
    ['another page', registration(made, ask(), 0x45, { origin: 'https://localhost:1' })],
    [
      'a question of another session',
      registration(made, passkeys.creation({ ...purpose, session: 't' }, 'owner', HERE).challenge),
    ],
    ['a question for logging in', registration(made, passkeys.request(LOGIN, HERE).challenge)],
    ['a key of another kind', registration(weak, ask())],
    ['the id of another', other],
  ]
  for (const [why, response] of wrong) {
    assert.throws(() => passkeys.add(response, purpose, 'owner', HERE, 'k'), invalid, why)
  }
  passkeys.add(registration(made, ask()), purpose, 'owner', HERE, 'k')
  assert.throws(() => passkeys.add(registration(made, ask()), purpose, 'anna', HERE, 'k'), {
    code: 'MEMBER_TAKEN',
  })
  assert.throws(() => passkeys.remove(made.id, 'anna'), invalid, 'another’s')
  assert.equal(passkeys.remove(made.id, 'owner').name, 'k')
})

function base32Bytes(text: string): Buffer {
  const bits = Array.from(text, (sign) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'),
  )
  const bytes = bits.join('').match(/.{8}/g) ?? []
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
}
