import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeLookup, profileWith } from './fake-lookup.test-kit.ts'
import { allowLocking, lockedReports, type OwnRights } from './worker-limits.ts'
import { namedDevices } from './worker-devices.ts'
import { overrideProfile } from './override.ts'
import { parseProfile } from './profile-file.ts'
import { presets } from './presets.ts'
import type { DeviceLook, Lookup } from './lookup.ts'
import type { Native } from '../../platform/native.ts'

const LOOK: DeviceLook = { device: '6', inode: '9', major: 195, minor: 0, isBlock: false }

function machineWith(devices: Readonly<Record<string, Partial<DeviceLook>>>): Lookup {
  const found = (path: string) => (devices[path] === undefined ? undefined : { ...LOOK, ...devices[path] })
  return { ...fakeLookup({}), device: found }
}

const gpu = (needed: readonly string[], if_present: readonly string[] = []) =>
  profileWith({ devices: { needed: [...needed], if_present: [...if_present] } })

test('named devices are given by identity, each once, and what is not there is said', () => {
  const machine = machineWith({ '/dev/nvidia0': {}, '/dev/dri/renderD128': { major: 226, minor: 128 } })
  const { mounts, notes } = namedDevices(
    gpu(['/dev/nvidia0'], ['/dev/nvidia0', '/dev/dri/renderD128', '/dev/kfd']),
    machine,
  )
  assert.deepEqual(
    mounts.map(({ path }) => path),
    ['/dev/nvidia0', '/dev/dri/renderD128'],
  )
  for (const mount of mounts)
    assert.deepEqual(mount.type === 'bind' && mount.identity, { device: '6', inode: '9', kind: 'device' })
  assert.match(notes.join(), /given \/dev\/nvidia0, \/dev\/dri\/renderD128.*not there.*\/dev\/kfd/)
  assert.deepEqual(namedDevices(profileWith(), machine), { mounts: [], notes: [] })
})

test('a device that is needed and not there ends the start', () => {
  assert.throws(() => namedDevices(gpu(['/dev/nvidia0']), machineWith({})), { code: 'SANDBOX_PATH_INVALID' })
})

test('what would give away the machine is given to nobody, whatever it is called', () => {
  for (const [major, minor, isBlock] of [
    ...(
      [
        [1, 1],
        [1, 2],
        [1, 4],
        [1, 11],
        [4, 64],
        [5, 0],
        [5, 2],
        [7, 1],
        [10, 223],
        [10, 229],
        [13, 64],
        [136, 0],
      ] as const
    ).map(([a, b]) => [a, b, false] as const),
    [254, 0, true],
    [195, 0, true],
  ] as const)
    assert.throws(
      () => namedDevices(gpu(['/dev/nvidia0']), machineWith({ '/dev/nvidia0': { major, minor, isBlock } })),
      { code: 'SANDBOX_UNENFORCEABLE' },
      `${major}:${minor}`,
    )
})

test('a device is named, not described: no directory, wildcard, link or way around', () => {
  for (const path of [
    '/dev',
    '/dev/',
    '/dev/dri/',
    '/dev/nvidia*',
    '/dev/../etc/shadow',
    '/dev/./mem',
    '/etc/x',
    'dev/x',
  ])
    assert.throws(() => gpu([path]), /must/, path)
})

test('a worker without a reason to be recycled is no worker, and times have units', () => {
  const profile = (recycle: string) =>
    parseProfile(
      `name: w\ndescription: a worker\nfilesystem: {workspace: temporary}\nnetwork: {mode: none}\n` +
        `process: {fork: true, max_memory: 1GiB, max_processes: 9, max_open_files: 64}\n` +
        `environment: {mode: none}\nrecycle: ${recycle}\n`,
      'w.yaml',
    )
  assert.deepEqual(profile('{uses: 3, idle: 10m}').recycle, { uses: 3, idle: 600_000 })
  for (const wrong of ['{}', '{uses: 0}', '{after: 10}', '{after: 10ms}', '{idle: soon}', '{often: true}'])
    assert.throws(() => profile(wrong), { code: 'SANDBOX_PROFILE_INVALID' }, wrong)
})

test('the shipped workers say when they are recycled, and what an override may not widen', () => {
  for (const name of ['model-worker', 'key-worker']) {
    const profile = presets().get(name)
    assert.ok(profile?.recycle?.after !== undefined && profile.recycle.uses !== undefined, name)
    assert.equal(profile.network.mode, 'none')
    assert.ok(profile.process.max_locked !== undefined)
    // written out and read again, it is the same
    assert.deepEqual(overrideProfile(profile, {}), profile)
  }
  const wider = { ...presets().get('model-worker')! }
  assert.throws(() =>
    overrideProfile(wider, {
      process: { fork: true, max_memory: '1GiB', max_processes: 9, max_open_files: 64, max_locked: '9GiB' },
    }),
  )
})

test('memory may be locked as far as the host lets us give it, and the report says how far', () => {
  const set: unknown[] = []
  const native = { limitProcess: (...all: unknown[]) => set.push(all) } as unknown as Native
  const limits = {
    memoryBytes: 1,
    processes: 1,
    openFiles: 1,
    fileBytes: 1,
    cpuPercent: 1,
    lockedBytes: 4096,
  }
  const spec = { limits, host: { uid: 1000, gid: 1000 } }
  const rights = (uid: number, bytes: number, mayRaise: boolean): OwnRights => ({
    ...{ uid, mayRaise },
    lockedBytes: { soft: bytes, hard: bytes },
  })
  const cases: readonly [OwnRights, number | undefined, boolean][] = [
    [rights(1000, 8192, false), 4096, true],
    [rights(1000, 1024, false), 1024, false],
    [rights(1000, Number.POSITIVE_INFINITY, false), 4096, true],
    [rights(0, 1024, true), 4096, true],
    // somebody else's limits, and no right to set them: it has what we have, which is told
    [rights(0, 8192, false), undefined, false],
    [rights(0, Number.POSITIVE_INFINITY, false), undefined, false],
    [rights(0, 4096, false), undefined, true],
  ]
  for (const [own, granted, inForce] of cases) {
    set.length = 0
    allowLocking(native, 7, spec, own)
    assert.deepEqual(set, granted === undefined ? [] : [[7, 'MEMLOCK', granted]])
    assert.equal(lockedReports(spec, own)[0]?.inForce, inForce, JSON.stringify(own))
  }
  set.length = 0
  const { lockedBytes: _none, ...without } = limits
  allowLocking(native, 7, { ...spec, limits: without })
  assert.deepEqual([set, lockedReports({ ...spec, limits: without })], [[], []])
})
