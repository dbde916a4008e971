import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Spending } from './budget.ts'
import { DEFAULT_BUDGET } from './grant.ts'

test('requests are taken until none is left, and the rate refills with time alone', () => {
  const spending = new Spending({ ...DEFAULT_BUDGET, requests: 5, requestsPerMinute: 2 }, 0)
  assert.deepEqual(
    [0, 0, 0].map((at) => spending.request(at)),
    [undefined, undefined, 'rate'],
  )
  assert.deepEqual(
    [30_000, 30_000, 60_000].map((at) => spending.request(at)),
    [undefined, 'rate', undefined],
  )
  assert.deepEqual(
    [90_000, 120_000].map((at) => spending.request(at)),
    [undefined, 'requests'],
  )
  assert.equal(spending.usage(0).requests, 5)
})

test('bytes beyond the budget are told, and afterwards nothing begins', () => {
  const spending = new Spending({ ...DEFAULT_BUDGET, bytesOut: 10, bytesIn: 100 }, 0)
  assert.ok(spending.bytes(10, 0))
  assert.ok(!spending.bytes(1, 0))
  assert.equal(spending.request(0), 'bytes')
})

test('a clock that jumps back gives nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 50 }), (times) => {
      const spending = new Spending({ ...DEFAULT_BUDGET, requestsPerMinute: 3 }, 1000)
      const taken = times.filter((at) => spending.request(at) === undefined).length
      assert.ok(taken <= 3)
    }),
  )
})
