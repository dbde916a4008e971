import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presets } from '../presets.ts'
import { GROUPS, type Stage, type Target } from './attempt.ts'
import { ATTEMPTS } from './catalogue.ts'
import { orderBytes } from './prober.ts'

const STAGE: Stage = {
  side: 'inside',
  token: 'f00d',
  root: '/tmp/stage',
  tool: '/tmp/stage/attempts',
  workspace: '/tmp/stage/work',
  home: '/home/somebody',
  own: '/home/somebody/.local/state/warder/canary',
  bystander: 4242,
  victim: 4243,
  ports: { tcp: 1, tcp6: 2, udp: 3 },
  outward: { address: '192.0.2.1', port: 4 },
  abstract: 'a-name',
  shmKey: 7,
  mark: 'wst-f00d',
}
const TARGET: Target = {
  profile: presets().get('tool-minimal')!,
  limits: { memoryBytes: 1, processes: 16, openFiles: 64, fileBytes: 1, outputBytes: 1024, cpuPercent: 100 },
  architecture: 'x86_64',
  freeMemoryBytes: 2 ** 40,
}

test('there are many, of every group, and each has a name of its own', () => {
  assert.ok(ATTEMPTS.length >= 130, `${ATTEMPTS.length} attempts`)
  assert.ok(ATTEMPTS.filter(({ isRequired }) => isRequired).length >= 60)
  assert.equal(new Set(ATTEMPTS.map(({ name }) => name)).size, ATTEMPTS.length)
  assert.deepEqual(
    GROUPS.filter((name) => !ATTEMPTS.some(({ group }) => group === name)),
    [],
  )
})

test('each is told in one line, and no name is that of a group', () => {
  for (const { name, tries } of ATTEMPTS) {
    assert.match(name, /^[a-z0-9-]{3,40}$/)
    assert.match(tries, /^[^\n]{10,120}$/, name)
  }
})

test('each has an order the prober can read, for both architectures or with a reason', () => {
  for (const architecture of ['x86_64', 'aarch64'] as const) {
    const without = ATTEMPTS.filter(({ name, order }) => {
      const fields = order(STAGE, { ...TARGET, architecture })
      if (fields === undefined) return true
      assert.ok(orderBytes([[name, ...fields]]).length > 0)
      assert.doesNotMatch(fields.join(' '), /undefined|NaN/, name)
      return false
    })
    const expected =
      architecture === 'x86_64' ? [] : ['port-access', 'descriptor-table', 'other-door', 'other-numbers']
    assert.deepEqual(
      without.map(({ name }) => name),
      expected,
    )
  }
})

test('what no sandbox stops is explained, with what to do instead', () => {
  const open = ATTEMPTS.filter(({ alwaysOpen }) => alwaysOpen !== undefined)
  assert.deepEqual(
    open.map(({ name }) => name),
    ['replaced-from-outside', 'inotify'],
  )
  for (const { alwaysOpen } of open) assert.match(alwaysOpen ?? '', /; (give|run) /)
})

test('what a profile does not promise is not tried against it', () => {
  const hook = ATTEMPTS.find(({ name }) => name === 'git-hook')!
  const profile = { ...TARGET.profile, protected: [] }
  assert.equal(hook.unless?.(TARGET), undefined)
  assert.match(hook.unless?.({ ...TARGET, profile }) ?? '', /does not protect \.git$/)
})
