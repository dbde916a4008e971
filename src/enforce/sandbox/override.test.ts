import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { profileWith } from './fake-lookup.test-kit.ts'
import { overrideProfile, type Override } from './override.ts'
import { presets, webScraper } from './presets.ts'
import { FIXABLE, type Profile, type ProfileInput } from './profile.ts'

const PROCESS = {
  fork: false,
  max_seconds: 60,
  max_memory: '64MiB',
  max_processes: 16,
  max_open_files: 64,
  max_output: '1MiB',
  max_file: '1MiB',
  cpu_percent: 100,
} as const
const PROFILE = profileWith({
  filesystem: {
    workspace: 'read-only',
    read_only: ['/srv/a', '/srv/b'],
    read_write: ['/srv/c'],
    temporary_size: '64MiB',
  },
  process: PROCESS,
  environment: { mode: 'restricted', pass: ['EDITOR', 'LC_*'] },
})
const FILES = { workspace: 'read-only', temporary_size: '64MiB' } as const

function refused(changes: Override, where: string, profile: Profile = PROFILE): void {
  assert.throws(() => overrideProfile(profile, changes), { code: 'SANDBOX_PROFILE_FIXED', where }, where)
}

const WIDER: readonly (readonly [string, Override])[] = [
  ['filesystem.workspace', { filesystem: { ...FILES, workspace: 'read-write' } }],
  ['filesystem.read_only', { filesystem: { ...FILES, read_only: ['/srv/other'] } }],
  ['filesystem.read_only', { filesystem: { ...FILES, read_only: ['/srv'] } }],
  ['filesystem.read_write', { filesystem: { ...FILES, read_write: ['/srv/a'] } }],
  ['filesystem.temporary_size', { filesystem: { ...FILES, temporary_size: '65MiB' } }],
  // a field is given as a whole: what is left out has its default, which is more
  ['filesystem.temporary_size', { filesystem: { workspace: 'none' } }],
  ['network.mode', { network: { mode: 'domains', domains: ['example.com'] } }],
  ['network.mode', { network: { mode: 'policy' } }],
  ['process.fork', { process: { ...PROCESS, fork: true } }],
  ['process.max_seconds', { process: { ...PROCESS, max_seconds: 61 } }],
  ['process.max_seconds', { process: { ...PROCESS, max_seconds: undefined } }],
  ['process.max_memory', { process: { ...PROCESS, max_memory: '65MiB' } }],
  ['process.max_processes', { process: { ...PROCESS, max_processes: 17 } }],
  ['process.max_open_files', { process: { ...PROCESS, max_open_files: 65 } }],
  ['process.max_output', { process: { ...PROCESS, max_output: undefined } }],
  ['process.max_file', { process: { ...PROCESS, max_file: '2MiB' } }],
  ['process.cpu_percent', { process: { ...PROCESS, cpu_percent: 101 } }],
  ['environment.mode', { environment: { mode: 'full' } }],
  ['environment.pass', { environment: { mode: 'none', pass: ['E*'] } }],
  ['terminal', { terminal: true }],
  ['protected', { protected: ['.git/'] }],
  ['protected', { protected: [] }],
]

for (const [where, changes] of WIDER) {
  test(`wider than the profile is refused without the owner: ${JSON.stringify(changes)}`, () => {
    refused(changes, where)
    const approved = overrideProfile(PROFILE, changes, true)
    assert.notDeepEqual(approved, PROFILE, 'and given with the owner')
  })
}

const NARROWER: readonly Override[] = [
  {},
  { filesystem: { ...FILES, workspace: 'temporary' } },
  { filesystem: { ...FILES, read_only: ['/srv/b', '/srv/c'], temporary_size: '1MiB' } },
  { process: { ...PROCESS, max_seconds: 1, max_memory: '1MiB', max_output: '1kB', cpu_percent: 1 } },
  { environment: { mode: 'none', pass: ['LC_*'] } },
  { terminal: false },
  { protected: ['.git/', '.npmrc', 'AGENTS.md'] },
]

for (const changes of NARROWER) {
  test(`what is narrower than the profile, or the same, is taken: ${JSON.stringify(changes)}`, () => {
    const changed = overrideProfile(PROFILE, changes)
    for (const field of FIXABLE) {
      if (changes[field] === undefined) assert.deepEqual(changed[field], PROFILE[field])
    }
    assert.deepEqual([changed.name, changed.requires], [PROFILE.name, PROFILE.requires])
  })
}

test('an override is taken at its word: sizes and lists are the new ones', () => {
  const { filesystem } = overrideProfile(PROFILE, {
    filesystem: { workspace: 'none', read_only: ['/srv/b'], temporary_size: '1MiB' },
  })
  assert.deepEqual(filesystem, {
    workspace: 'none',
    read_only: ['/srv/b'],
    read_write: [],
    temporary_size: 1024 ** 2,
  })
})

test('no profile that comes with Warder changes by an override with nothing in it', () => {
  for (const profile of [...presets().values(), webScraper(['example.com'])]) {
    assert.deepEqual(overrideProfile(profile, {}), profile)
  }
})

test('a domain more is wider, a domain less is not, and none at all is the narrowest', () => {
  const profile = webScraper(['a.example.com', '*.example.org'])
  refused({ network: { mode: 'domains', domains: ['b.example.com'] } }, 'network.domains', profile)
  refused({ network: { mode: 'domains', domains: ['x.example.org'] } }, 'network.domains', profile)
  const fewer = overrideProfile(profile, { network: { mode: 'domains', domains: ['a.example.com'] } })
  assert.deepEqual(fewer.network.domains, ['a.example.com'])
  assert.equal(overrideProfile(profile, { network: { mode: 'none' } }).network.mode, 'none')
})

const OTHER: Required<Override> = {
  filesystem: { workspace: 'none', temporary_size: '1MiB' },
  network: { mode: 'domains', domains: ['example.com'] },
  process: { ...PROCESS, max_seconds: 1 },
  environment: { mode: 'none' },
  terminal: true,
  protected: ['.git/', '.npmrc', 'AGENTS.md'],
}

test('a field the profile fixes cannot be changed: not narrower, and not by the owner either', () => {
  for (const field of FIXABLE) {
    const fixed: Profile = { ...PROFILE, immutable: [field] }
    for (const approved of [false, true]) {
      assert.throws(() => overrideProfile(fixed, { [field]: OTHER[field] }, approved), {
        code: 'SANDBOX_PROFILE_FIXED',
        kind: 'forbidden',
        where: field,
      })
    }
  }
})

test('a field the profile fixes may be repeated as it is, and leaves the others free', () => {
  const fixed: Profile = { ...PROFILE, immutable: ['process', 'network'] }
  const changed = overrideProfile(fixed, {
    process: PROCESS,
    network: { mode: 'none' },
    environment: { mode: 'none' },
  })
  assert.deepEqual(changed, { ...fixed, environment: { mode: 'none', pass: [] } })
})

test('what decides about overrides cannot be overridden', () => {
  for (const name of ['immutable', 'requires', 'name', 'description', '__proto__', 'constructor']) {
    const changes = JSON.parse(`{ ${JSON.stringify(name)}: [] }`) as Override
    assert.throws(() => overrideProfile(PROFILE, changes, true), {
      code: 'SANDBOX_PROFILE_INVALID',
      where: name,
    })
  }
})

test('a value of the wrong shape is refused, with its place', () => {
  const wrong = [
    [{ process: { ...PROCESS, max_memory: 'lots' } }, 'process.max_memory'],
    [{ filesystem: { workspace: 'everything' } }, 'filesystem.workspace'],
    [{ filesystem: { workspace: 'none', read_only: ['../up'] } }, 'filesystem.read_only.0'],
    [{ environment: { mode: 'none', extra: true } }, 'environment'],
    [{ network: { mode: 'domains', domains: [] } }, 'network'],
  ] as const
  for (const [changes, where] of wrong) {
    assert.throws(() => overrideProfile(PROFILE, changes as unknown as Override, true), {
      code: 'SANDBOX_PROFILE_INVALID',
      where,
    })
  }
})

test('whatever is taken without the owner gives no more of anything', () => {
  const mib = fc.integer({ min: 1, max: 128 }).map((size) => `${size}MiB`)
  const paths = fc.uniqueArray(fc.constantFrom('/srv/a', '/srv/b', '/srv/c', '/srv/d'), { maxLength: 2 })
  const anyProcess: fc.Arbitrary<ProfileInput['process']> = fc.record({
    fork: fc.boolean(),
    max_memory: mib,
    max_processes: fc.integer({ min: 1, max: 32 }),
    max_open_files: fc.integer({ min: 16, max: 128 }),
    max_seconds: fc.integer({ min: 1, max: 120 }),
    max_output: mib,
    max_file: mib,
    cpu_percent: fc.integer({ min: 1, max: 200 }),
  })
  const anyFiles: fc.Arbitrary<ProfileInput['filesystem']> = fc.record({
    workspace: fc.constantFrom('none', 'temporary', 'read-only', 'read-write'),
    read_only: paths,
    read_write: paths,
    temporary_size: mib,
  })
  let taken = 0
  fc.assert(
    fc.property(anyProcess, anyFiles, (process, filesystem) => {
      for (const changes of [{ process }, { filesystem }]) {
        let changed: Profile
        try {
          changed = overrideProfile(PROFILE, changes)
        } catch {
          continue
        }
        taken += 1
        const [a, b] = [PROFILE, changed]
        assert.ok(a.process.fork || !b.process.fork)
        for (const name of [
          'max_memory',
          'max_processes',
          'max_open_files',
          'cpu_percent',
          'max_file',
        ] as const) {
          assert.ok(b.process[name] <= a.process[name], name)
        }
        assert.ok((b.process.max_seconds ?? Infinity) <= (a.process.max_seconds ?? Infinity))
        assert.ok((b.process.max_output ?? Infinity) <= (a.process.max_output ?? Infinity))
        assert.notEqual(b.filesystem.workspace, 'read-write')
        const readable = [...a.filesystem.read_only, ...a.filesystem.read_write]
        assert.ok(
          [...b.filesystem.read_only, ...b.filesystem.read_write].every((path) => readable.includes(path)),
        )
        assert.ok(b.filesystem.read_write.every((path) => a.filesystem.read_write.includes(path)))
        assert.ok(b.filesystem.temporary_size <= a.filesystem.temporary_size)
      }
    }),
    { numRuns: 300 },
  )
  assert.ok(taken > 0, 'nothing was ever taken')
})
