import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile, type CompileContext } from './compile.ts'
import { SandboxError } from './errors.ts'
import { fakeLookup, profileWith } from './fake-lookup.test-kit.ts'
import { arrange } from './parts.ts'
import { isWithin } from './paths.ts'
import type { ProfileInput } from './profile.ts'
import type { Reach } from './reach.ts'
import type { Mount, SandboxSpec } from './spec.ts'

// What the agent will see at a path is decided by the last mount above it; here it is decided from the whole list.

const EXCLUSIONS = [
  '/home/u/.ssh',
  '/home/u/work/keys',
  '/home/u/work/alias',
  '/srv/vault',
  '/srv/shared/deep/vault',
]
/** Where the excluded things really are: one of them is named by a link. */
const SECRETS = [
  '/home/u/.ssh',
  '/home/u/work/keys',
  '/home/u/work/real',
  '/srv/vault',
  '/srv/shared/deep/vault',
]
const LOOKUP = fakeLookup({
  '/usr/bin/true*': '\x7fELF',
  '/home/u/.ssh/id': '',
  '/home/u/code/lib/x': '',
  '/home/u/work/.git/config': '',
  '/home/u/work/sub/.git/config': '',
  '/home/u/work/sub/.npmrc': '',
  '/home/u/work/agent.sock=': '',
  '/home/u/work/keys/k.pem': '',
  '/home/u/work/real/secret': '',
  '/home/u/work/alias@': 'real',
  '/home/u/work/door@': '/srv/vault',
  '/srv/door@': '/srv/vault/inner',
  '/srv/vault/inner/file': '',
  '/srv/shared/deep/vault/file': '',
  '/srv/shared/a/b/c.txt': '',
  '/srv/file.txt': '',
})
const CONTEXT: CompileContext = {
  argv: ['true'],
  workspace: '/home/u/work',
  env: {},
  home: '/home/u',
  user: { uid: 1000, gid: 1000, name: 'u' },
  reach: [],
  exclusions: EXCLUSIONS,
  seccompDigest: () => 'a'.repeat(64),
}

function made(
  reach: readonly Reach[] = [],
  filesystem: ProfileInput['filesystem'] = { workspace: 'read-write' },
): SandboxSpec {
  return compile(profileWith({ filesystem }), { ...CONTEXT, reach }, LOOKUP)
}

/** What stands at a path inside: the mount that is nearest above it, which is also the last of them. */
function seenAt({ mounts }: Pick<SandboxSpec, 'mounts'>, path: string): Mount | undefined {
  return mounts.findLast((mount) => isWithin(path, mount.path))
}

const PATHS = [
  ...SECRETS,
  ...['/', '/home', '/home/u', '/home/u/code', '/home/u/work', '/home/u/work/sub', '/home/u/work/door'],
  ...['/srv', '/srv/door', '/srv/shared', '/srv/shared/a', '/srv/shared/deep', '/srv/file.txt', '/nothing'],
]
const anyPath = fc.constantFrom(...PATHS)
const anyPattern = fc
  .tuple(anyPath, fc.constantFrom('', '/**', '/*', '/**/*.pem', '/new', '/new/**'))
  .map(([path, end]) => `${path === '/' && end !== '' ? '' : path}${end}`)
const anyReach: fc.Arbitrary<Reach> = fc.record({
  effect: fc.constantFrom('allow', 'allow', 'deny'),
  verb: fc.constantFrom('read', 'write'),
  pattern: anyPattern,
  rule: fc.constantFrom('r1', 'r2'),
})
const anyFiles: fc.Arbitrary<ProfileInput['filesystem']> = fc.record({
  workspace: fc.constantFrom('read-write', 'read-only', 'temporary', 'none'),
  read_only: fc.array(anyPath, { maxLength: 2 }),
  read_write: fc.array(anyPath, { maxLength: 2 }),
})
const REFUSALS = ['SANDBOX_PATH_INVALID', 'SANDBOX_PATH_EXCLUDED']

/** Compiles what the dice say; undefined when it was refused as it should be. */
function attempt(reach: readonly Reach[], filesystem: ProfileInput['filesystem']): SandboxSpec | undefined {
  try {
    return made(reach, filesystem)
  } catch (error) {
    assert.ok(error instanceof SandboxError, String(error))
    // the other refusal: a name is to be kept from being written that only a link in the workspace leads to
    const isLink = error.code === 'SANDBOX_UNENFORCEABLE' && reach.some(namesLink)
    assert.ok(isLink || REFUSALS.includes(error.code), String(error))
    return undefined
  }
}

/** `door` and `alias` are the links that lie in the workspace. */
function namesLink({ effect, verb, pattern }: Reach): boolean {
  return effect === 'deny' && verb === 'write' && /^\/home\/u\/work\/(?:door|\*)/.test(pattern)
}

test('no excluded place can be seen, whatever profile and policy ask for', () => {
  let shown = 0
  fc.assert(
    fc.property(fc.array(anyReach, { maxLength: 5 }), anyFiles, (reach, files) => {
      const spec = attempt(reach, files)
      if (spec === undefined) return
      for (const secret of SECRETS) {
        const above = spec.mounts.filter((mount) => isWithin(secret, mount.path) && mount.type === 'bind')
        if (above.length > 0) shown += 1
        assert.notEqual(seenAt(spec, secret)?.type, 'bind', secret)
        for (const mount of spec.mounts) {
          if (mount.type === 'bind') assert.ok(!isWithin(mount.source, secret), `${mount.source} is bound`)
        }
      }
    }),
    { numRuns: 400 },
  )
  assert.ok(shown > 0, 'no tree around an excluded place was ever shown')
})

test('parents stand before what is in them, one mount for each place, and nothing below a mask', () => {
  let masks = 0
  fc.assert(
    fc.property(fc.array(anyReach, { maxLength: 5 }), anyFiles, (reach, files) => {
      const { mounts } = attempt(reach, files) ?? { mounts: [] }
      mounts.forEach((mount, i) => {
        for (const later of mounts.slice(i + 1)) {
          assert.ok(!isWithin(mount.path, later.path), `${later.path} comes after ${mount.path}`)
          if (mount.type === 'mask')
            assert.ok(!isWithin(later.path, mount.path), `${later.path} under a mask`)
        }
        if (mount.type === 'mask') masks += 1
      })
    }),
    { numRuns: 300 },
  )
  assert.ok(masks > 0)
})

test('what is denied is not seen, or the run is refused', () => {
  let tried = 0
  fc.assert(
    fc.property(fc.array(anyReach, { maxLength: 3 }), anyPath, anyFiles, (others, path, files) => {
      const deny: Reach = {
        effect: 'deny',
        verb: 'read',
        pattern: `${path === '/' ? '' : path}/**`,
        rule: 'no',
      }
      const spec = attempt([...others, deny], files)
      if (spec === undefined) return
      const target = LOOKUP.real(path)
      if (target === undefined) return
      tried += 1
      assert.notEqual(seenAt(spec, target)?.type, 'bind', target)
    }),
    { numRuns: 300 },
  )
  assert.ok(tried > 0)
})

test('an exclusion that is named by a link is masked where it leads', () => {
  assert.equal(seenAt(made(), '/home/u/work/real/secret')?.type, 'mask')
})

test('sockets and protected names are shut in the workspace, and their parents cannot be renamed', () => {
  const spec = made()
  const at = (path: string) => spec.mounts.find((mount) => mount.path === path)
  const access = (path: string) => {
    const mount = at(path)
    return mount?.type === 'bind' ? mount.access : mount?.type
  }
  assert.equal(access('/home/u/work/agent.sock'), 'mask')
  assert.equal(access('/home/u/work/.git'), 'read')
  assert.equal(access('/home/u/work/.npmrc'), 'mask')
  assert.equal(access('/home/u/work/sub/.git'), 'read')
  assert.equal(access('/home/u/work/sub/.npmrc'), 'read')
  assert.match(at('/home/u/work/sub')?.why ?? '', /pinned/)
  assert.match(
    spec.notEnforced.join('\n'),
    /sockets of the host more than 3 directories below \/home\/u\/work/,
  )
})

test('a file the profile shows and policy denies refuses the run, by its name and by a pattern', () => {
  const files: ProfileInput['filesystem'] = { workspace: 'none', read_only: ['/srv/file.txt'] }
  assert.equal(seenAt(made([], files), '/srv/file.txt')?.type, 'bind')
  for (const pattern of ['/srv/file.txt', '/srv/**', '/srv/*.txt', '/**/*.txt']) {
    const deny: Reach = { effect: 'deny', verb: 'read', pattern, rule: 'no' }
    assert.throws(() => made([deny], files), { code: 'SANDBOX_PATH_EXCLUDED' }, pattern)
  }
})

const BIND = { type: 'bind', source: '/x', why: 'x' } as const
const SAME_PLACE: readonly Mount[] = [
  { type: 'memory', path: '/a/b', sizeBytes: 1, mode: 0o700, why: 'x' },
  { ...BIND, path: '/a/b', access: 'write' },
  { ...BIND, path: '/a/b', access: 'read' },
  { type: 'mask', path: '/a/b', kind: 'file', absent: false, why: 'x' },
]

test('of several mounts for one place the strictest counts, in whatever order they were asked for', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...SAME_PLACE], { minLength: 1 }), (mounts) => {
      const strictest = SAME_PLACE.findLast((mount) => mounts.includes(mount))
      assert.deepEqual(arrange(mounts), [strictest])
    }),
  )
})

test('the arrangement does not depend on the order of what was asked for', () => {
  const names = ['/a', '/a/b', '/a/b/c', '/a-b', '/b']
  const mounts = names.map((path, i): Mount => ({ ...BIND, path, access: i % 2 === 0 ? 'read' : 'write' }))
  fc.assert(
    fc.property(fc.shuffledSubarray(mounts, { minLength: mounts.length }), (shuffled) => {
      assert.deepEqual(
        arrange(shuffled).map(({ path }) => path),
        ['/a', '/a-b', '/b', '/a/b', '/a/b/c'],
      )
    }),
  )
})
