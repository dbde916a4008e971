import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AirlockSwitch, type AirlockState } from './airlock.ts'

test('it starts shut, opens for a time, and shuts by itself or at a word', async () => {
  const told: AirlockState[] = []
  const clock = { now: 1000 }
  const airlock = new AirlockSwitch(
    'on',
    () => clock.now,
    async (state) => void told.push(state),
  )
  assert.deepEqual(airlock.state(), { mode: 'on' })
  assert.deepEqual(await airlock.open(500), { mode: 'on', openUntil: 1500 })
  clock.now = 1499
  assert.deepEqual(airlock.state(), { mode: 'on', openUntil: 1500 })
  clock.now = 1500
  assert.deepEqual(airlock.state(), { mode: 'on' })
  await airlock.open(500)
  assert.deepEqual(await airlock.close(), { mode: 'on' })
  assert.deepEqual(told, [{ mode: 'on', openUntil: 1500 }, { mode: 'on', openUntil: 2000 }, { mode: 'on' }])
})

test('nobody opens it for longer than a day', async () => {
  const airlock = new AirlockSwitch(
    'on',
    () => 0,
    async () => undefined,
  )
  assert.equal((await airlock.open(10 * 24 * 3_600_000)).openUntil, 24 * 3_600_000)
})

test('where it is not in use, opening it opens nothing', async () => {
  const airlock = new AirlockSwitch(
    'off',
    () => 0,
    async () => undefined,
  )
  assert.deepEqual(await airlock.open(1000), { mode: 'off' })
})
