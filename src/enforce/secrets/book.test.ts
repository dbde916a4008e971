import assert from 'node:assert/strict'
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { SecretBook } from './book.ts'
import { Catalogue } from './catalogue.ts'
import { isHost, stateOf } from './record.ts'
import { directory, QUICK, secret, store, textOf } from './secrets.test-kit.ts'
import { Vault } from './vault.ts'

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, never>

test('a secret is set, read, bound, and forgotten; its value stands in no file', async () => {
  const { book, state, clock, revisions } = store()
  await book.set(
    'openai-key',
    { hosts: ['api.example.com'], principals: ['builder'] },
    secret('sk-clear-text'),
  )
  assert.equal(textOf(await book.value('openai-key')), 'sk-clear-text')
  const files = readdirSync(state).map((name) => readFileSync(join(state, name), 'latin1'))
  assert.ok(files.length >= 3 && files.every((text) => !text.includes('sk-clear-text')))
  clock.now += 1000
  const { createdAt, updatedAt, principals } = book.bind('openai-key', { principals: [] })
  assert.deepEqual([updatedAt - createdAt, principals], [1000, []])
  await book.delete('openai-key')
  assert.throws(() => book.find('openai-key'), { code: 'SECRET_UNKNOWN' })
  assert.deepEqual(json(join(state, 'values.json')), { v: 1, values: {} })
  assert.deepEqual(revisions, [1, 2, 3])
})

test('a new value keeps the one before until it is said to work, or goes back to it', async () => {
  const { book, clock } = store()
  for (const value of ['one', 'two']) await book.set('key', {}, secret(value))
  assert.deepEqual(
    [textOf(await book.value('key')), textOf(await book.value('key', 'previous'))],
    ['two', 'one'],
  )
  assert.equal(stateOf(book.find('key'), clock.now), 'overlap')
  await book.restore('key')
  assert.equal(textOf(await book.value('key')), 'one')
  await book.set('key', {}, secret('three'))
  await book.drop('key', 'previous')
  await assert.rejects(book.value('key', 'previous'), { code: 'SECRET_STATE' })
  assert.equal(textOf(await book.value('key')), 'three')
})

test('age is the value’s own and not the file’s; after its time a secret is due', async () => {
  const { book, clock } = store()
  await book.set('key', {}, secret('v'))
  await book.set('short', { rotateAfterMs: 3_600_000 }, secret('v'))
  clock.now += 3_600_000
  const states = () => book.list().map((record) => [record.name, stateOf(record, clock.now)])
  assert.deepEqual(states(), [
    ['key', 'ok'],
    ['short', 'due'],
  ])
  clock.now += 30 * 24 * 3_600_000
  assert.equal(stateOf(book.find('key'), clock.now), 'due')
  book.bind('short', { hosts: ['a.example'] })
  assert.equal(stateOf(book.find('short'), clock.now), 'due', 'a change of terms makes no value younger')
})

test('two ciphertexts that change places, one that is cut or altered, open nothing', async () => {
  const { book, state } = store()
  for (const name of ['a', 'b']) await book.set(name, {}, secret(`value of ${name}`))
  const path = join(state, 'values.json')
  const good = readFileSync(path, 'utf8')
  const { values } = json(path) as unknown as { values: Record<string, string> }
  const [[one, first] = ['', ''], [two, second] = ['', '']] = Object.entries(values)
  const flipped = Buffer.from(first, 'base64')
  flipped[20] = (flipped[20] ?? 0) ^ 1
  for (const bad of [
    { [one]: second, [two]: first },
    { [one]: flipped.toString('base64') },
    { [one]: first.slice(0, 40) },
    { [one]: '' },
    {},
  ]) {
    writeFileSync(path, JSON.stringify({ v: 1, values: bad }), { mode: 0o600 })
    await assert.rejects(book.value('a'), { code: 'SECRET_DAMAGED' })
  }
  writeFileSync(path, good.slice(0, -20), { mode: 0o600 })
  await assert.rejects(book.value('a'), { code: 'SECRET_DAMAGED' })
  writeFileSync(path, good, { mode: 0o600 })
  assert.equal(textOf(await book.value('a')), 'value of a')
})

test('the list is believed whole or not at all: altered, cut, older, gone, of another key', async () => {
  const { book, state, keyFile, options, catalogue } = store()
  const path = join(state, 'secrets.json')
  await book.set('key', { hosts: ['good.example'] }, secret('v'))
  const older = readFileSync(path, 'utf8')
  book.bind('key', { principals: ['builder'] })
  const good = readFileSync(path, 'utf8')
  const tries: readonly string[] = [
    good.replace('good.example', 'evil.example'),
    good.replace('"builder"', '"intruder"'),
    good.replace('"revision": 2', '"revision": 9'),
    good.slice(0, 200),
    '{}',
    older,
  ]
  for (const text of tries) {
    writeFileSync(path, text, { mode: 0o600 })
    assert.throws(() => catalogue.list(), { code: 'SECRETS_UNTRUSTED' }, text.slice(0, 60))
    await assert.rejects(book.set('other', {}, secret('v')), { code: 'SECRETS_UNTRUSTED' })
    assert.equal(readFileSync(path, 'utf8'), text, 'nothing is written over it')
  }
  rmSync(path)
  assert.throws(() => catalogue.list(), { code: 'SECRETS_UNTRUSTED' })
  writeFileSync(path, good, { mode: 0o600 })
  assert.equal(catalogue.list().length, 1)
  // after a restart the ledger remembers what this process forgot
  writeFileSync(path, older, { mode: 0o600 })
  assert.throws(() => new Catalogue(options).list(), { code: 'SECRETS_UNTRUSTED' })
  renameSync(keyFile, `${keyFile}.away`)
  assert.throws(() => new Vault({ directory: state, keyFile, newId: () => 'x' }), {
    code: 'SECRETS_UNTRUSTED',
  })
})

test('files that are links, open to others, or not files are refused, for reading and for writing', async () => {
  for (const name of ['values.json', 'secrets.json', 'vault.json']) {
    const { book, state, keyFile } = store()
    await book.set('key', {}, secret('v'))
    const path = join(state, name)
    const work = async () => {
      const vault = new Vault({ directory: state, keyFile, newId: () => 'x' })
      vault.close()
      return textOf(await book.value('key'))
    }
    assert.equal(await work(), 'v')
    chmodSync(path, 0o640)
    await assert.rejects(work(), { code: 'FILE_UNSAFE' }, name)
    chmodSync(path, 0o600)
    renameSync(path, `${path}.moved`)
    symlinkSync(`${path}.moved`, path)
    await assert.rejects(work(), { code: 'FILE_UNREADABLE' }, name)
    rmSync(path)
    renameSync(`${path}.moved`, path)
    chmodSync(state, 0o755)
    await assert.rejects(book.set('key', {}, secret('w')), { code: 'FILE_UNSAFE' })
    chmodSync(state, 0o700)
    assert.equal(await work(), 'v')
  }
})

test('who sets the same secret at the same time wins whole or is told; nothing else is lost', async () => {
  const one = store()
  // a second program with the same store: its own objects, the same files
  const catalogue = new Catalogue({ ...one.options, atLeast: () => 0 })
  const { newId, clock } = one
  const two = new SecretBook({ catalogue, storeOf: () => one.values, now: () => clock.now++, newId })
  await one.book.set('shared', {}, secret('begin'))
  const sets = Array.from({ length: 12 }, (_, i) => [
    (i % 2 === 0 ? one.book : two).set('shared', {}, secret(`value ${i}`)),
    (i % 2 === 0 ? two : one.book).set(`own-${i}`, {}, secret(`own value ${i}`)),
  ]).flat()
  const results = await Promise.allSettled(sets)
  const failed = results.filter((each) => each.status === 'rejected')
  assert.ok(failed.every(({ reason }) => (reason as { code?: string }).code === 'SECRET_CHANGED'))
  assert.ok(results.filter(({ status }) => status === 'fulfilled').length >= 13)
  for (let i = 0; i < 12; i += 1) assert.equal(textOf(await two.value(`own-${i}`)), `own value ${i}`)
  assert.match(textOf(await one.book.value('shared')), /^(?:begin|value \d+)$/)
  // and no value is left behind that no entry names
  const named = one.book
    .list()
    .flatMap(({ current, previous }) => [current.id, ...(previous ? [previous.id] : [])])
  const { values } = json(join(one.state, 'values.json')) as unknown as { values: Record<string, string> }
  assert.deepEqual(
    Object.keys(values)
      .map((key) => key.split('/')[2] ?? '')
      .toSorted(),
    named.toSorted(),
  )
})

test('with a passphrase the store is shut until it comes; the list can be read, values cannot', async () => {
  const { vault, book, state, keyFile } = store()
  await book.set('key', {}, secret('v'))
  const before = readFileSync(join(state, 'values.json'), 'utf8')
  assert.throws(() => vault.lock(), { code: 'SECRET_STATE' })
  vault.protect(Buffer.from('long enough'))
  assert.equal(readFileSync(join(state, 'values.json'), 'utf8'), before, 'no value is sealed anew')
  vault.lock()
  assert.equal(book.list().length, 1)
  await assert.rejects(book.value('key'), { code: 'SECRETS_LOCKED' })
  await assert.rejects(book.set('other', {}, secret('w')), { code: 'SECRETS_LOCKED' })
  assert.throws(() => vault.unlock(Buffer.from('wrong')), { code: 'SECRETS_PASSPHRASE' })
  await assert.rejects(book.value('key'), { code: 'SECRETS_LOCKED' })
  const again = new Vault({ directory: state, keyFile, newId: () => 'x', cost: QUICK })
  assert.ok(again.isLocked && again.needsPassphrase)
  vault.unlock(Buffer.from('long enough'))
  assert.equal(textOf(await book.value('key')), 'v')
  vault.protect(undefined)
  assert.ok(!new Vault({ directory: state, keyFile, newId: () => 'x' }).isLocked)
})

test('a header somebody wrote cannot take all the memory, nor make the passphrase easier to guess', () => {
  const { vault, state, keyFile } = store()
  vault.protect(Buffer.from('long enough'))
  const path = join(state, 'vault.json')
  const good = json(path) as unknown as { kdf: object }
  for (const [kdf, code] of [
    [{ memoryKib: 999_999_999 }, 'SECRETS_UNTRUSTED'],
    [{ passes: 1000 }, 'SECRETS_UNTRUSTED'],
    [{ memoryKib: 32 }, 'SECRETS_PASSPHRASE'],
  ] as const) {
    writeFileSync(path, JSON.stringify({ ...good, kdf: { ...good.kdf, ...kdf } }), { mode: 0o600 })
    const open = () =>
      new Vault({ directory: state, keyFile, newId: () => 'x' }).unlock(Buffer.from('long enough'))
    assert.throws(open, { code })
  }
  writeFileSync(path, JSON.stringify({ ...good, kdf: { kind: 'key-file' } }), { mode: 0o600 })
  assert.throws(() => new Vault({ directory: state, keyFile, newId: () => 'x' }), {
    code: 'SECRETS_UNTRUSTED',
  })
})

test('a value is masked in every text it could become part of', () => {
  const value = secret('do-not-print-me')
  const texts = [
    ['', value].join(''),
    String(value),
    JSON.stringify({ value }),
    inspect(value, { depth: 9, showHidden: true }),
    inspect({ deep: [value] }, { depth: 9, showHidden: true, getters: true }),
    Object.entries(value).join(),
    inspect(new Error('x', { cause: value }), { depth: 9 }),
  ]
  for (const text of texts) assert.doesNotMatch(text, /do-not|110, ?111/)
  assert.equal(textOf(value), 'do-not-print-me')
  assert.throws(() => value.use(() => 0))
})

test('no error of a failing path quotes a value', async () => {
  const { book, vault, state } = store()
  const planted = 'PLANTED-VALUE-1234567890'
  const tries: (() => Promise<unknown>)[] = [
    () => book.set('Bad Name', {}, secret(planted)),
    () => book.set('key', { hosts: ['*'] }, secret(planted)),
    () => book.set('key', { isAutomatic: true }, secret(planted)),
    () => book.set('key', {}, undefined),
    () => book.set('key', {}, secret(planted.repeat(4000))),
    async () =>
      book
        .set('key', {}, secret(planted))
        .then(() => book.propose('key', secret(planted)))
        .then(() => book.set('key', {}, secret(planted))),
    async () => (vault.protect(Buffer.from(planted)), vault.lock(), book.value('key')),
    async () => vault.unlock(Buffer.from(`${planted}x`)),
    async () => (
      writeFileSync(join(state, 'values.json'), `{"v":1,"values":{"${planted}":1}}`),
      vault.unlock(Buffer.from(planted)),
      book.value('key')
    ),
  ]
  for (const work of tries) {
    const error = await work().then(
      () => assert.fail('it should fail'),
      (thrown: unknown) => thrown as Error,
    )
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /PLANTED/)
  }
})

test('a host is a name or an address, with a port or without, and never everything', () => {
  for (const good of [
    'api.example.com',
    '*.example.com',
    'localhost',
    '127.0.0.1:8443',
    '[::1]:443',
    '[::1]',
    'a:1',
  ])
    assert.ok(isHost(good), good)
  for (const bad of [
    '',
    '*',
    '*.',
    '*.*.com',
    'a..b',
    'A.example',
    'a b',
    'a/b',
    'a:0',
    'a:70000',
    'http://a',
    'u@a',
    '[::1',
    'a.b.',
  ])
    assert.ok(!isHost(bad), bad)
  fc.assert(fc.property(fc.string(), (text) => !isHost(text) || !/[\s/@*]/.test(text.replace(/^\*\./, ''))))
})

test('a sealed value opens for its name, version and life, and for nothing else', async () => {
  const { values } = store(directory())
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.constantFrom('a', 'b'),
      async (bytes, name) => {
        const ref = { name, version: 1, id: 'i' }
        await values.write(ref, bytes)
        assert.deepEqual([...((await values.read(ref)) ?? [])], [...bytes])
      },
    ),
    { numRuns: 8 },
  )
})
