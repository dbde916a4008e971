import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIKES, limitsLike } from './budget-like.ts'

test('what is given stands over what is usual, and without a kind of work only what is given counts', () => {
  assert.deepEqual(limitsLike(undefined, { steps: 5, files: undefined }), { steps: 5 })
  assert.deepEqual(limitsLike(undefined, {}), {})
  assert.deepEqual(limitsLike('sensitive', { steps: 12, money: 100 }), {
    ...{ steps: 12, toolCalls: 20, tokens: 16_000, seconds: 120, files: 5, outputBytes: 524_288, money: 100 },
  })
})

test('the more careful the work, the less there is to use up', () => {
  const [standard, offline, sensitive] = LIKES.map((like) => limitsLike(like, {}))
  for (const unit of Object.keys(standard ?? {})) {
    const [most = 0, some = 0, least = 0] = [standard?.[unit], offline?.[unit], sensitive?.[unit]]
    assert.ok(most >= some && some >= least && least > 0, unit)
  }
})
