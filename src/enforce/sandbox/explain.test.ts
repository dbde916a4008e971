import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Probe } from './driver.ts'
import { explain } from './explain.ts'
import type { SandboxSpec } from './spec.ts'

const SPEC: SandboxSpec = {
  version: 1,
  profile: 'agent',
  argv: ['/usr/bin/make', 'test'],
  cwd: '/srv/app',
  env: { HOME: '/home/u', PATH: '/usr/bin' },
  host: { uid: 1007, gid: 1007 },
  inside: { uid: 1000, gid: 1000, user: 'agent', home: '/home/u' },
  mounts: [
    { type: 'bind', source: '/usr', path: '/usr', access: 'read', why: 'system' },
    { type: 'link', path: '/bin', target: 'usr/bin', why: 'system' },
    { type: 'text', path: '/etc/hosts', text: 'the content', why: 'made for the sandbox' },
    { type: 'memory', path: '/tmp', sizeBytes: 64 * 1024 ** 2, mode: 0o1777, why: 'temporary' },
    { type: 'bind', source: '/srv/app', path: '/srv/app', access: 'write', why: 'workspace' },
    { type: 'mask', path: '/srv/app/.git', kind: 'directory', absent: true, why: 'protected name' },
    { type: 'mask', path: '/srv/app/.env', kind: 'file', absent: false, why: 'rule.7' },
  ],
  limits: { memoryBytes: 64 * 1024 ** 2, processes: 4, openFiles: 32, fileBytes: 1024, cpuPercent: 150 },
  noFork: false,
  seccompDigest: 'a'.repeat(64),
  terminal: false,
  umask: 0o022,
  requires: ['namespaces'],
  notEnforced: ['inotify is shared'],
  notes: ['commit from outside'],
  digest: 'd'.repeat(64),
}

const PROBE: Probe = {
  driver: 'bubblewrap',
  available: true,
  guarantees: [
    { name: 'memory-limit', inForce: false, why: 'not delegated' },
    { name: 'process-limit', inForce: true, why: 'cgroup v2' },
  ],
}

test('no value of the environment is in an explanation, only the names', () => {
  const value = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/)
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), value), (env) => {
      const told = explain({ ...SPEC, env }, { probe: PROBE })
      assert.deepEqual(told.environment, Object.keys(env))
      const text = JSON.stringify(told)
      for (const secret of Object.values(env)) assert.ok(!text.includes(secret))
    }),
  )
})

test('the content of files that are made is not in an explanation', () => {
  assert.doesNotMatch(JSON.stringify(explain(SPEC)), /the content/)
})

test('every mount is told once, by what it lets the agent do', () => {
  const { visible, writable, masked } = explain(SPEC)
  assert.deepEqual(visible, [
    { what: '/usr', how: 'read-only', why: 'system' },
    { what: '/bin', how: 'link to usr/bin', why: 'system' },
    { what: '/etc/hosts', how: 'made', why: 'made for the sandbox' },
  ])
  assert.deepEqual(writable, [
    { what: '/srv/app', how: 'read and write', why: 'workspace' },
    { what: '/tmp', how: 'in memory, up to 64 MiB', why: 'temporary' },
  ])
  assert.deepEqual(masked, [
    { what: '/srv/app/.git', how: 'not there, and cannot be made', why: 'protected name' },
    { what: '/srv/app/.env', how: 'cannot be read or changed', why: 'rule.7' },
  ])
})

test('who, where, what and for which permit are told as the spec has them', () => {
  const told = explain(SPEC)
  assert.deepEqual(told.command, SPEC.argv)
  assert.equal(told.cwd, '/srv/app')
  assert.equal(told.user, 'agent (uid 1000 inside, 1007 outside), no capabilities')
  assert.equal(told.digest, SPEC.digest)
  assert.deepEqual(told.notes, SPEC.notes)
  assert.match(told.network, /^none/)
})

test('without a probe no limit of the machine is claimed to hold', () => {
  const { limits } = explain(SPEC)
  const claimed = limits.filter(({ why }) => why !== 'not tried yet').map(({ what }) => what)
  assert.deepEqual(claimed, ['wall-clock', 'output'])
  assert.deepEqual(
    limits.map(({ what, how }) => `${what} ${how}`),
    [
      ...['memory 64 MiB', 'processes 4', 'cpu 150%', 'open-files 32', 'file-size 1 KiB', 'core-dumps none'],
      ...['wall-clock no limit', 'output no limit'],
    ],
  )
})

test('with a probe each limit says whether it holds here, and what does not is among what is not enforced', () => {
  const { limits, notEnforced } = explain(SPEC, { probe: PROBE })
  const why = (name: string) => limits.find(({ what }) => what === name)?.why
  assert.equal(why('memory'), 'NOT in force (not delegated)')
  assert.equal(why('processes'), 'in force (cgroup v2)')
  assert.equal(why('cpu'), 'not tried yet')
  assert.deepEqual(notEnforced, ['inotify is shared', 'memory-limit: not delegated'])
})

test("a run's own reports come before what a probe guesses", () => {
  const { limits } = explain(SPEC, {
    probe: PROBE,
    limits: [
      { name: 'memory', wanted: '64 MiB', inForce: true, by: 'cgroup v1' },
      { name: 'cpu', wanted: '150%', inForce: false, by: 'affinity', note: 'whole processors only' },
    ],
  })
  assert.deepEqual(limits, [
    { what: 'memory', how: '64 MiB', why: 'in force (cgroup v1)' },
    { what: 'cpu', how: '150%', why: 'NOT in force (affinity; whole processors only)' },
  ])
})

test('time and output are told where they are limited', () => {
  const { limits } = explain({ ...SPEC, limits: { ...SPEC.limits, wallMs: 90_000, outputBytes: 2048 } })
  assert.deepEqual(
    limits.slice(-2).map(({ how }) => how),
    ['1m 30s', '2 KiB'],
  )
})
