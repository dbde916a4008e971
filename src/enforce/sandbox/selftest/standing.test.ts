import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdToSelfTests, SelfTestBook, type SelfTestNote } from './standing.ts'
import type { Probe, SandboxDriver, StartOptions } from '../driver.ts'
import type { SandboxSpec } from '../spec.ts'

const COUNTS = { tried: 1, stopped: 1, escaped: 0, notStoppable: 0, notRun: 0, noControl: 0, missing: 0 }
const GREEN: SelfTestNote = {
  driver: 'some',
  level: 'full',
  profile: 'agent',
  profileDigest: 'd',
  bootId: 'this boot',
  startedAt: 0,
  durationMs: 1,
  isWhole: true,
  isGreen: true,
  counts: COUNTS,
  broken: [],
  escaped: [],
}
const FOUND: SelfTestNote = {
  ...GREEN,
  isGreen: false,
  broken: ['no-network'],
  escaped: ['host-tcp'],
  counts: { ...COUNTS, escaped: 1 },
}

const PROBE: Probe = {
  driver: 'some',
  available: true,
  level: 'full',
  guarantees: (
    [
      'namespaces',
      'seccomp',
      'no-network',
      'read-only-system',
      'no-leaked-descriptors',
      'descriptor-binds',
    ] as const
  ).map((name) => ({ name, inForce: true, why: 'tried' })),
}

function book(...notes: readonly SelfTestNote[]): SelfTestBook {
  const made = new SelfTestBook('this boot')
  for (const note of notes) made.add(note)
  return made
}

function held(...notes: readonly SelfTestNote[]) {
  const started: string[] = []
  const driver: SandboxDriver = {
    name: 'some',
    probe: async () => PROBE,
    lastProbe: async () => PROBE,
    start: async (spec) => {
      started.push(spec.profile)
      throw new Error('started')
    },
  }
  return { driver: holdToSelfTests(driver, book(...notes)), started }
}

const spec = (requires: SandboxSpec['requires']) => ({ profile: 'agent', requires }) as SandboxSpec
const OPTIONS: StartOptions = { runId: 'r', agent: 'a' }

test('without a finding the driver is as it was', async () => {
  const { driver, started } = held(GREEN)
  assert.equal(await driver.probe(), PROBE)
  await assert.rejects(driver.start(spec(['no-network']), OPTIONS), /^Error: started$/)
  assert.deepEqual(started, ['agent'])
})

test('what a test found broken is not claimed, and the level falls with it', async () => {
  const { driver } = held(FOUND)
  for (const probe of [await driver.probe(), await driver.lastProbe()]) {
    const found = probe.guarantees.filter(({ name }) => name === 'no-network')
    assert.equal(found.length, 1)
    assert.equal(found[0]?.inForce, false)
    assert.match(found[0]?.why ?? '', /a self-test of 1970-01-01T.* found a way out: host-tcp/)
    assert.equal(probe.level, 'none')
  }
})

test('a start that relies on it is refused, and one that does not is not', async () => {
  const { driver, started } = held(FOUND)
  await assert.rejects(driver.start(spec(['seccomp', 'no-network']), OPTIONS), {
    code: 'SANDBOX_UNENFORCEABLE',
    message: /requires no-network, and a self-test/,
  })
  assert.deepEqual(started, [])
  await assert.rejects(driver.start(spec(['seccomp']), OPTIONS), /^Error: started$/)
})

test('only a later test of everything that passes takes a finding back', () => {
  const broken = (...notes: readonly SelfTestNote[]) => [
    ...book(...notes)
      .broken('some')
      .keys(),
  ]
  assert.deepEqual(broken(FOUND, GREEN), [])
  assert.deepEqual(broken(GREEN, FOUND), ['no-network'])
  assert.deepEqual(broken(FOUND, { ...GREEN, isWhole: false }), ['no-network'])
  assert.deepEqual(broken(FOUND, { ...GREEN, isGreen: false }), ['no-network'])
  assert.deepEqual(broken(FOUND, { ...GREEN, profile: 'other' }), ['no-network'])
  assert.deepEqual(broken(FOUND, { ...GREEN, driver: 'other' }), ['no-network'])
  assert.deepEqual(broken({ ...FOUND, isWhole: false }), ['no-network'], 'a partial test finds all the same')
})

test('a finding is about its own driver, and about this boot', () => {
  assert.deepEqual([...book(FOUND).broken('other')], [])
  assert.deepEqual([...book({ ...FOUND, bootId: 'an earlier one' }).broken('some')], [])
  assert.deepEqual(book({ ...GREEN, bootId: 'an earlier one' }).latest(), [])
})

test('the last of each driver and profile is told', () => {
  const other = { ...GREEN, profile: 'other' }
  assert.deepEqual(book(GREEN, other, FOUND).latest(), [other, FOUND])
  const part = { ...GREEN, isWhole: false }
  assert.deepEqual(book(GREEN, part).latest(), [GREEN], 'a part that holds says less than everything did')
  assert.deepEqual(book(part).latest(), [part])
})
