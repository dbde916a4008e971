import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Awake, WayToWait } from './awake.ts'

test('a loop turns until it may rest', () => {
  const { awake, turns, pass } = loop(0.5)
  awake.stay()
  pass(0.1)
  pass(0.1)
  assert.equal(turns(), 3)
  awake.rest()
  pass(0.01)
  pass(0.01)
  assert.equal(turns(), 3)
})

test('a loop goes to sleep after the limit', () => {
  const { awake, turns, pass } = loop(0.5)
  awake.stay()
  for (let tenth = 0; tenth < 20; tenth++) pass(0.1)
  assert.ok(turns() < 7, `${turns()} turns`)
  awake.stay()
  const before = turns()
  pass(0.1)
  assert.equal(turns(), before + 1)
})

test('a loop that turns already is not made to turn twice', () => {
  const { awake, turns, pass } = loop(0.5)
  for (let round = 0; round < 10; round++) {
    awake.stay()
    awake.rest()
  }
  awake.stay()
  const before = turns()
  pass(0.1)
  assert.equal(turns(), before + 1)
})

test('where staying awake shortens the waits, nearly all are waited for awake', () => {
  assert.ok(shareAwake(() => ({ awake: 0.3, asleep: 0.45 })) > 0.85)
})

test('where it lengthens them, changes little, or they are long anyway, few are', () => {
  assert.ok(shareAwake(() => ({ awake: 1.5, asleep: 0.5 })) < 0.1)
  assert.ok(shareAwake(() => ({ awake: 0.44, asleep: 0.45 })) < 0.1)
  assert.ok(shareAwake(() => ({ awake: 60_000, asleep: 65_000 })) < 0.1)
})

test('one quiet hour among short waits changes nothing', () => {
  const hour = (wait: number) => (wait % 40 === 7 ? 3_600_000 : 0)
  assert.ok(shareAwake((wait) => ({ awake: 0.3 + hour(wait), asleep: 0.5 + hour(wait) })) > 0.8)
})

test('when the machine gets busy or quiet, the way to wait follows', () => {
  const turning = (wait: number) => (wait < 3000 ? { awake: 1, asleep: 0.5 } : { awake: 0.2, asleep: 0.5 })
  assert.ok(shareAwake(turning, 0, 3000) < 0.1)
  assert.ok(shareAwake(turning, 4000, 6000) > 0.85)
})

test('a wait counts from its beginning, however often it is begun', () => {
  let now = 0
  const way = new WayToWait(() => now)
  for (let wait = 0; wait < 70; wait++) {
    for (let tenth = 0; tenth < (way.isAwake ? 1 : 9); tenth++) {
      way.begin()
      now += 0.1
    }
    way.end()
    way.end()
  }
  assert.equal(way.isAwake, true)
})

/** Which part of the waits from `from` on was awake, when they take what `lengths` says, in ms. */
function shareAwake(
  lengths: (wait: number) => { awake: number; asleep: number },
  from = 0,
  to = 6000,
): number {
  let now = 0
  let awake = 0
  const way = new WayToWait(() => now)
  for (let wait = 0; wait < to; wait++) {
    if (wait >= from && way.isAwake) awake++
    way.begin()
    now += way.isAwake ? lengths(wait).awake : lengths(wait).asleep
    way.end()
  }
  return awake / (to - from)
}

/** An event loop made of nothing but time. */
function loop(limitMs: number) {
  let now = 1000
  let count = 0
  let next: (() => void) | undefined
  const nextTurn = (turn: () => void) => {
    if (next !== undefined) throw new Error('two turns were asked for at once')
    count++
    next = turn
  }
  const pass = (ms: number) => {
    now += ms
    const turn = next
    next = undefined
    turn?.()
  }
  return { awake: new Awake(limitMs, { now: () => now, nextTurn }), turns: () => count, pass }
}
