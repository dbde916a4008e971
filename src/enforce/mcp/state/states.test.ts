import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StateBinding } from '../ports.ts'
import { createStates, type States, type StateProblem } from './states.ts'

const BOUND: StateBinding = { kind: 'request-state', caller: 'ada', server: 'files', request: 'd1' }
const TASK: StateBinding = { ...BOUND, kind: 'task' }

function states(clock: { nowMs: number }, mostPerCaller = 10, key: Uint8Array = randomBytes(32)): States {
  return createStates({
    key,
    now: () => clock.nowMs,
    randomBytes,
    stateMs: 1000,
    taskMs: 5000,
    mostPerCaller,
  })
}

function problem(it: States, token: string, bound: StateBinding): string {
  const opened = it.open(token, bound)
  return 'value' in opened ? 'value' : opened.rule
}

test('what a server gave comes back as it was, and a client cannot read it', () => {
  const it = states({ nowMs: 0 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const token = it.seal(text, BOUND)
      if (text.length > 8) assert.ok(!Buffer.from(token.slice(3), 'base64url').includes(text))
      const opened = it.open(token, BOUND)
      assert.deepEqual(opened, { value: Buffer.from(text).toString() })
    }),
  )
})

test('a state is good once', () => {
  const it = states({ nowMs: 0 })
  const token = it.seal('s', BOUND)
  assert.equal(problem(it, token, BOUND), 'value')
  assert.equal(problem(it, token, BOUND), 'state-used')
})

test('a state is good for its caller, its server and its request, and a refused try does not spend it', () => {
  const it = states({ nowMs: 0 })
  const token = it.seal('s', BOUND)
  const others: [Partial<StateBinding>, StateProblem][] = [
    [{ caller: 'eve' }, 'foreign'],
    [{ server: 'mail' }, 'foreign'],
    [{ request: 'd2' }, 'other-request'],
    [{ kind: 'task' }, 'other-kind'],
  ]
  for (const [other, why] of others) assert.equal(problem(it, token, { ...BOUND, ...other }), `state-${why}`)
  assert.equal(problem(it, token, BOUND), 'value')
})

test('a state is good for its time, and not a moment longer', () => {
  const clock = { nowMs: 0 }
  const it = states(clock)
  const [early, late] = [it.seal('s', BOUND), it.seal('s', BOUND)]
  clock.nowMs = 999
  assert.equal(problem(it, early, BOUND), 'value')
  clock.nowMs = 1000
  assert.equal(problem(it, late, BOUND), 'state-late')
})

test('whatever is changed in a state, it is refused', () => {
  const it = states({ nowMs: 0 })
  const token = it.seal('the state', BOUND)
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '_', '.', '=', ' '), (at, other) => {
      const changed = `${token.slice(0, at)}${other}${token.slice(at + 1)}`
      if (changed !== token) assert.equal(problem(it, changed, BOUND), 'state-altered')
    }),
  )
  for (const changed of [
    `${token}-TAMPERED`,
    `${token}=`,
    token.slice(0, -1),
    '',
    'w1.',
    'w1.AAAA',
    `x${token}`,
  ])
    assert.equal(problem(it, changed, BOUND), 'state-altered')
  assert.equal(problem(it, token, BOUND), 'value')
})

test('a state of another process is refused', () => {
  const clock = { nowMs: 0 }
  const key = randomBytes(32)
  const before = states(clock).seal('s', BOUND)
  assert.equal(problem(states(clock), before, BOUND), 'state-altered')
  // and with the same key too: what this process did not give out, it does not take back
  const restarted = states(clock, 10, key)
  assert.equal(problem(restarted, states(clock, 10, key).seal('s', BOUND), BOUND), 'state-used')
})

test('a caller that lets states pile up loses its oldest, and nobody else loses any', () => {
  const it = states({ nowMs: 0 }, 3)
  const ofAnother = it.seal('s', { ...BOUND, caller: 'bob' })
  const [oldest = '', ...rest] = [1, 2, 3, 4].map((count) => it.seal(String(count), BOUND))
  assert.equal(it.size, 4)
  assert.equal(problem(it, oldest, BOUND), 'state-used')
  for (const token of rest) assert.equal(problem(it, token, BOUND), 'value')
  assert.equal(problem(it, ofAnother, { ...BOUND, caller: 'bob' }), 'value')
})

test('states that ran out make room before any that has not', () => {
  const clock = { nowMs: 0 }
  const it = states(clock, 2)
  it.seal('old', BOUND)
  clock.nowMs = 1500
  const kept = it.seal('a', BOUND)
  it.seal('b', BOUND)
  assert.equal(problem(it, kept, BOUND), 'value')
})

test('a task has one id, good again and again for its caller until its time is over', () => {
  const clock = { nowMs: 0 }
  const it = states(clock)
  const token = it.seal('task-7', TASK)
  assert.equal(it.seal('task-7', TASK), token)
  assert.notEqual(it.seal('task-8', TASK), token)
  for (const request of ['d1', 'd2'])
    assert.deepEqual(it.open(token, { ...TASK, request }), { value: 'task-7' })
  assert.equal(problem(it, token, { ...TASK, caller: 'eve' }), 'state-foreign')
  clock.nowMs = 5000
  assert.equal(problem(it, token, TASK), 'state-late')
})

test('with a caller goes all that was given to it', () => {
  const it = states({ nowMs: 0 })
  const [token, task] = [it.seal('s', BOUND), it.seal('t', TASK)]
  it.forget('ada')
  assert.equal(it.size, 0)
  assert.equal(problem(it, token, BOUND), 'state-used')
  assert.equal(problem(it, task, TASK), 'state-used')
})

test('a key of another length is none', () => {
  assert.throws(() => states({ nowMs: 0 }, 1, randomBytes(16)), RangeError)
})
