import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeLookup } from './fake-lookup.test-kit.ts'
import { isWithin } from './paths.ts'
import { planReach, type Reach } from './reach.ts'
import type { Mount } from './spec.ts'
import { scan, type Tree } from './tree.ts'

const MACHINE: Readonly<Record<string, string>> = {
  '/srv/data/a/one.txt': '',
  '/srv/data/b/two.txt': '',
  '/srv/data/keys/k1.pem': '',
  '/srv/data2/': '',
  '/srv/link@': 'data',
  '/srv/socket=': '',
  '/srv/secret/inner/file': '',
  '/etc/motd': '',
  '/home/u/work/src/x': '',
  '/home/u/work/.env': '',
  '/home/u/work/out@': '/srv/data',
  '/home/u/alias@': 'work',
}
const LOOKUP = fakeLookup(MACHINE)
const AROUND = { own: [] as Tree[], exclusions: ['/srv/secret'], home: '/home/u', lookup: LOOKUP }
const WORK: Tree = { path: '/home/u/work', access: 'write' }

function rule(effect: Reach['effect'], verb: Reach['verb'], pattern: string): Reach {
  return { effect, verb, pattern, rule: `rule.${effect}` }
}
const allow = (pattern: string, verb: Reach['verb'] = 'read') => rule('allow', verb, pattern)
const deny = (pattern: string, verb: Reach['verb'] = 'read') => rule('deny', verb, pattern)

function shown(...reach: Reach[]): string[] {
  return planReach(reach, AROUND).trees.map(({ path, access }) => `${path} ${access}`)
}

function shut(tree: Tree, ...reach: Reach[]): string[] {
  const mounts = planReach(reach, AROUND).denied(tree, scan(tree.path, LOOKUP))
  return mounts.map((mount: Mount) => {
    if (mount.type === 'mask') return `${mount.path} ${mount.absent ? `absent ${mount.kind}` : 'mask'}`
    return `${mount.path} ${mount.type === 'bind' ? mount.access : mount.type}`
  })
}

test('a directory with everything in it, and a single file, are shown as allowed', () => {
  assert.deepEqual(shown(allow('/srv/data/**')), ['/srv/data read'])
  assert.deepEqual(shown(allow('/srv/data/**', 'write')), ['/srv/data write'])
  assert.deepEqual(shown(allow('/etc/motd')), ['/etc/motd read'])
})

test('a link is shown as what it leads to', () => {
  assert.deepEqual(shown(allow('/srv/link/**')), ['/srv/data read'])
})

test('an allow with a wildcard in the middle shows nothing, and that is told', () => {
  for (const pattern of [
    '/srv/*/a',
    '/srv/**/a/**',
    '/srv/data/*.txt',
    '/srv/d?ta/**',
    '/**/data',
    '/srv/{a,b}',
    '/*',
  ]) {
    const plan = planReach([allow(pattern)], AROUND)
    assert.deepEqual(plan.trees, [], pattern)
    assert.equal(plan.notes.length, 1, pattern)
    assert.match(plan.notes[0] ?? '', /rule\.allow .*does not show it.*only a whole path/)
    assert.ok(plan.notes[0]?.includes(pattern))
  }
})

test('what is not there, a directory without its stars, and a socket are not shown, and that is told', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['/srv/nothing/**', /nothing at that path/],
    ['/srv/data', /with \/\*\*/],
    ['/srv/socket', /neither a file nor a directory/],
  ]
  for (const [pattern, why] of cases) {
    const { trees, notes } = planReach([allow(pattern)], AROUND)
    assert.deepEqual(trees, [])
    assert.match(notes.join(), why)
  }
})

test('the machine, the home directory and what holds it are never shown, whoever allows it', () => {
  for (const top of [
    '',
    '/etc',
    '/home',
    '/home/u',
    '/usr',
    '/var',
    '/proc',
    '/proc/1',
    '/dev',
    '/sys/kernel',
    '/srv',
    '/opt',
  ]) {
    const around = { ...AROUND, lookup: fakeLookup({ ...MACHINE, [`${top}/x`]: '' }) }
    const { trees, notes } = planReach([allow(`${top}/**`, 'write')], around)
    assert.deepEqual(trees, [], top)
    assert.match(notes.join(), /part of the machine|home directory/, top)
  }
})

test('what is excluded is not shown, nor what lies in it, and that is told', () => {
  for (const pattern of ['/srv/secret/**', '/srv/secret/inner/**', '/srv/secret/inner/file']) {
    const { trees, notes } = planReach([allow(pattern, 'write')], AROUND)
    assert.deepEqual(trees, [])
    assert.match(notes.join(), /hard exclusion \/srv\/secret/)
  }
})

test('whatever policy allows, no excluded place is ever shown', () => {
  const name = fc.constantFrom(
    'srv',
    'secret',
    'inner',
    'data',
    'home',
    'u',
    'work',
    'link',
    'alias',
    '..',
    '.',
    '*',
    '**',
    '',
  )
  const pattern = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => `/${names.join('/')}`)
  const known = fc
    .constantFrom('/srv/secret', '/srv/secret/inner', '/srv/door', '/srv/data')
    .map((path) => `${path}/**`)
  const lookup = fakeLookup({ ...MACHINE, '/srv/door@': '/srv/secret/inner' })
  let given = 0
  fc.assert(
    fc.property(
      fc.array(fc.oneof(pattern, known), { maxLength: 6 }),
      fc.constantFrom('read', 'write'),
      (patterns, verb) => {
        const { trees } = planReach(
          patterns.map((text) => allow(text, verb)),
          { ...AROUND, lookup },
        )
        given += trees.length
        for (const { path } of trees) {
          assert.ok(!isWithin(path, '/srv/secret'), path)
          assert.ok(!isWithin('/home/u', path), path)
        }
      },
    ),
    { numRuns: 300 },
  )
  assert.ok(given > 0, 'nothing was ever shown')
})

test('two allows of one place give the wider one, and one inside another gives nothing more', () => {
  assert.deepEqual(shown(allow('/srv/data/**'), allow('/srv/data/**', 'write')), ['/srv/data write'])
  assert.deepEqual(shown(allow('/srv/data/**', 'write'), allow('/srv/data/a/**')), ['/srv/data write'])
  assert.deepEqual(shown(allow('/srv/data/**'), allow('/srv/data/a/**', 'write')), [
    '/srv/data read',
    '/srv/data/a write',
  ])
  assert.deepEqual(shown(allow('/srv/data/**'), allow('/srv/data2/**')), [
    '/srv/data read',
    '/srv/data2 read',
  ])
})

test('where the profile shows a place itself, policy does not make it writable', () => {
  const own: Tree[] = [{ path: '/srv/data', access: 'read' }]
  assert.deepEqual(planReach([allow('/srv/data/**', 'write')], { ...AROUND, own }).trees, [])
})

test('a deny beats an allow of the same place, of one above it, and through a link', () => {
  for (const denied of ['/srv/data/**', '/srv/**', '/srv/link/**', '/srv/*/**', '/**/data']) {
    const plan = planReach([allow('/srv/data/**'), deny(denied)], AROUND)
    assert.deepEqual(plan.trees, [], denied)
    assert.match(plan.notes.join(), /rule\.deny denies read/, denied)
  }
})

test('a deny of writing leaves what is only read', () => {
  assert.deepEqual(shown(allow('/srv/data/**'), deny('/srv/data/**', 'write')), ['/srv/data read'])
  assert.deepEqual(shown(allow('/srv/data/**', 'write'), deny('/srv/data/**', 'write')), [])
})

test('a deny inside a visible tree becomes a mask, or read-only where only writing is denied', () => {
  assert.deepEqual(shut(WORK, deny('/home/u/work/src/**')), ['/home/u/work/src mask'])
  assert.deepEqual(shut(WORK, deny('/home/u/work/.env')), ['/home/u/work/.env mask'])
  assert.deepEqual(shut(WORK, deny('/home/u/work/src/**', 'write')), ['/home/u/work/src read'])
  assert.deepEqual(shut({ ...WORK, access: 'read' }, deny('/home/u/work/src/**', 'write')), [])
  assert.deepEqual(shut(WORK, deny('/srv/data/**')), [], 'elsewhere')
})

test('a deny with wildcards masks what is there, and says that it can do no more', () => {
  const tree: Tree = { path: '/srv/data', access: 'read' }
  assert.deepEqual(shut(tree, deny('/srv/**/*.pem')), ['/srv/data/keys/k1.pem mask'])
  const { notEnforced } = planReach(
    [deny('/srv/**/*.pem'), deny('/srv/**/*.pem', 'write'), deny('/x/**')],
    AROUND,
  )
  assert.deepEqual(notEnforced, [
    'rule.deny denies /srv/**/*.pem: kept for what is there at the start, in the upper directories, not behind links',
  ])
})

test('what is denied and not there yet cannot be made either', () => {
  assert.deepEqual(shut(WORK, deny('/home/u/work/new')), ['/home/u/work/new absent file'])
  assert.deepEqual(shut(WORK, deny('/home/u/work/new/**', 'write')), ['/home/u/work/new absent directory'])
  assert.deepEqual(
    shut({ ...WORK, access: 'read' }, deny('/home/u/work/new')),
    [],
    'nothing can be made there',
  )
})

test('a deny that names a place by a link is kept where the link leads', () => {
  assert.deepEqual(shut(WORK, deny('/home/u/alias/src/**')), ['/home/u/work/src mask'])
  assert.deepEqual(shut(WORK, deny('/home/u/alias/new')), ['/home/u/work/new absent file'])
})

test('no name is kept from being written that a link in the tree decides on: the link could be replaced', () => {
  const machine = {
    ...MACHINE,
    '/home/u/work/inner@': 'src/x',
    '/home/u/work/linked@': 'src',
    '/home/u/work/chain@': 'linked/../out',
    '/home/u/work/dead@': '/nowhere',
    '/home/u/door@': 'work/src/hinge',
    '/home/u/work/src/hinge@': '/srv/data',
  }
  const lookup = fakeLookup(machine)
  const plan = (pattern: string, verb: Reach['verb'], tree = WORK) =>
    planReach([deny(pattern, verb)], { ...AROUND, lookup }).denied(tree, scan(tree.path, lookup))
  const held = [
    ['out', 'out'],
    ['out/**', 'out'],
    ['out/a/one.txt', 'out'],
    ['out/*.txt', 'out'],
    ['o*', 'out'],
    ['inner', 'inner'],
    ['linked/x', 'linked'],
    ['linked/new', 'linked'],
    ['chain', 'chain'],
    ['dead', 'dead'],
    ['../door/a', 'src/hinge'],
    ['../alias/out', 'out'],
  ]
  for (const [name = '', link = ''] of held) {
    const pattern = name.startsWith('..') ? `/home/u/${name.slice(3)}` : `/home/u/work/${name}`
    const message = new RegExp(`rule\\.deny keeps .*${link.replace('src/', '')}`)
    assert.throws(() => plan(pattern, 'write'), { code: 'SANDBOX_UNENFORCEABLE', message }, pattern)
    // what an agent makes itself it may read, and in a tree it cannot write nothing can be replaced
    plan(pattern, 'read')
    assert.deepEqual(plan(pattern, 'write', { ...WORK, access: 'read' }), [], pattern)
  }
  assert.equal(plan('/home/u/work/src/x', 'write').length, 1, 'a name without a link is held')
  assert.equal(plan('/home/u/alias/src/x', 'write').length, 1, 'a link outside is not the agent’s to replace')
  assert.deepEqual(plan('/srv/link/a', 'write'), [], 'elsewhere')
})

test('links that lead in a circle end somewhere', () => {
  const lookup = fakeLookup({ ...MACHINE, '/srv/one@': 'two', '/srv/two@': 'one' })
  const plan = planReach([deny('/srv/one/x', 'write')], { ...AROUND, lookup })
  assert.deepEqual(plan.denied(WORK, scan(WORK.path, lookup)), [])
})

test('a deny of every verb is done once for reading and once for writing', () => {
  const verbs = ['read', 'write', 'write', 'write', 'read'] as const
  assert.deepEqual(shut(WORK, ...verbs.map((verb) => deny('/home/u/work/.env', verb))), [
    '/home/u/work/.env mask',
    '/home/u/work/.env read',
  ])
})

test('a deny of the workspace itself, or of what holds it, refuses the run', () => {
  const covering = [
    '/home/u/work',
    '/home/u/work/**',
    '/home/u/**',
    '/**',
    '/home/u/alias/**',
    '/home/*/work',
    '/**/work/**',
  ]
  for (const pattern of covering) {
    assert.throws(
      () => shut(WORK, deny(pattern)),
      { code: 'SANDBOX_PATH_EXCLUDED', message: /rule\.deny denies read/ },
      pattern,
    )
    assert.throws(() => shut(WORK, deny(pattern, 'write')), { code: 'SANDBOX_PATH_EXCLUDED' }, pattern)
    assert.deepEqual(shut({ ...WORK, access: 'read' }, deny(pattern, 'write')), [], pattern)
  }
})

test('a place whose name begins like a denied one is not denied', () => {
  assert.deepEqual(shown(allow('/srv/data2/**'), deny('/srv/data/**')), ['/srv/data2 read'])
  assert.deepEqual(shut(WORK, deny('/home/u/wor/**'), deny('/home/u/work2/**')), [])
})
