import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PassThrough } from 'node:stream'
import type { RunExit, Running } from '../enforce/sandbox/index.ts'
import { attachedRun } from './attached.ts'
import { Settlements, withinMs } from './settlements.ts'

test('who waits for a permit is told of that one, and of what became of it', async () => {
  const settlements = new Settlements()
  const [one, other] = [settlements.expect('one'), settlements.expect('other')]
  settlements.tell('nobody waits', true)
  settlements.tell('other', false)
  settlements.tell('one', true)
  assert.deepEqual(await Promise.all([one, other]), [true, false])
})

test('a ledger that hangs is waited for only so long', async () => {
  assert.equal(await withinMs(new Promise(() => undefined), 5), false)
  assert.equal(await withinMs(Promise.resolve(true), 60_000), true)
})

function ended(exit: RunExit): Running {
  return {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    exit: Promise.resolve(exit),
  } as unknown as Running
}

test('the end of a run is told once it is on record, or with a note that it is not', async () => {
  const told: string[] = []
  const { promise: recorded, resolve } = Promise.withResolvers<boolean>()
  const exit: RunExit = { code: 0, reason: 'exited', durationMs: 1 }
  const run = attachedRun(
    ended(exit),
    () => undefined,
    () => recorded,
  )
  const hearing = run.exit.then((heard) => {
    told.push('told')
    return heard
  })
  await new Promise((done) => setImmediate(done))
  told.push('recorded')
  resolve(true)
  assert.deepEqual(await hearing, exit)
  assert.deepEqual(told, ['recorded', 'told'])
  const unrecorded = await attachedRun(
    ended({ ...exit, note: 'x' }),
    () => undefined,
    async () => false,
  ).exit
  assert.match(String(unrecorded['note']), /^x; how it ended is not on record yet/)
  assert.equal(unrecorded['code'], 0)
})
