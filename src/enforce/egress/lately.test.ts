import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lately } from './lately.ts'

test('what is older than ten seconds is forgotten, and of very much the oldest', () => {
  let now = 0
  const lately = new Lately<number>(() => now)
  lately.add([1, 2])
  now = 10_000
  lately.add([3])
  assert.deepEqual(lately.all(), [1, 2, 3])
  now = 10_001
  assert.deepEqual(lately.all(), [3])
  lately.add(Array.from({ length: 300 }, (_, at) => at))
  assert.deepEqual([lately.all().length, lately.all()[0]], [256, 44])
})
