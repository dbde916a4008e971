import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Action } from '../../core/action.ts'
import { USUAL_RATES, type RateLimits } from '../../core/rate.ts'
import { classesOf, EVERYBODY, Rates } from './rate.ts'
import { sealedRateStore } from './rate-store.ts'
import { memorySealedStore, type SealedText } from './sealed.ts'

const NOW = Date.UTC(2026, 0, 31, 23, 0)
const mac = (text: string): Buffer => createHmac('sha256', 'a key').update(text).digest()
const NO_SECONDS = { agentPerSecond: 1_000_000, toolPerSecond: 1_000_000 }

function act(capability: string, risk: Action['risk'] = 'medium'): Action {
  const [namespace = '', verb = '', resource = ''] = capability.split(':')
  return { namespace, verb, resource, risk, bytes: 'b' }
}

function house(given: Partial<RateLimits> = {}, kept: { text?: SealedText } = {}) {
  const clock = { ms: NOW }
  const problems: string[] = []
  const limits = { ...USUAL_RATES, ...NO_SECONDS, ...given }
  const open = (): Rates =>
    new Rates({
      store: sealedRateStore(memorySealedStore(kept), mac),
      limits: () => limits,
      nowMs: () => clock.ms,
      problem: (what) => problems.push(what),
    })
  /** Acts until a limit is reached. @returns how often, and the limit */
  const until = (rates: Rates, agent: string, what: Action) => {
    for (let i = 0; i < 1000; i++) {
      const hit = rates.hit(agent, what)
      if (hit !== undefined) return { times: i, ...hit }
      rates.count(agent, what)
    }
    throw new Error('no limit was reached')
  }
  return { clock, open, until, problems, kept }
}

const WRITE = act('fs:write:/work/a')
const CALL = act('tool:call:search')

test('what is looked at counts as nothing; what is done counts as all it is', () => {
  const cases: Record<string, string[]> = {
    'fs:read:/a': [],
    'fs:list:/a': [],
    'monitor:read': [],
    'tool:call:x': ['calls'],
    'process:spawn:/bin/ls': ['calls'],
    'fs:write:/a': ['calls', 'writes'],
    'fs:delete:/a': ['calls', 'writes', 'destructive'],
    'process:kill:/bin/x': ['calls', 'destructive'],
    'net:connect:example.org:443': ['calls', 'network'],
    'net:resolve:example.org': ['calls', 'network'],
    'pkg:install:left-pad': ['calls', 'writes', 'installs'],
    'pkg:list': [],
    'grant:add:builder': ['calls', 'writes'],
  }
  for (const [capability, classes] of Object.entries(cases))
    assert.deepEqual(classesOf(act(capability)), classes)
  assert.deepEqual(classesOf(act('process:spawn:/bin/x', 'high')), ['calls', 'destructive'])
})

test('one agent reaches its limits, then all together reach theirs, each opening when it says so', () => {
  const { clock, open, until } = house()
  const rates = open()
  assert.deepEqual(
    { ...until(rates, 'a', WRITE), opensInMs: 0 },
    {
      ...{ times: 20, scope: 'agent', of: 'a', what: 'writes', limit: 20, windowMs: 60_000, opensInMs: 0 },
    },
  )
  assert.equal(rates.hit('a', CALL), undefined, 'other things are still open')
  clock.ms += 1500
  assert.deepEqual(
    ['b', 'c'].map((agent) => until(rates, agent, WRITE).times),
    [20, 20],
  )
  const { times, scope, opensInMs } = until(rates, 'd', WRITE)
  assert.deepEqual([times, scope], [0, 'all'])
  clock.ms += opensInMs - 1
  assert.equal(rates.hit('d', WRITE)?.scope, 'all')
  clock.ms += 1
  assert.equal(rates.hit('d', WRITE), undefined)
  assert.equal(until(rates, 'd', act('fs:delete:/a')).what, 'destructive')
})

test('within a second an agent acts ten times, and twenty after a pause; packages come one after the other', () => {
  const { clock, open, until } = house({ agentPerSecond: 10 })
  const rates = open()
  assert.deepEqual([until(rates, 'a', CALL).times, rates.hit('a', CALL)?.opensInMs], [20, 100])
  clock.ms += 100
  assert.equal(until(rates, 'a', CALL).times, 1)
  const { open: other, clock: time } = house()
  const packages = other()
  packages.count('a', act('pkg:install:x'))
  const { what, opensInMs } = packages.hit('b', act('pkg:install:y'))!
  assert.ok(what === 'pause' && opensInMs >= 10_000 && opensInMs <= 11_000)
  time.ms += opensInMs
  assert.equal(packages.hit('b', act('pkg:install:y')), undefined)
})

test('whatever is done whenever, no minute has more than its limit, over any number of restarts', () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 20_000 }),
    acts: fc.integer({ min: 0, max: 12 }),
    restarts: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, open } = house()
      let rates = open()
      const at: number[] = []
      for (const { waitMs, acts, restarts } of steps) {
        clock.ms += waitMs
        if (restarts) rates = open()
        for (let i = 0; i < acts; i++) {
          if (rates.hit('a', WRITE) !== undefined) continue
          rates.count('a', WRITE)
          at.push(clock.ms)
        }
      }
      for (const begin of at)
        assert.ok(at.filter((each) => each >= begin && each < begin + 60_000).length <= 20)
    }),
  )
})

test('a restart gives nothing back, also when the clock was set back', () => {
  const { clock, open, until } = house()
  until(open(), 'a', WRITE)
  assert.equal(open().hit('a', WRITE)?.what, 'writes')
  clock.ms -= 3_600_000
  const rates = open()
  const { opensInMs } = rates.hit('a', WRITE)!
  assert.ok(opensInMs <= 61_000)
  clock.ms += opensInMs
  assert.equal(rates.hit('a', WRITE), undefined)
  assert.deepEqual(
    rates.list().map(({ of }) => of),
    [EVERYBODY],
  )
})

test('counts that cannot be believed are full for everybody, for a minute', () => {
  const { clock, open, until, kept, problems } = house()
  until(open(), 'a', WRITE)
  const { body } = kept.text!
  kept.text = { ...kept.text!, body: body.replace(/,20\]/, ',1]') }
  assert.notEqual(kept.text.body, body)
  const rates = open()
  assert.equal(problems.length, 1)
  for (const [agent, what] of [
    ['a', WRITE],
    ['b', CALL],
  ] as const)
    assert.equal(rates.hit(agent, what)?.scope, 'all')
  assert.equal(rates.hit('b', act('fs:read:/a')), undefined)
  clock.ms += 61_000
  assert.equal(rates.hit('a', WRITE), undefined)
})

test('what cannot be written down is not counted, and the caller hears of it', () => {
  const rates = new Rates({
    store: {
      read: () => ({}),
      write: () => {
        throw new Error('disk full')
      },
    },
    ...{ limits: () => USUAL_RATES, nowMs: () => NOW, problem: () => undefined },
  })
  assert.throws(() => rates.count('a', CALL), /disk full/)
  assert.equal(rates.list()[0]?.used.calls, 0)
})
