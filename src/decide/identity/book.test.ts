import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeopleBook } from './index.ts'
import { memoryPeopleStore } from './store.memory.ts'
import type { Change, PeopleStore, Row, Seal } from './store.ts'
import { guest, peopleAt } from './people.test-kit.ts'

/** A store whose rows and seal a test can put its hands on. */
function openStore(): PeopleStore & { all: Row[]; sealed: Seal | undefined; fails: boolean } {
  const inner = memoryPeopleStore()
  const store = {
    all: [] as Row[],
    sealed: undefined as Seal | undefined,
    fails: false,
    rows: () => store.all,
    seal: () => store.sealed,
    write(change: Change) {
      if (store.fails) throw new Error('the disk is full')
      inner.write(change)
      store.all = inner.rows()
      store.sealed = inner.seal()
    },
    spend: (nonce: string, expiresAt: number, now: number) => inner.spend(nonce, expiresAt, now),
  }
  return store
}

const untrusted = { code: 'PEOPLE_UNTRUSTED' }

test('what was written is there after the next start', () => {
  const store = openStore()
  const { member } = guest(peopleAt(store))
  assert.deepEqual(peopleAt(store).members.find('anna'), member)
})

test('a row that was altered, added, removed or put back is seen, and nothing of the book is used', () => {
  const store = openStore()
  const people = peopleAt(store)
  const { member } = guest(people)
  const before = [...store.all]
  people.members.revoke(member.id, 'owner')
  const [rows, seal] = [[...store.all], store.sealed!]
  const at = rows.findIndex(({ kind }) => kind === 'member')
  const row = rows[at]!
  const old = before.find(({ kind }) => kind === 'member')!
  assert.doesNotThrow(() => peopleAt(store))
  const tricks: Record<string, () => void> = {
    'a field changed': () =>
      (store.all = rows.with(at, { ...row, body: row.body.replace('"revokedAt":1', '"revokedAt":2') })),
    'the row as it was before it was revoked': () => (store.all = rows.with(at, old)),
    'the row gone': () => (store.all = rows.toSpliced(at, 1)),
    'the row twice under another key': () => (store.all = [...rows, { ...row, key: 'x' }]),
    'a row of an unknown kind': () => (store.all = [...rows, { ...row, kind: 'god' }]),
    'the seal gone': () => (store.sealed = undefined),
    'another version in the seal': () => (store.sealed = { ...seal, version: seal.version + 1 }),
  }
  for (const [name, trick] of Object.entries(tricks)) {
    store.all = rows
    store.sealed = seal
    trick()
    assert.throws(() => peopleAt(store), untrusted, name)
  }
})

test('a whole file that was put back to an older state is seen by the version the ledger knows', () => {
  const store = openStore()
  const people = peopleAt(store)
  const { member } = guest(people)
  const [rows, seal] = [[...store.all], store.sealed]
  people.members.revoke(member.id, 'owner')
  const { keys, seen } = people
  assert.equal(seen.version, people.book.version)
  assert.doesNotThrow(() => new PeopleBook({ store, keys, atLeast: seen.version }))
  store.all = rows
  store.sealed = seal
  assert.throws(() => new PeopleBook({ store, keys, atLeast: seen.version }), untrusted)
  assert.throws(
    () => new PeopleBook({ store: openStore(), keys, atLeast: seen.version }),
    untrusted,
    'no file at all',
  )
})

test('what could not be written did not happen', () => {
  const store = openStore()
  const people = peopleAt(store)
  store.fails = true
  assert.throws(() => people.book.put('meta', 'tokens', { generation: 2 }), /disk is full/)
  store.fails = false
  assert.equal(people.book.get('meta', 'tokens'), undefined)
  guest(people)
  assert.doesNotThrow(() => peopleAt(store), 'the seal fits what is on disk')
})
