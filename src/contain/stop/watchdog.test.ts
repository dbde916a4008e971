import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RestartBudget } from './restarts.ts'
import { Watchdog, type WatchedRun } from './watchdog.ts'

const RUN: WatchedRun = { runId: 'r1', agent: 'builder', budget: {}, restarts: true }

function dog() {
  const at = { ms: 0 }
  const watchdog = new Watchdog({ monotonicMs: () => at.ms })
  const fail = () => {
    watchdog.began(RUN)
    return watchdog.ended(RUN.runId, true)
  }
  return { watchdog, at, fail }
}

test('a run that fails is restarted five times within five minutes, and not a sixth time', () => {
  const { at, fail } = dog()
  for (let restart = 0; restart < 5; restart += 1) assert.equal(fail(), undefined)
  assert.match(fail() ?? '', /failed again after 5 restarts within 300 s/)
  at.ms += 1
  assert.equal(fail(), undefined, 'resumed, it begins anew')
})

test('failures that lie further apart than the window are no loop', () => {
  const { at, fail } = dog()
  for (let restart = 0; restart < 50; restart += 1) {
    assert.equal(fail(), undefined, `restart ${restart}`)
    at.ms += 60_001
  }
})

test('a run nobody restarts, and one that ended well, use up nothing', () => {
  const { watchdog, fail } = dog()
  for (let i = 0; i < 20; i += 1) {
    watchdog.began({ ...RUN, restarts: false })
    assert.equal(watchdog.ended(RUN.runId, true), undefined)
    watchdog.began(RUN)
    assert.equal(watchdog.ended(RUN.runId, false), undefined)
    assert.equal(watchdog.ended('unknown', true), undefined)
  }
  assert.equal(fail(), undefined)
})

test('a run is dead after 120 s without a sign of life, and not a moment before', () => {
  const { watchdog, at } = dog()
  watchdog.began(RUN)
  at.ms = 119_999
  assert.equal(watchdog.looked('r1', false), undefined)
  at.ms = 120_000
  assert.match(watchdog.looked('r1', false) ?? '', /no sign of life for 120 s/)
  assert.equal(watchdog.looked('r1', true), undefined)
  at.ms = 200_000
  assert.equal(watchdog.looked('r1', false), undefined, 'counted from the last sign')
  assert.equal(watchdog.looked('unknown', false), undefined)
})

test('each budget holds up to its number and is found at the next; without one nothing is counted against a run', () => {
  const { watchdog } = dog()
  watchdog.began({ ...RUN, budget: { actions: 2, programs: 1, outputBytes: 100 } })
  watchdog.began({ ...RUN, runId: 'r2', agent: 'other' })
  assert.deepEqual([watchdog.asked('builder'), watchdog.asked('builder')], [undefined, undefined])
  assert.equal(watchdog.asked('builder'), 'more than 2 questions were asked')
  assert.equal(watchdog.spawned('r1'), undefined)
  assert.equal(watchdog.spawned('r1'), 'more than 1 programs were started')
  assert.equal(watchdog.wrote('r1', 100), undefined)
  assert.equal(watchdog.wrote('r1', 101), 'more than 100 bytes were written')
  for (let i = 0; i < 1000; i += 1) {
    assert.equal(watchdog.asked('other'), undefined)
    assert.equal(watchdog.spawned('r2'), undefined)
  }
  assert.equal(watchdog.wrote('r2', 1e12), undefined)
})

test('a budget of restarts gives back what lies outside its window', () => {
  const at = { ms: 0 }
  const budget = new RestartBudget(() => at.ms, { most: 2, windowMs: 100 })
  assert.deepEqual([budget.take(), budget.take(), budget.take()], [true, true, false])
  at.ms = 100
  assert.deepEqual([budget.taken, budget.take(), budget.take(), budget.take()], [0, true, true, false])
})
