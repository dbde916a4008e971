/** Run by keychain.process.test.ts inside a session of its own: the contract, and a keychain that is locked. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { keychainStore } from './store-keychain.ts'
import { valueStoreContract } from './store.contract.ts'

valueStoreContract('in a real keychain', { open: () => keychainStore() })

test('in a real keychain: a locked one is an error, not an empty answer', async () => {
  const store = keychainStore({ timeoutMs: 5000 })
  const ref = { name: 'locked', version: 1, id: 'i' }
  await store.write(ref, Buffer.from('behind the lock'))
  const lock = spawnSync('/usr/bin/dbus-send', [
    ...['--session', '--dest=org.freedesktop.secrets', '--print-reply', '/org/freedesktop/secrets'],
    ...['org.freedesktop.Secret.Service.Lock', 'array:objpath:/org/freedesktop/secrets/collection/login'],
  ])
  assert.equal(lock.status, 0, String(lock.stderr))
  await assert.rejects(store.read(ref), { code: 'STORE_UNAVAILABLE' })
})
