import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { SecretValue } from '../platform/secret-value.ts'
import type { SettingValues } from '../platform/settings.ts'
import { SecretsRoom } from './secrets-room.ts'

function open(values: object, environment: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'wsr-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const clock = { now: 1_000_000 }
  const taken = new Map([['CI_TOKEN', SecretValue.take(Buffer.from('from outside'))]])
  const settings = {
    ...{ 'paths.state': root, 'paths.keys': root, 'secrets.key_file': join(root, 'secrets.key') },
    ...{
      'secrets.command': [],
      'secrets.environment': false,
      'secrets.lock_after': 0,
      profile: 'prod',
      ...values,
    },
  } as unknown as SettingValues
  const room = new SecretsRoom({
    ...{
      values: settings,
      environment,
      taken,
      seenRevision: 0,
      changed: () => undefined,
      now: () => clock.now,
    },
  })
  return { room, clock }
}

const secret = (text: string) => SecretValue.take(Buffer.from(text))

test('the environment is a store only where it is allowed, and in profile prod only in CI', async () => {
  const set = ({ room }: ReturnType<typeof open>) =>
    room.book().set('ci-token', { store: 'environment' }, undefined)
  const on = { 'secrets.environment': true }
  await assert.rejects(set(open({})), { code: 'STORE_REFUSED' })
  await assert.rejects(set(open(on)), { code: 'STORE_REFUSED' })
  await assert.rejects(set(open({ profile: 'dev' }, { CI: 'true' })), { code: 'STORE_REFUSED' })
  await set(open({ ...on, profile: 'dev' }))
  const allowed = open(on, { CI: 'true' })
  await set(allowed)
  using value = await allowed.room.book().value('ci-token')
  assert.equal(
    value.use((bytes) => Buffer.from(bytes).toString()),
    'from outside',
  )
  await assert.rejects(allowed.room.book().set('other', { store: 'environment' }, undefined), {
    code: 'SECRET_DAMAGED',
  })
})

test('no store is tried in place of another that cannot be used', async () => {
  const { room } = open({})
  await assert.rejects(room.book().set('a', { store: 'command' }, undefined), { code: 'STORE_UNAVAILABLE' })
  await room.book().set('a', { store: 'file' }, secret('v'))
  await assert.rejects(room.book().set('a', { store: 'keyring' }, secret('w')), { code: 'SECRET_STATE' })
  assert.equal(room.book().find('a').store, 'file')
})

test('a store that was unlocked is locked again after its time, whoever asks', async () => {
  const { room, clock } = open({ 'secrets.lock_after': 60_000 })
  await room.book().set('a', {}, secret('v'))
  clock.now += 120_000
  ;(await room.book().value('a')).close() // without a passphrase there is nothing to lock
  room.vault().protect(Buffer.from('a few words in a row'))
  room.unlock(Buffer.from('a few words in a row'))
  clock.now += 59_000
  ;(await room.book().value('a')).close()
  clock.now += 1000
  await assert.rejects(room.book().value('a'), { code: 'SECRETS_LOCKED' })
  assert.ok(room.isLocked)
  room.unlock(Buffer.from('a few words in a row'))
  ;(await room.book().value('a')).close()
})
