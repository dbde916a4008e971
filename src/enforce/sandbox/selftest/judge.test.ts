import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokenBy, count, judge, whySkipped, type Heard } from './judge.ts'
import { ATTEMPTS } from './catalogue.ts'
import type { Attempt } from './attempt.ts'
import type { Probe } from '../driver.ts'

const SOME = ATTEMPTS.find(({ name }) => name === 'read-secret')!
const OUTSIDE = { did: true, errno: 0, note: '' }
const KEPT = { did: false, errno: 1, note: '' }

const probe = (...names: readonly Probe['guarantees'][number]['name'][]): Probe => ({
  driver: 'some',
  available: true,
  guarantees: names.map((name) => ({ name, inForce: true, why: 'tried' })),
})
const lacking: Probe = {
  ...probe('seccomp', 'read-only-system'),
  guarantees: [{ name: 'namespaces', inForce: false, why: 'this driver has none' }],
}
const FULL = probe('namespaces', 'seccomp', 'read-only-system')
const heard = (more: Partial<Heard>): Heard => ({
  outside: OUTSIDE,
  inside: KEPT,
  program: undefined,
  ...more,
})
const attempt = (more: Partial<Attempt>): Attempt => ({ ...SOME, atEveryLevel: false, ...more })

test('stopped is said only of what works outside and fails inside', () => {
  const told = judge(SOME, heard({}), FULL)
  assert.deepEqual([told.result, told.why, told.isMissing], ['stopped', 'EPERM', false])
})

test('what cannot succeed anywhere has no control, and never counts as stopped', () => {
  for (const outside of [KEPT, undefined]) {
    const told = judge(SOME, heard({ outside }), FULL)
    assert.deepEqual([told.result, told.isMissing], ['no-control', true])
  }
  const optional = judge(attempt({ isRequired: false }), heard({ outside: KEPT }), FULL)
  assert.deepEqual([optional.result, optional.isMissing], ['no-control', false])
})

test('what gives no answer inside, or none in time, was not run, and is missing', () => {
  for (const inside of [undefined, { did: false, errno: 110, note: 'ended by signal 14' }]) {
    const told = judge(SOME, heard({ inside }), FULL)
    assert.deepEqual([told.result, told.isMissing], ['not-run', true])
  }
})

test('what gets through has escaped, even where its control failed', () => {
  assert.equal(judge(SOME, heard({ inside: OUTSIDE }), FULL).result, 'escaped')
  assert.equal(judge(SOME, heard({ inside: OUTSIDE, outside: KEPT }), FULL).result, 'escaped')
})

test('only a guarantee the driver itself says it does not keep is an excuse', () => {
  const through = heard({ inside: OUTSIDE })
  const excused = judge(attempt({}), through, lacking)
  assert.equal(excused.result, 'not-stoppable')
  assert.match(excused.why, /namespaces is not in force here.*this driver has none/)
  assert.equal(judge(attempt({ atEveryLevel: true }), through, lacking).result, 'escaped')
  assert.equal(judge(attempt({}), through, probe()).result, 'escaped', 'not speaking of it is no excuse')
})

test('what nothing of this kind can stop is named and explained, and is stopped where it is stopped', () => {
  const open = attempt({ alwaysOpen: 'because' })
  const told = judge(open, heard({ inside: OUTSIDE }), FULL)
  assert.deepEqual([told.result, told.why], ['not-stoppable', 'because'])
  assert.equal(judge(open, heard({}), FULL).result, 'stopped')
})

test("what is open under bubblewrap's own first process is an escape under any other", () => {
  const under = attempt({ openUnder: { program: 'bwrap', why: 'it is no more than the agent' } })
  const through = (program: string) => judge(under, heard({ inside: OUTSIDE, program }), FULL).result
  assert.equal(through('bwrap'), 'not-stoppable')
  assert.equal(through('init'), 'escaped')
})

test('an escape breaks its guarantee, or where that was not claimed, what every level claims', () => {
  const escaped = judge(SOME, heard({ inside: OUTSIDE }), FULL)
  assert.deepEqual(brokenBy([escaped], FULL), ['namespaces'])
  const everywhere = judge(SOME, heard({ inside: OUTSIDE }), lacking)
  assert.deepEqual(brokenBy([everywhere], lacking), ['namespaces', 'seccomp', 'read-only-system'])
  const limited = judge(attempt({ guarantee: 'memory-limit' }), heard({ inside: OUTSIDE }), FULL)
  assert.deepEqual(brokenBy([limited], FULL), ['memory-limit'])
  assert.deepEqual(brokenBy([judge(SOME, heard({}), FULL)], FULL), [])
})

test('counts add up, and what was left out on purpose is not missing', () => {
  const results = [
    judge(SOME, heard({}), FULL),
    judge(SOME, heard({ inside: OUTSIDE }), FULL),
    judge(SOME, heard({ outside: KEPT }), FULL),
    judge(SOME, heard({ inside: undefined }), FULL),
    judge(SOME, heard({ skipped: 'not here' }), FULL),
  ]
  assert.deepEqual(count(results), {
    tried: 3,
    stopped: 1,
    escaped: 1,
    notStoppable: 0,
    notRun: 2,
    noControl: 1,
    missing: 2,
  })
})

test('an attempt is left out with a reason only', () => {
  const target = {} as Parameters<typeof whySkipped>[1]
  assert.equal(whySkipped(SOME, target, true), undefined)
  assert.match(whySkipped(SOME, target, false) ?? '', /nothing to try it on/)
  assert.equal(whySkipped(attempt({ unless: () => 'too large' }), target, true), 'too large')
})
