import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker, BreakerOpenError } from './breaker.ts'

const broken = () => Promise.reject(new Error('no answer'))

function opened(limits = { failures: 3, restMs: 30_000 }) {
  const clock = { ms: 0 }
  const breaker = new Breaker('the webhook', () => clock.ms, limits)
  const fails = async () => await assert.rejects(breaker.pass(broken), /no answer/)
  return { clock, breaker, fails }
}

test('three failures in a row open it, and then nothing is called', async () => {
  const { breaker, fails } = opened()
  await fails()
  await fails()
  assert.equal(breaker.state, 'closed')
  await fails()
  assert.equal(breaker.state, 'open')
  const calls = { count: 0 }
  await assert.rejects(
    breaker.pass(async () => (calls.count += 1)),
    (error) =>
      error instanceof BreakerOpenError && error.retryInMs === 30_000 && /no answer/.test(error.message),
  )
  assert.equal(calls.count, 0)
})

test('one success between failures begins the count anew', async () => {
  const { breaker, fails } = opened()
  await fails()
  await fails()
  await breaker.pass(async () => 'well')
  await fails()
  await fails()
  assert.equal(breaker.state, 'closed')
})

test('after the rest one call is let through, and all others fail until it has ended', async () => {
  const { breaker, fails, clock } = opened()
  for (const _ of [1, 2, 3]) await fails()
  clock.ms = 29_999
  assert.equal(breaker.state, 'open')
  clock.ms = 30_000
  assert.equal(breaker.state, 'half-open')
  const trial = Promise.withResolvers<string>()
  const first = breaker.pass(() => trial.promise)
  await assert.rejects(
    breaker.pass(async () => 'second'),
    BreakerOpenError,
  )
  trial.resolve('well again')
  assert.equal(await first, 'well again')
  assert.equal(breaker.state, 'closed')
  assert.equal(await breaker.pass(async () => 'third'), 'third')
})

test('a trial that fails opens it for another rest', async () => {
  const { breaker, fails, clock } = opened()
  for (const _ of [1, 2, 3]) await fails()
  clock.ms = 30_000
  await fails()
  assert.equal(breaker.state, 'open')
  clock.ms = 59_999
  await assert.rejects(
    breaker.pass(async () => 'early'),
    BreakerOpenError,
  )
  clock.ms = 60_000
  assert.equal(await breaker.pass(async () => 'in time'), 'in time')
})

test('a failure that is the caller’s own counts for nothing, and gives a trial free again', async () => {
  const { breaker, fails, clock } = opened()
  const given = () => breaker.pass(broken, () => false)
  for (const _ of [1, 2, 3, 4]) await assert.rejects(given(), /no answer/)
  assert.equal(breaker.state, 'closed')
  for (const _ of [1, 2, 3]) await fails()
  clock.ms = 30_000
  await assert.rejects(given(), /no answer/)
  assert.equal(breaker.state, 'half-open')
  await breaker.pass(async () => 'well')
  assert.equal(breaker.state, 'closed')
})

test('calls that were under way when it opened, and fail later, do not put the trial off', async () => {
  const { breaker, fails, clock } = opened()
  const late = Promise.withResolvers<never>()
  const slow = assert.rejects(breaker.pass(() => late.promise))
  for (const _ of [1, 2, 3]) await fails()
  clock.ms = 20_000
  late.reject(new Error('late'))
  await slow
  clock.ms = 30_000
  assert.equal(breaker.state, 'half-open')
})
