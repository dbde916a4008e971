import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clauseOf, isInTime, secondOf } from './clause.ts'

const someTime = fc.oneof(
  fc.integer({ min: 1_799_999_998_000, max: 1_800_000_002_000 }),
  fc.double({ noNaN: true }),
  fc.constantFrom(
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    0,
    -1,
    999.5,
    2 ** 31 * 1000,
    2 ** 31 * 1000 - 1,
  ),
)

test('whole seconds never change whether a clause holds', () => {
  const counts = { yes: 0, no: 0 }
  fc.assert(
    fc.property(
      someTime,
      someTime,
      someTime.filter((time) => Number.isFinite(time)),
      (from, until, now) => {
        const parts = {
          source: 'grant',
          effect: 'allow',
          rule: 'r',
          reason: 'r',
          capability: 'fs:read',
        } as const
        const clause = clauseOf({ ...parts, order: 1, from, until })
        const expected = from <= now && now < until
        assert.equal(isInTime(clause, now, secondOf(now)), expected)
        counts[expected ? 'yes' : 'no']++
      },
    ),
    { numRuns: 20_000 },
  )
  assert.ok(counts.yes > 1000 && counts.no > 1000, JSON.stringify(counts))
})

test('a clause whose times are not numbers never holds', () => {
  const parts = { source: 'grant', effect: 'allow', rule: 'r', reason: 'r', capability: 'fs:read' } as const
  const now = 1_800_000_000_000
  for (const times of [{ from: Number.NaN }, { until: Number.NaN }]) {
    assert.equal(isInTime(clauseOf({ ...parts, order: 1, ...times }), now, secondOf(now)), false)
  }
})
