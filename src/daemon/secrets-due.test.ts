import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { GateEvent } from '../gate/index.ts'
import { SecretValue } from '../platform/secret-value.ts'
import type { SettingValues } from '../platform/settings.ts'
import { overdue, rotateDue } from './secrets-due.ts'
import { SecretsRoom } from './secrets-room.ts'

const MINUTE_MS = 60_000
const secret = (text: string) => SecretValue.take(Buffer.from(text))

/** A store with a program that makes new values as long as the file `broken` is not there. */
async function store(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'wsd-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const clock = { now: 1_000_000 }
  const values = {
    ...{ 'paths.state': root, 'paths.keys': root, 'secrets.key_file': join(root, 'secrets.key') },
    ...{ 'secrets.command': [], 'secrets.environment': false, 'secrets.lock_after': 0, profile: 'prod' },
  } as unknown as SettingValues
  const room = new SecretsRoom({
    ...{ values, environment: { PATH: '/usr/bin:/bin' }, taken: new Map() },
    ...{ seenRevision: 0, changed: () => undefined, now: () => clock.now },
  })
  await room.begin()
  const program = join(root, 'rotate')
  const script = `#!/bin/sh
[ ! -e ${root}/broken ] || exit 3
echo "$1" >> ${root}/steps
[ "$1" != create ] || echo made-by-the-program
`
  writeFileSync(program, script, { mode: 0o700 })
  const noted: GateEvent[] = []
  const options = { append: async (event: GateEvent) => void noted.push(event), now: () => clock.now }
  const set = (name: string, isAutomatic: boolean) =>
    room.book().set(name, { rotateAfterMs: MINUTE_MS, hook: program, isAutomatic }, secret('the first value'))
  const value = async (name: string) => {
    using kept = await room.book().value(name)
    return kept.use((bytes) => Buffer.from(bytes).toString())
  }
  const steps = () => readFileSync(join(root, 'steps'), 'utf8').trim().split('\n')
  const isBroken = (broken: boolean) =>
    broken ? writeFileSync(join(root, 'broken'), '') : rmSync(join(root, 'broken'))
  return { room, clock, options, noted, set, value, steps, isBroken }
}

test('when its time has come a value is replaced by the program, once, and that is on record', async (t) => {
  const { room, clock, options, noted, set, value, steps } = await store(t)
  await set('key', true)
  clock.now += MINUTE_MS - 1
  await rotateDue(room, options)
  assert.equal(await value('key'), 'the first value')
  clock.now += 1
  await rotateDue(room, options)
  await rotateDue(room, options)
  assert.equal(await value('key'), 'made-by-the-program')
  assert.deepEqual(steps(), ['create', 'verify', 'revoke'])
  assert.deepEqual(
    noted.map(({ action, target, result }) => [action, target, result]),
    [['broker:rotate', 'key', 'success']],
  )
})

test('what may not rotate by itself is not touched: its owner is reminded', async (t) => {
  const { room, clock, options, noted, set, value } = await store(t)
  await set('by-hand', false)
  await set('disabled', true)
  room.book().disable('disabled', 'may be known')
  clock.now += 3 * MINUTE_MS
  await rotateDue(room, options)
  assert.deepEqual(noted, [])
  assert.equal(await value('by-hand'), 'the first value')
  assert.match(overdue(room, clock.now).join('\n'), /by-hand .*warder secret rotate by-hand/)
})

test('a program that fails leaves the value in use, is on record, and is tried again', async (t) => {
  const { room, clock, options, noted, set, value, isBroken } = await store(t)
  await set('key', true)
  clock.now += MINUTE_MS
  isBroken(true)
  await rotateDue(room, options)
  assert.equal(await value('key'), 'the first value')
  assert.deepEqual(
    noted.map(({ result }) => result),
    ['failure'],
  )
  isBroken(false)
  await rotateDue(room, options)
  assert.equal(await value('key'), 'made-by-the-program')
  assert.deepEqual(
    noted.map(({ result }) => result),
    ['failure', 'success'],
  )
})
