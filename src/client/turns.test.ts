import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { Turns } from './turns.ts'

test('no more than so many run at once, all get their turn, in order', async () => {
  const turns = new Turns(3)
  const began: number[] = []
  let running = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      turns.run(async () => {
        began.push(at)
        most = Math.max(most, (running += 1))
        await soon()
        running -= 1
      }),
    ),
  )
  assert.equal(most, 3)
  assert.deepEqual(
    began,
    Array.from({ length: 50 }, (_, at) => at),
  )
})

test('a turn that fails ends as well', async () => {
  const turns = new Turns(1)
  await assert.rejects(
    turns.run(() => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await turns.run(() => Promise.resolve(1)), 1)
})
