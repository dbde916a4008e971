import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openKeys } from './keys.ts'

const BYTES = Buffer.from('what is signed')

function place(t: TestContext): { root: string; directory: string } {
  const root = mkdtempSync(join(tmpdir(), 'warder-keys-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  return { root, directory: join(root, 'keys') }
}

test('the first opening makes everything, closed to others; the next finds the same', (t) => {
  const { directory } = place(t)
  const first = openKeys(directory)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of readdirSync(directory))
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
  const second = openKeys(directory)
  for (const purpose of ['checkpoint', 'grant'] as const) {
    assert.equal(second.signer(purpose).keyId, first.signer(purpose).keyId)
    assert.match(first.signer(purpose).keyId, /^[0-9a-f]{64}$/)
  }
  for (const purpose of ['ipc', 'permit'] as const) {
    assert.deepEqual(second.secret(purpose).mac('x'), first.secret(purpose).mac('x'))
    assert.equal(
      first.secret(purpose).use((bytes) => bytes.length),
      32,
    )
  }
})

test('every purpose has a key and a secret of its own', (t) => {
  const keys = openKeys(place(t).directory)
  assert.notEqual(keys.signer('checkpoint').keyId, keys.signer('grant').keyId)
  assert.notDeepEqual(keys.secret('ipc').mac('x'), keys.secret('permit').mac('x'))
  assert.equal(keys.signer('grant').verify(BYTES, keys.signer('checkpoint').sign(BYTES)), false)
})

test('no secret stands in a file as it is used', (t) => {
  const { directory } = place(t)
  const keys = openKeys(directory)
  const root = readFileSync(join(directory, 'secret.root'), 'utf8')
  for (const purpose of ['ipc', 'permit'] as const) {
    const used = keys.secret(purpose).use((bytes) => Buffer.from(bytes).toString('hex'))
    assert.ok(!root.includes(used))
  }
})

test('after a rotation new signatures are of the new key, and old ones still verify', (t) => {
  const { directory } = place(t)
  const keys = openKeys(directory, { now: () => 0 })
  const signer = keys.signer('checkpoint')
  const { keyId: oldId, publicKey: oldKey } = signer
  const old = signer.sign(BYTES)
  const fresh = keys.rotate('checkpoint')
  assert.notEqual(fresh.id, oldId)
  assert.equal(signer.keyId, fresh.id)
  assert.ok(signer.verify(BYTES, old))
  assert.ok(signer.verify(BYTES, signer.sign(BYTES)))
  assert.equal(verify(null, BYTES, oldKey, signer.sign(BYTES)), false)
  const reopened = openKeys(directory)
  assert.deepEqual(
    reopened.publicKeys('checkpoint').map(({ id, state }) => [id, state]),
    [
      [fresh.id, 'active'],
      [oldId, 'retired'],
    ],
  )
  assert.ok(reopened.signer('checkpoint').verify(BYTES, old))
})

test('the private half of a retired key is gone from the disk', (t) => {
  const { directory } = place(t)
  const keys = openKeys(directory)
  keys.rotate('grant')
  const file = JSON.parse(readFileSync(join(directory, 'grant.keys.json'), 'utf8')) as { keys: object[] }
  assert.deepEqual(
    file.keys.map((key) => 'private' in key),
    [true, false],
  )
})

test('a reader that may not make keys finds none, and leaves nothing behind', (t) => {
  const { root, directory } = place(t)
  assert.throws(() => openKeys(directory, { create: false }), { code: 'KEYS_MISSING' })
  assert.deepEqual(readdirSync(root), [])
  const made = openKeys(directory)
  const read = openKeys(directory, { create: false })
  assert.equal(read.signer('checkpoint').keyId, made.signer('checkpoint').keyId)
})

test('a directory or file that others can reach is refused', (t) => {
  const { directory } = place(t)
  openKeys(directory)
  chmodSync(directory, 0o750)
  assert.throws(() => openKeys(directory), { code: 'FILE_UNSAFE' })
  chmodSync(directory, 0o700)
  for (const name of readdirSync(directory)) {
    chmodSync(join(directory, name), 0o640)
    assert.throws(() => openKeys(directory), { code: 'FILE_UNSAFE' }, name)
    chmodSync(join(directory, name), 0o600)
  }
  openKeys(directory)
})

test('a link in the place of a key file is not followed', (t) => {
  const { root, directory } = place(t)
  openKeys(directory)
  const path = join(directory, 'grant.keys.json')
  writeFileSync(join(root, 'planted'), readFileSync(path), { mode: 0o600 })
  rmSync(path)
  symlinkSync(join(root, 'planted'), path)
  assert.throws(() => openKeys(directory))
})

test('keys beside, above or below the log are refused, also through a link', (t) => {
  const { root } = place(t)
  const ledger = join(root, 'ledger')
  mkdirSync(ledger)
  symlinkSync(ledger, join(root, 'elsewhere'))
  for (const directory of [ledger, join(ledger, 'keys'), root, join(root, 'elsewhere', 'keys')]) {
    assert.throws(() => openKeys(directory, { apartFrom: [ledger] }), { code: 'KEYS_BESIDE_LOG' }, directory)
  }
  assert.deepEqual(readdirSync(ledger), [])
  openKeys(join(root, 'ledger-keys'), { apartFrom: [ledger] })
})

test('a key file that was changed is refused, and its secret is not in the error', (t) => {
  const { directory } = place(t)
  openKeys(directory)
  const path = join(directory, 'checkpoint.keys.json')
  const intact = readFileSync(path, 'utf8')
  const { keys } = JSON.parse(intact) as { keys: { id: string; private: string }[] }
  const secret = keys[0]!.private
  const other = (
    JSON.parse(readFileSync(join(directory, 'grant.keys.json'), 'utf8')) as { keys: { private: string }[] }
  ).keys[0]!
  const changes = [
    intact.replace(keys[0]!.id, 'a'.repeat(64)),
    intact.replace(secret, other.private),
    intact.replace('"active"', '"retired"'),
    intact.replace('"checkpoint"', '"grant"'),
    intact.replace(/"private": "[^"]+"/, '"private": ""'),
    intact.slice(0, -20),
    '',
    '[]',
  ]
  for (const text of changes) {
    assert.notEqual(text, intact)
    writeFileSync(path, text)
    assert.throws(
      () => openKeys(directory),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'KEYS_MALFORMED')
        assert.ok(!`${error.stack} ${String(error.cause)}`.includes(secret.slice(10, 40)))
        return true
      },
    )
  }
})

test('a root secret of the wrong shape is refused', (t) => {
  const { directory } = place(t)
  openKeys(directory)
  for (const text of ['', 'ab\n', `${'z'.repeat(64)}\n`, 'a'.repeat(64)]) {
    writeFileSync(join(directory, 'secret.root'), text)
    assert.throws(() => openKeys(directory), { code: 'KEYS_MALFORMED' })
  }
})
