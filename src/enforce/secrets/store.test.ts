import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SecretValue } from '../../platform/secret-value.ts'
import { commandStore } from './store-command.ts'
import { environmentStore } from './store-environment.ts'
import { keychainStore } from './store-keychain.ts'
import { keyringPlace } from './store-keyring.ts'
import { memoryStore } from './store.memory.ts'
import { sealedStore } from './store-sealed.ts'
import { refText } from './store.ts'
import { valueStoreContract } from './store.contract.ts'
import { directory, store } from './secrets.test-kit.ts'

valueStoreContract('in memory', { open: memoryStore })
valueStoreContract('in a file', { open: () => store().values })

const keyring = { missing: undefined as string | undefined, place: () => keyringPlace({ prefix: 'probe' }) }
try {
  await keyring.place().read('probe')
} catch (error) {
  keyring.missing = (error as Error).message
}
const prefixes = { next: 0 }
valueStoreContract('in the kernel', {
  missing: () => keyring.missing,
  open: () => {
    const prefix = `test-${process.pid}-${prefixes.next++}`
    return sealedStore('keyring', keyringPlace({ prefix, lifetimeMs: 60_000 }), store().vault)
  },
})

test('the kernel’s keys hold no clear text, forget after their time, and are for who possesses them alone', async (t) => {
  if (keyring.missing !== undefined) return t.skip(`${keyring.missing}: NOT tried`)
  const { openKeyringCalls } = await import('../../platform/keyring.ts')
  const calls = openKeyringCalls()
  assert.ok(!('missing' in calls))
  const prefix = `test-${process.pid}-clear`
  const values = sealedStore('keyring', keyringPlace({ prefix, lifetimeMs: 1000 }), store().vault)
  const ref = { name: 'a', version: 1, id: 'x' }
  await values.write(ref, Buffer.from('clear-text-value'))
  const key = calls.find(`warder:${prefix}:${refText(ref)}`)
  assert.ok(key !== undefined)
  const raw = Buffer.from(calls.read(key, 4096))
  assert.ok(raw.length > 16 && !raw.includes('clear-text-value'))
  const { readFileSync } = await import('node:fs')
  const line = readFileSync('/proc/keys', 'utf8')
    .split('\n')
    .find((each) => each.includes(prefix))
  assert.match(line ?? '', / 3f000000 /)
  for (let tries = 0; tries < 200 && (await values.read(ref)) !== undefined; tries += 1)
    await new Promise((done) => setTimeout(done, 50))
  assert.equal(await values.read(ref), undefined)
})

const taken = new Map<string, SecretValue>()
valueStoreContract('in the environment', {
  open: () => environmentStore({ taken }),
  fill: ({ name }, value) => void taken.set(name.toUpperCase(), SecretValue.take(Uint8Array.from(value))),
})

const manager = directory()
writeFileSync(
  join(manager, 'show'),
  '#!/bin/sh\n[ -f "$1" ] || exit 0\nIFS= read -r value < "$1"\nprintf "%s\\nuser: somebody\\n" "$value"\n',
  { mode: 0o700 },
)
const shown = (words: readonly string[]) =>
  commandStore({ template: [join(manager, 'show'), ...words], environment: {} })
valueStoreContract('of a command', {
  open: () => shown([join(manager, '{name}')]),
  fill: ({ name }, value) => writeFileSync(join(manager, name), value),
})

test('a command is asked only for plain names, and must not be open to others', async () => {
  const at = (entry: string) => ({ name: 'n', version: 1, id: 'i', entry })
  const plain = shown(['{name}'])
  for (const entry of ['-rf', '../up', 'a/../../b', '', 'a b', 'a\nb', '$(x)'])
    await assert.rejects(plain.read(at(entry)), { code: 'SECRET_INVALID' }, entry)
  assert.throws(() => shown(['show']), { code: 'STORE_UNAVAILABLE' })
  const open = join(directory(), 'open')
  writeFileSync(open, '#!/bin/sh\necho value\n', { mode: 0o700 })
  const { chmodSync } = await import('node:fs')
  chmodSync(open, 0o722)
  await assert.rejects(commandStore({ template: [open, '{name}'], environment: {} }).read(at('a')), {
    code: 'STORE_REFUSED',
  })
})

test('a command that fails or hangs gives no value, and none of what it said', async () => {
  const program = join(directory(), 'fails')
  writeFileSync(
    program,
    '#!/bin/sh\necho value-on-stderr >&2\necho value-on-stdout\n[ "$1" = hang ] && sleep 60\nexit 3\n',
    {
      mode: 0o700,
    },
  )
  for (const entry of ['fail', 'hang']) {
    const from = commandStore({ template: [program, '{name}'], environment: {}, timeoutMs: 500 })
    const error = await from.read({ name: 'n', version: 1, id: 'i', entry }).then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { code: string },
    )
    assert.equal(error?.code, 'STORE_UNAVAILABLE')
    assert.doesNotMatch(JSON.stringify([error?.message, String(error?.cause)]), /value-on/)
  }
})

const kept = new Map<string, Uint8Array>()
class FakeEntry {
  readonly #at: string
  constructor(service: string, user: string, options?: object) {
    assert.deepEqual(options, { linux: { store: 'secret-service' } }, 'pinned to one service')
    this.#at = `${service} ${user}`
  }
  getSecret = async () => (kept.has(this.#at) ? [...(kept.get(this.#at) ?? [])] : null)
  setSecret = async (value: Uint8Array) => void kept.set(this.#at, Uint8Array.from(value))
  deleteCredential = async () => kept.delete(this.#at)
}
valueStoreContract('in a keychain that is a stand-in', {
  open: () => keychainStore({ platform: 'linux', load: () => ({ AsyncEntry: FakeEntry }) }),
})

test('a keychain that is locked, silent or not installed is an error, never an empty answer', async () => {
  class Locked extends FakeEntry {
    override getSecret = async () => Promise.reject(new Error('the collection is locked'))
  }
  class Silent extends FakeEntry {
    override getSecret = () => new Promise<never>(() => undefined)
  }
  const ref = { name: 'n', version: 1, id: 'i' }
  for (const AsyncEntry of [Locked, Silent]) {
    const chain = keychainStore({ platform: 'linux', timeoutMs: 50, load: () => ({ AsyncEntry }) })
    await assert.rejects(chain.read(ref), { code: 'STORE_UNAVAILABLE' })
  }
})
