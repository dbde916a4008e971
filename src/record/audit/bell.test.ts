import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, makeBell, ring } from './bell.ts'

test('a ring between the look and the wait is not missed', () => {
  const bell = makeBell()
  const rung = Atomics.load(bell, 0)
  ring(bell)
  assert.equal(answered(bell, rung, 60_000), true)
})

test('without a ring the wait ends with its time', () => {
  const bell = makeBell()
  ring(bell)
  assert.equal(answered(bell, Atomics.load(bell, 0), 1), false)
})
