import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseDriver, createDriverChoice, type Candidate } from './level-choice.ts'
import { isAtLeast, levelOf, LEVELS, MINIMUM_LEVELS, requiredBy, type Level } from './level.ts'
import { GUARANTEES, profileSchema, type GuaranteeName } from './profile.ts'
import type { Guarantee, Probe, SandboxDriver } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

const FULL: readonly GuaranteeName[] = [...requiredBy('full'), 'descriptor-binds', 'freeze']
const LANDLOCK: readonly GuaranteeName[] = requiredBy('landlock')

const guarantee = (name: GuaranteeName, inForce: boolean): Guarantee => ({
  name,
  inForce,
  why: inForce ? 'tried' : `no ${name} here`,
  ...(inForce ? {} : { fix: `get ${name}` }),
})
const probeOf = (names: readonly GuaranteeName[], driver = 'some', available = true): Probe => ({
  driver,
  available,
  guarantees: GUARANTEES.map((name) => guarantee(name, names.includes(name))),
})
const driverOf = (name: string, probe: Probe): SandboxDriver => ({
  name,
  probe: async () => probe,
  lastProbe: async () => probe,
  start: async () => {
    throw new Error(`started by ${name}`)
  },
  notEnforced: async () => [`${name} loses this`],
})
const candidate = (name: string, names: readonly GuaranteeName[], available = true): Candidate => {
  const probe = probeOf(names, name, available)
  return { driver: driverOf(name, probe), probe }
}
const anyNames = fc.subarray([...GUARANTEES])

test('a level is what is in force, and never what a driver calls itself', () => {
  assert.equal(levelOf(probeOf(FULL, 'landlock')), 'full')
  assert.equal(levelOf(probeOf(LANDLOCK, 'bubblewrap')), 'landlock')
  assert.equal(levelOf(probeOf(requiredBy('container'), 'bubblewrap')), 'container')
  assert.equal(levelOf(probeOf([], 'bubblewrap')), 'none')
  assert.equal(levelOf(probeOf(FULL, 'bubblewrap', false)), 'none')
})

test('one guarantee less never gives a higher level, and one that a level needs gives a lower one', () => {
  fc.assert(
    fc.property(anyNames, fc.constantFrom(...GUARANTEES), (names, lost) => {
      const less = names.filter((name) => name !== lost)
      assert.ok(isAtLeast(levelOf(probeOf(names)), levelOf(probeOf(less))))
    }),
  )
  for (const name of FULL.filter((each) => each !== 'freeze'))
    assert.notEqual(levelOf(probeOf(FULL.filter((each) => each !== name))), 'full', name)
})

test('a guarantee that is told twice counts as the worse of the two', () => {
  const probe = probeOf(FULL)
  const doubted = { ...probe, guarantees: [...probe.guarantees, guarantee('seccomp', false)] }
  assert.equal(levelOf(doubted), 'none')
})

test('what is chosen keeps the minimum and all that is required, or nothing is', () => {
  const anyCandidates = fc.array(fc.tuple(anyNames, fc.boolean()), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      anyCandidates,
      fc.constantFrom(...MINIMUM_LEVELS),
      anyNames,
      (given, minimumLevel, requires) => {
        const candidates = given.map(([names, available], i) => candidate(`d${i}`, names, available))
        const fits = candidates.filter(
          ({ probe }) =>
            isAtLeast(levelOf(probe), minimumLevel) &&
            requires.every((name) => probe.guarantees.some((each) => each.name === name && each.inForce)),
        )
        if (fits.length === 0) {
          assert.throws(() => chooseDriver(candidates, { minimumLevel, requires }), {
            code: 'SANDBOX_UNENFORCEABLE',
          })
          return
        }
        const chosen = chooseDriver(candidates, { minimumLevel, requires })
        assert.ok(fits.some(({ driver }) => driver === chosen.driver))
        for (const { probe } of fits)
          assert.ok(isAtLeast(chosen.level, levelOf(probe)), 'a stronger one was passed over')
      },
    ),
  )
})

test('a weaker driver is taken only when the profile says so, and then it is told why and what is lost', async () => {
  const choice = createDriverChoice([
    driverOf('bubblewrap', probeOf([], 'bubblewrap', false)),
    driverOf('landlock', probeOf(LANDLOCK, 'landlock')),
  ])
  const spec = { requires: [], minimumLevel: 'landlock' } as unknown as SandboxSpec
  const chosen = await choice.choose(spec)
  assert.equal(chosen.driver.name, 'landlock')
  assert.deepEqual(chosen.notes, [
    'kept in by landlock, level landlock',
    'not by bubblewrap: no namespaces here',
  ])
  assert.ok(chosen.notEnforced.includes('landlock loses this'))
  assert.ok(chosen.notEnforced.includes('namespaces: no namespaces here'))
  await assert.rejects(
    choice.choose({ requires: [] } as unknown as SandboxSpec),
    (error: Error & { fix?: string }) => {
      assert.match(
        error.message,
        /level full.*bubblewrap \(level none\): no namespaces here.*landlock \(level landlock\): namespaces is not in force/,
      )
      assert.match(error.fix ?? '', /^get namespaces; or, knowing what is lost/)
      return true
    },
  )
})

test('a spec that says nothing of a level asks for the highest', async () => {
  const choice = createDriverChoice([driverOf('only', probeOf(requiredBy('container')))])
  await assert.rejects(choice.choose({ requires: [] } as unknown as SandboxSpec), {
    code: 'SANDBOX_UNENFORCEABLE',
  })
})

test('the strongest driver that is full is taken without trying the others', async () => {
  const never: SandboxDriver = {
    ...driverOf('never', probeOf([])),
    lastProbe: () => assert.fail('it was tried'),
  }
  const choice = createDriverChoice([driverOf('first', probeOf(FULL)), never])
  const { notes } = await choice.choose({ requires: ['freeze'] } as unknown as SandboxSpec)
  assert.deepEqual(notes, ['kept in by first, level full'])
  assert.equal(levelOf(await choice.lastProbe()), 'full')
})

test('a profile asks for the highest level unless it says otherwise, and requires what its level stands for', () => {
  const written = {
    name: 'x',
    description: 'x',
    filesystem: { workspace: 'none' },
    network: { mode: 'none' },
    process: { fork: true, max_memory: '1MiB', max_processes: 1, max_open_files: 16 },
    environment: { mode: 'none' },
  }
  const parsed = profileSchema.parse(written)
  assert.deepEqual([parsed.minimum_level, parsed.requires], ['full', requiredBy('full')])
  const lower = profileSchema.parse({ ...written, minimum_level: 'landlock' })
  assert.deepEqual(lower.requires, LANDLOCK)
  assert.deepEqual(profileSchema.parse({ ...written, requires: [] }).requires, [])
  for (const wrong of ['none', 'NONE', '', 'weak', null])
    assert.equal(profileSchema.safeParse({ ...written, minimum_level: wrong }).success, false)
})

test('levels stand in order', () => {
  const below = (level: Level) => LEVELS.slice(0, LEVELS.indexOf(level))
  for (const level of LEVELS)
    for (const lower of below(level)) assert.ok(!isAtLeast(lower, level) && isAtLeast(level, lower))
})
