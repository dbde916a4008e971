import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Batch } from './batch.ts'
import { Unanswered } from './unanswered.ts'
import type { FromEgress } from './words.ts'

function sending(isBusy?: () => boolean) {
  const sent: string[][] = []
  return { sent, batch: new Batch<string>((words) => sent.push([...words]), isBusy) }
}

test('what comes in one turn of the event loop is one message', async () => {
  const { sent, batch } = sending()
  batch.add('a', 'now')
  batch.add('b', 'in turn')
  assert.deepEqual(sent, [])
  await turn()
  assert.deepEqual(sent, [['a', 'b']])
})

test('what is done in turn collects while the other end is busy, and goes when it is not', async () => {
  const state = { isBusy: true }
  const { sent, batch } = sending(() => state.isBusy)
  batch.add('a', 'in turn')
  batch.add('b', 'in turn')
  await turn()
  batch.goOn()
  await turn()
  assert.deepEqual(sent, [], 'it is busy still')
  state.isBusy = false
  batch.goOn()
  await turn()
  assert.deepEqual(sent, [['a', 'b']])
})

test('what must go now takes along what waits for its turn', async () => {
  const { sent, batch } = sending(() => true)
  batch.add('a', 'in turn')
  batch.add('b', 'now')
  await turn()
  assert.deepEqual(sent, [['a', 'b']])
})

test('an end that never answers holds nothing back for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { sent, batch } = sending(() => true)
  batch.add('a', 'in turn')
  batch.add('b', 'later')
  assert.deepEqual(sent, [])
  t.mock.timers.tick(20)
  assert.deepEqual(sent, [['a', 'b']])
})

test('nobody waits for what comes later, so an answer sends nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { sent, batch } = sending()
  batch.add('a', 'later')
  batch.goOn()
  await turn()
  assert.deepEqual(sent, [])
})

const event = (number?: number): FromEgress =>
  ({ say: 'event', ...(number === undefined ? {} : { event: number }) }) as FromEgress

test('a message is answered when the last event of it is that somebody waits for', () => {
  const unanswered = new Unanswered()
  unanswered.sent([event()])
  assert.equal(unanswered.isAny, false, 'nobody waits for this one')
  unanswered.sent([event(1), event(), event(2), event()])
  assert.equal(unanswered.isAny, true)
  unanswered.answered([1])
  assert.equal(unanswered.isAny, true, 'one of two')
  unanswered.answered([2])
  assert.equal(unanswered.isAny, false)
})

test('what was sent all the same, while another was unanswered, is waited for as well', () => {
  const unanswered = new Unanswered()
  unanswered.sent([event(1)])
  unanswered.sent([event(2), event(3)])
  unanswered.answered([1])
  assert.equal(unanswered.isAny, true)
  unanswered.answered([2, 3])
  assert.equal(unanswered.isAny, false)
})
