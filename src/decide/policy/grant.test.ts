import { test } from 'node:test'
import assert from 'node:assert/strict'
import { act, agent, as, engineWith, NOW, owner, testSigner } from './fixture.test-kit.ts'
import { GrantBook, memoryGrantStore, type GrantStore, type SignedRecord } from './index.ts'

const ASKED = { principal: 'builder', capability: 'fs:read:/data/**', reason: 'to look' }

function open(store: GrantStore = memoryGrantStore(), signer = testSigner(), now = NOW, more: object = {}) {
  const engine = engineWith({ more })
  const book = new GrantBook({ store, signer, engine, now })
  const isAllowed = (at = now) => engine.decide(agent(), act('fs:read:/data/x'), at).effect === 'allow'
  return { store, signer, engine, book, isAllowed }
}

/** A store whose records somebody has been at. */
function tampered(store: GrantStore, change: (records: SignedRecord[]) => SignedRecord[]): GrantStore {
  const records = change(store.read(0, 1000))
  return {
    append: () => assert.fail('not used'),
    read: (after, limit) => records.filter(({ seq }) => seq > after).slice(0, limit),
  }
}

test('a grant lasts ten minutes when nothing is said, and never longer than the policy lets it', () => {
  const { book, isAllowed } = open()
  const { grant } = book.add(ASKED, owner, NOW)
  assert.equal(grant.expiresAt - grant.notBefore, 600_000)
  assert.ok(isAllowed() && isAllowed(NOW + 599_999) && !isAllowed(NOW + 600_000))
  assert.equal(book.state(grant, NOW + 600_000), 'expired')
  assert.throws(() => book.add({ ...ASKED, durationMs: 86_400_001 }, owner, NOW), { code: 'GRANT_INVALID' })
  assert.ok(book.add({ ...ASKED, durationMs: 86_400_000 }, owner, NOW))
  const short = open(memoryGrantStore(), testSigner(), NOW, {
    defaults: { grant_duration: '1m', max_grant_duration: '2m' },
  })
  assert.equal(short.book.add(ASKED, owner, NOW).grant.expiresAt, NOW + 60_000)
  assert.throws(() => short.book.add({ ...ASKED, durationMs: 120_001 }, owner, NOW), {
    code: 'GRANT_INVALID',
  })
})

test('nobody grants to himself, and no agent grants at all', () => {
  const { book, isAllowed } = open()
  for (const by of [
    agent(),
    agent('other'),
    as('guest'),
    as('operator'),
    as('anonymous'),
    { ...owner, id: 'builder' },
  ]) {
    assert.throws(() => book.add(ASKED, by, NOW), { code: 'GRANT_FORBIDDEN' }, by.role)
  }
  assert.ok(!isAllowed())
  const lenient = open(memoryGrantStore(), testSigner(), NOW, {
    defaults: { grantors: ['owner', 'operator'] },
  })
  assert.ok(lenient.book.add(ASKED, as('operator'), NOW))
  assert.throws(() => lenient.book.add(ASKED, agent('other'), NOW), { code: 'GRANT_FORBIDDEN' })
})

test('what cannot be granted is refused, and nothing is written', () => {
  const { book, store, engine } = open()
  const bad = [
    { reason: ' ' },
    { principal: 'guest' },
    { principal: 'No Name' },
    { durationMs: 0 },
    { durationMs: 1.5 },
    { durationMs: Number.NaN },
    { notBefore: NOW - 1 },
    { capability: 'fs:read:${HOME}/x' },
  ]
  for (const change of bad)
    assert.throws(() => book.add({ ...ASKED, ...change }, owner, NOW), { code: 'GRANT_INVALID' })
  assert.throws(() => book.add({ ...ASKED, capability: 'fs:read:x' }, owner, NOW), {
    code: 'PATTERN_INVALID',
  })
  assert.throws(() => book.add({ ...ASKED, capability: 'fx:read' }, owner, NOW), {
    code: 'CAPABILITY_UNKNOWN',
  })
  assert.equal(store.read(0, 10).length, 0)
  assert.deepEqual(engine.grantsOf('builder'), [])
})

test('a grant taken back does not hold for the next decision, nor after a new start', () => {
  const { book, store, signer, isAllowed } = open()
  const { grant } = book.add(ASKED, owner, NOW)
  assert.ok(isAllowed())
  assert.throws(() => book.revoke(grant.id, agent(), NOW), { code: 'GRANT_FORBIDDEN' })
  const ended = book.revoke(grant.id, owner, NOW + 1)
  assert.deepEqual([ended.revokedAt, ended.revokedBy], [NOW + 1, 'owner'])
  assert.ok(!isAllowed())
  assert.throws(() => book.revoke(grant.id, owner, NOW), { code: 'GRANT_ENDED' })
  assert.throws(() => book.revoke('nope', owner, NOW), { code: 'GRANT_UNKNOWN' })
  const again = open(store, signer)
  assert.deepEqual(again.book.problems(), [])
  assert.ok(!again.isAllowed())
  assert.equal(again.book.list(NOW)[0]?.state, 'revoked')
})

test('live grants are in force again after a new start', () => {
  const { book, store, signer } = open()
  book.add(ASKED, owner, NOW)
  assert.ok(open(store, signer).isAllowed())
  assert.ok(!open(store, signer, NOW + 600_000).isAllowed())
})

test('the grants of a task end with it, and all can be taken back at once', () => {
  const { book, isAllowed } = open()
  book.add({ ...ASKED, task: 't1' }, owner, NOW)
  book.add({ ...ASKED, capability: 'tool:call' }, owner, NOW)
  assert.equal(book.endTask('t1', NOW).length, 1)
  assert.ok(!isAllowed())
  assert.equal(book.revokeAll({ principal: 'other' }, owner, NOW).length, 0)
  assert.throws(() => book.revokeAll({}, agent(), NOW), { code: 'GRANT_FORBIDDEN' })
  assert.equal(book.revokeAll({}, owner, NOW).length, 1)
})

test('a forged record is never used and is reported', () => {
  const { book, store, signer } = open()
  book.add({ ...ASKED, capability: 'tool:call' }, owner, NOW)
  const forge = (text: (body: string) => string) =>
    tampered(store, (records) => records.map((record) => ({ ...record, body: text(record.body) })))
  const cases: GrantStore[] = [
    forge((body) => body.replace('tool:call', 'fs:read')),
    forge((body) => body.replace(/"expiresAt":\d+/, `"expiresAt":${NOW + 1e12}`)),
    forge((body) => body.replace('"builder"', '"other"')),
    forge(() => 'not json'),
    forge((body) => body.replace('{', '{"extra":1,')),
    tampered(store, (records) => records.map((record) => ({ ...record, signature: new Uint8Array(64) }))),
    tampered(store, (records) => records.map((record) => ({ ...record, seq: 7 }))),
  ]
  for (const [i, forged] of cases.entries()) {
    const again = open(forged, signer)
    assert.equal(
      again.engine.grantsOf('builder').length + again.engine.grantsOf('other').length,
      0,
      `case ${i}`,
    )
    assert.equal(again.book.problems().length, 1, `case ${i}`)
  }
  const stranger = open(store, testSigner('key-2'))
  assert.match(stranger.book.problems()[0] ?? '', /unknown key/)
  assert.match(
    open(store, { ...testSigner(), keyId: signer.keyId }).book.problems()[0] ?? '',
    /does not verify/,
  )
})

test('hiding that a grant was taken back does not bring it back', () => {
  const { book, store, signer } = open()
  const { grant } = book.add(ASKED, owner, NOW)
  book.revoke(grant.id, owner, NOW)
  book.add({ ...ASKED, capability: 'tool:call' }, owner, NOW)
  const hidden = tampered(store, (records) => records.filter(({ seq }) => seq !== 2))
  const renumbered = tampered(store, (records) =>
    records.filter(({ seq }) => seq !== 2).map((record, i) => ({ ...record, seq: i + 1 })),
  )
  const spoiled = tampered(store, (records) =>
    records.map((record) => (record.seq === 2 ? { ...record, body: 'x' } : record)),
  )
  for (const bad of [hidden, renumbered, spoiled]) {
    const again = open(bad, signer)
    assert.ok(!again.isAllowed())
    assert.ok(again.book.problems().length > 0)
    assert.equal(again.book.state(again.book.get(grant.id)!, NOW), 'distrusted')
  }
})

test('records of two histories of the book cannot be put together', () => {
  const signer = testSigner()
  const [one, two] = [open(memoryGrantStore(), signer), open(memoryGrantStore(), signer)]
  const { grant } = one.book.add(ASKED, owner, NOW)
  one.book.revoke(grant.id, owner, NOW)
  two.book.add({ ...ASKED, capability: 'tool:call' }, owner, NOW)
  two.book.add({ ...ASKED, capability: 'tool:list' }, owner, NOW)
  const spliced = tampered(one.store, ([first]) => [first!, two.store.read(1, 1)[0]!])
  const again = open(spliced, signer)
  assert.ok(!again.isAllowed())
  assert.match(again.book.problems()[0] ?? '', /does not follow/)
})

test('a grant that cannot be written is not in force', () => {
  const broken: GrantStore = {
    append: () => {
      throw new Error('disk full')
    },
    read: () => [],
  }
  const { book, isAllowed } = open(broken)
  assert.throws(() => book.add(ASKED, owner, NOW), /disk full/)
  assert.ok(!isAllowed())
  assert.deepEqual(book.list(NOW), [])
})

test('a grant over something excluded is given with a warning, and opens nothing there', () => {
  const { book, engine } = open()
  const { warnings } = book.add({ ...ASKED, capability: 'fs:read' }, owner, NOW)
  assert.match(warnings[0] ?? '', /exclusion\.shadow/)
  assert.match(
    book.add({ ...ASKED, capability: 'fs:read:/home/a/.ssh/**' }, owner, NOW).warnings[0] ?? '',
    /opens nothing/,
  )
  assert.equal(engine.decide(agent(), act('fs:read:/etc/shadow'), NOW).effect, 'deny')
  assert.equal(engine.decide(agent(), act('fs:read:/home/a/.ssh/x'), NOW).effect, 'deny')
})

test('a retired key still verifies what it signed', () => {
  const { book, store, signer } = open()
  book.add(ASKED, owner, NOW)
  const engine = engineWith()
  const again = new GrantBook({ store, signer: testSigner('key-2'), retired: [signer], engine, now: NOW })
  assert.deepEqual(again.problems(), [])
  assert.equal(engine.decide(agent(), act('fs:read:/data/x'), NOW).effect, 'allow')
})
