import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeLookup } from './fake-lookup.test-kit.ts'
import { isWithin } from './paths.ts'
import type { Mount } from './spec.ts'
import {
  bindOf,
  identityOf,
  mask,
  maskSockets,
  matchesIn,
  pinParents,
  protect,
  readOnly,
  scan,
  type Hidden,
} from './tree.ts'

const WORK = { path: '/work', access: 'write' } as const

function guard(names: readonly string[], machine: Readonly<Record<string, string>>): Hidden {
  const lookup = fakeLookup({ '/work/': '', ...machine })
  return protect(WORK, names, scan(WORK.path, lookup), lookup)
}

function shape(mounts: readonly Mount[]): string[] {
  return mounts.map((mount) => {
    if (mount.type === 'mask') return `${mount.path} ${mount.absent ? 'absent' : 'masked'} ${mount.kind}`
    return mount.type === 'bind' ? `${mount.path} ${mount.access}` : `${mount.path} ${mount.type}`
  })
}

test('a protected name that is there is read-only, one that is not is masked as what it would be', () => {
  const { mounts } = guard(['.git/', '.hg/', '.npmrc', '.envrc'], {
    '/work/.git/config': '',
    '/work/.npmrc': '',
  })
  assert.deepEqual(shape(mounts), [
    '/work/.git read',
    '/work/.hg absent directory',
    '/work/.npmrc read',
    '/work/.envrc absent file',
  ])
})

test('a protected name whose directory is missing shuts the directory, so that the name cannot be made in it', () => {
  assert.deepEqual(shape(guard(['.github/hooks/'], {}).mounts), ['/work/.github absent directory'])
  assert.deepEqual(shape(guard(['.github/hooks/'], { '/work/.github/x': '' }).mounts), [
    '/work/.github/hooks absent directory',
  ])
  assert.deepEqual(shape(guard(['.github/hooks/'], { '/work/.github/hooks/': '' }).mounts), [
    '/work/.github/hooks read',
  ])
})

test('shell start files are protected where they are there', () => {
  assert.deepEqual(shape(guard([], { '/work/.bashrc': '', '/work/.zshrc': '' }).mounts), [
    '/work/.bashrc read',
    '/work/.zshrc read',
  ])
})

test('a protected name further down is read-only; one that nobody names stays writable', () => {
  const { mounts } = guard(['.git/'], {
    '/work/.git/': '',
    '/work/sub/.git/': '',
    '/work/a/b/.git': '',
    '/work/a/c': '',
  })
  assert.deepEqual(shape(mounts), ['/work/.git read', '/work/sub/.git read', '/work/a/b/.git read'])
})

test('a protected name that is a link cannot be held in place, and that ends it', () => {
  assert.throws(() => guard(['.git/'], { '/work/.git@': '/elsewhere', '/elsewhere/': '' }), {
    code: 'SANDBOX_PATH_INVALID',
    message: /a link/,
  })
})

test('what is not protected is told: too deep, too many, links', () => {
  const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`/work/p${i}/.npmrc`, '']))
  const told = (machine: Readonly<Record<string, string>>) =>
    guard(['.npmrc'], machine).notEnforced.join('\n')
  assert.match(told({}), /more than 3 directories below \/work/)
  assert.doesNotMatch(told({}), /links, or too many|too large/)
  assert.match(told(many), /6 protected names below \/work/)
  assert.match(told({ '/work/a/.npmrc@': '/x' }), /1 protected names below \/work/)
})

test('a tree too large to look through is said to be so', () => {
  const lookup = {
    ...fakeLookup({ '/work/': '' }),
    list: (path: string) =>
      path === '/work'
        ? Array.from({ length: 2000 }, (_, i) => ({ name: `d${i}`, kind: 'directory' as const }))
        : [],
  }
  const found = scan('/work', lookup)
  assert.equal(found.complete, false)
  assert.match(protect(WORK, [], found, lookup).notEnforced.join('\n'), /too large to look through/)
})

test('a scan goes three directories down, and not into what others made', () => {
  const lookup = fakeLookup({
    '/w/a/b/c/d': '',
    '/w/a/b/c/e/f': '',
    '/w/node_modules/x': '',
    '/w/.git/config': '',
  })
  const { entries, complete } = scan('/w', lookup)
  const names = ['/w/.git', '/w/a', '/w/a/b', '/w/a/b/c', '/w/a/b/c/d', '/w/a/b/c/e', '/w/node_modules']
  assert.deepEqual(entries.map(({ path }) => path).sort(), names)
  assert.equal(complete, true)
})

test('a scan does not follow links out of the tree', () => {
  const { entries } = scan('/w', fakeLookup({ '/w/out@': '/secret', '/secret/key': '' }))
  assert.deepEqual(entries, [{ path: '/w/out', name: 'out', kind: 'link' }])
})

test('a mask covers what is there; nothing and links are not masked', () => {
  const lookup = fakeLookup({ '/w/d/': '', '/w/f': '', '/w/s=': '', '/w/o|': '', '/w/l@': '/w/f' })
  const masked = ['d', 'f', 's', 'o', 'l', 'nothing'].map((name) => shape(mask(`/w/${name}`, 'x', lookup)))
  assert.deepEqual(masked, [
    ['/w/d masked directory'],
    ['/w/f masked file'],
    ['/w/s masked file'],
    ['/w/o masked file'],
    [],
    [],
  ])
})

test('only what can be held in place is bound, and with what it is', () => {
  const lookup = fakeLookup({ '/w/f': '', '/w/l@': '/w/f', '/w/o|': '' })
  const seen = lookup.look('/w/f')!
  assert.deepEqual(bindOf('/w/f', seen, 'read', 'x'), {
    type: 'bind',
    source: '/w/f',
    path: '/w/f',
    access: 'read',
    identity: { device: seen.device, inode: seen.inode, kind: 'file' },
    why: 'x',
  })
  assert.deepEqual(readOnly('/w/nothing', 'x', lookup), [])
  for (const path of ['/w/l', '/w/o']) {
    assert.throws(() => identityOf(path, lookup.look(path)!), { code: 'SANDBOX_PATH_INVALID' })
  }
})

test('every socket in sight is masked, and no run begins where there are too many', () => {
  const sockets = (count: number) =>
    fakeLookup(Object.fromEntries(Array.from({ length: count }, (_, i) => [`/w/run/s${i}=`, ''])))
  const masked = (count: number) => maskSockets(scan('/w', sockets(count)), sockets(count))
  assert.equal(masked(0).length, 0)
  assert.equal(masked(200).length, 200)
  assert.throws(() => masked(513), { code: 'SANDBOX_UNENFORCEABLE', message: /513 sockets/ })
})

test('a pattern finds every match or refuses, never some of them', () => {
  const files = (count: number) =>
    scan('/w', fakeLookup(Object.fromEntries(Array.from({ length: count }, (_, i) => [`/w/k${i}.pem`, '']))))
  assert.equal(matchesIn('/w/**/*.pem', files(200)).length, 200)
  assert.throws(() => matchesIn('/w/**/*.pem', files(513)), { code: 'SANDBOX_UNENFORCEABLE' })
  assert.deepEqual(matchesIn('/w/*.key', files(3)), [])
})

test('of matches inside each other the outermost is enough', () => {
  const found = scan('/w', fakeLookup({ '/w/.ssh/id': '', '/w/a/.ssh/b/c': '', '/w/.sshx': '' }))
  assert.deepEqual([...matchesIn('/w/**/.ssh/**', found)].sort(), ['/w/.ssh', '/w/a/.ssh'])
})

test('every directory between a writable tree and something shut in it is pinned', () => {
  const lookup = fakeLookup({ '/w/a/b/.git/': '', '/w/a/c/f': '', '/r/x/y': '' })
  const bound = (path: string, access: 'read' | 'write') => bindOf(path, lookup.look(path)!, access, 'x')
  const mounts = [
    bound('/w', 'write'),
    bound('/w/a/b/.git', 'read'),
    ...mask('/w/a/c/f', 'x', lookup),
    bound('/r', 'read'),
    bound('/r/x/y', 'read'),
  ]
  assert.deepEqual(shape(pinParents(mounts, lookup)), ['/w/a write', '/w/a/b write', '/w/a/c write'])
})

test('no parent of something shut can be renamed, however deep it lies', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), fc.boolean(), (names, isMask) => {
      const path = `/w/${names.join('/')}`
      const lookup = fakeLookup({ [`${path}/`]: '' })
      const shut = isMask ? mask(path, 'x', lookup) : readOnly(path, 'x', lookup)
      const pinned = pinParents([bindOf('/w', lookup.look('/w')!, 'write', 'x'), ...shut], lookup)
      const between = names.slice(0, -1).map((_, i) => `/w/${names.slice(0, i + 1).join('/')}`)
      assert.deepEqual(
        shape(pinned),
        between.map((at) => `${at} write`),
      )
      assert.ok(pinned.every((mount) => isWithin(path, mount.path)))
    }),
  )
})

test('a directory that vanished while it was looked at ends it', () => {
  const lookup = fakeLookup({ '/w/': '' })
  const mounts: Mount[] = [
    bindOf('/w', lookup.look('/w')!, 'write', 'x'),
    { type: 'mask', path: '/w/gone/file', kind: 'file', absent: false, why: 'x' },
  ]
  assert.throws(() => pinParents(mounts, lookup), { code: 'SANDBOX_CHANGED' })
})
