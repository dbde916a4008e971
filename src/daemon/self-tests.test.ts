import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presets } from '../enforce/sandbox/index.ts'
import { bootId, profileDigest, SelfTestBook, type SelfTestNote } from '../enforce/sandbox/selftest/index.ts'
import type { Entry } from '../record/audit/index.ts'
import { openSelfTestBook, selfTestEvent, testsOf } from './self-tests.ts'

const NOTE: SelfTestNote = {
  driver: 'bubblewrap',
  level: 'full',
  profile: 'agent',
  profileDigest: profileDigest(presets().get('agent')!),
  bootId: bootId(),
  startedAt: 1_700_000_000_000,
  durationMs: 1234,
  isWhole: true,
  isGreen: false,
  counts: { tried: 9, stopped: 7, escaped: 2, notStoppable: 0, notRun: 1, noControl: 0, missing: 0 },
  broken: ['namespaces', 'no-network'],
  escaped: ['read-secret', 'host-tcp'],
}

function ledgerOf(...notes: readonly SelfTestNote[]) {
  const entries = notes.map(
    (note, at) => ({ ...selfTestEvent(note, 'request'), seq: at + 1 }) as unknown as Entry,
  )
  return { query: () => entries.toReversed() }
}

test('what was recorded is known again after a restart, to the last word', () => {
  assert.deepEqual(openSelfTestBook(ledgerOf(NOTE)).latest(), [{ ...NOTE, entry: 1 }])
})

test('the newest entry counts, and those of an earlier boot do not', () => {
  const green: SelfTestNote = { ...NOTE, isGreen: true, broken: [], escaped: [] }
  assert.deepEqual([...openSelfTestBook(ledgerOf(NOTE, green)).broken('bubblewrap')], [])
  assert.equal(openSelfTestBook(ledgerOf(green, NOTE)).broken('bubblewrap').size, 2)
  assert.deepEqual(openSelfTestBook(ledgerOf({ ...NOTE, bootId: 'earlier' })).latest(), [])
})

test('an escape is a violation of the highest risk, and what is missing is a failure', () => {
  const found = selfTestEvent(NOTE, 'request')
  assert.deepEqual([found.result, found.risk_level], ['violation', 'critical'])
  assert.match(found.reason, /read-secret, host-tcp/)
  const incomplete = { ...NOTE, escaped: [], broken: [], counts: { ...NOTE.counts, escaped: 0, missing: 3 } }
  assert.deepEqual(
    [selfTestEvent(incomplete, '').result, selfTestEvent(incomplete, '').reason],
    ['failure', '3 attempts could not be made'],
  )
  assert.equal(selfTestEvent({ ...NOTE, isGreen: true, escaped: [] }, '').result, 'success')
})

test('a test of a profile that has changed since, or is gone, is not current', () => {
  const book = new SelfTestBook(bootId())
  book.add(NOTE)
  const isCurrent = (profiles: Parameters<typeof testsOf>[1]) => testsOf(book, profiles)[0]?.isCurrent
  assert.equal(isCurrent(presets()), true)
  const agent = presets().get('agent')!
  assert.equal(isCurrent(new Map([['agent', { ...agent, terminal: !agent.terminal }]])), false)
  assert.equal(isCurrent(new Map()), false)
})
