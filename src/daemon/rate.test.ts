import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RateLimit } from './rate.ts'

function at(perSecond: number, atOnce: number) {
  const clock = { ms: 0 }
  return { clock, limit: new RateLimit({ perSecond, atOnce, monotonicMs: () => clock.ms }) }
}

test('an agent gets its burst, then its rate; the first refusal of a burst is told apart', () => {
  const { clock, limit } = at(10, 3)
  const take = () => limit.take('a')
  assert.deepEqual(
    [take(), take(), take(), take(), take()],
    ['admitted', 'admitted', 'admitted', 'first', 'refused'],
  )
  clock.ms += 100
  assert.deepEqual([take(), take()], ['admitted', 'refused'], 'the burst goes on')
  assert.equal(limit.take('another'), 'admitted', 'each has its own')
  clock.ms += 300
  assert.deepEqual([take(), take(), take(), take()], ['admitted', 'admitted', 'admitted', 'first'])
})

test('whatever the moments, no more is admitted than the burst and the rate allow', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      gaps,
      (perSecond, atOnce, all) => {
        const { clock, limit } = at(perSecond, atOnce)
        let admitted = 0
        for (const gap of all) {
          clock.ms += gap
          if (limit.take('a') === 'admitted') admitted += 1
        }
        assert.ok(admitted <= atOnce + (clock.ms / 1000) * perSecond + 1e-6)
      },
    ),
  )
})

test('many agents make room by forgetting the quiet ones, never one that floods', () => {
  const { clock, limit } = at(1, 2)
  for (let i = 0; i < 3000; i += 1) limit.take(`quiet-${i}`)
  clock.ms += 5000
  const flood = () => limit.take('flood')
  assert.deepEqual([flood(), flood(), flood()], ['admitted', 'admitted', 'first'])
  for (let i = 0; i < 3000; i += 1) limit.take(`late-${i}`)
  assert.equal(flood(), 'refused')
})
