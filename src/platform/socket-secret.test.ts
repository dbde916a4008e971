import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ensureSocketSecret, readSocketSecret, socketSecretPath } from './socket-secret.ts'

function keys(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'keys')
}

test('the secret is made once, private, and read back the same', (t) => {
  const directory = keys(t)
  const made = ensureSocketSecret(directory)
  assert.equal(made.symmetricKeySize, 32)
  assert.ok(ensureSocketSecret(directory).equals(made))
  assert.ok(readSocketSecret(directory).equals(made))
  assert.equal(lstatSync(socketSecretPath(directory)).mode & 0o777, 0o600)
})

test('a client makes no secret, and is told what to do', (t) => {
  const directory = keys(t)
  assert.throws(() => readSocketSecret(directory), { code: 'SOCKET_SECRET_MISSING', kind: 'unavailable' })
})

test('a secret others could read, or that is none, is refused and not shown', (t) => {
  const directory = keys(t)
  ensureSocketSecret(directory)
  const path = socketSecretPath(directory)
  const text = readFileSync(path, 'utf8').trim()
  chmodSync(path, 0o644)
  assert.throws(() => readSocketSecret(directory), { code: 'FILE_UNSAFE' })
  chmodSync(path, 0o600)
  writeFileSync(path, `${text}0`)
  assert.throws(
    () => ensureSocketSecret(directory),
    (error: Error & { code?: string }) =>
      error.code === 'SOCKET_SECRET_INVALID' && !error.message.includes(text),
  )
})
