import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { GUARANTEES } from './profile.ts'
import { specDigest, type Mount, type SandboxSpec } from './spec.ts'

type Described = Omit<SandboxSpec, 'digest'>

const WORK: Mount = {
  type: 'bind',
  source: '/srv/app',
  path: '/srv/app',
  access: 'write',
  identity: { device: '7', inode: '12', kind: 'directory' },
  why: 'workspace',
}
const SPEC: Described = {
  version: 1,
  profile: 'agent',
  argv: ['/usr/bin/env', 'true'],
  cwd: '/srv/app',
  env: { HOME: '/home/u', PATH: '/usr/bin' },
  host: { uid: 1000, gid: 1000 },
  inside: { uid: 1000, gid: 1000, user: 'agent', home: '/home/u' },
  mounts: [
    { type: 'memory', path: '/tmp', sizeBytes: 1024, mode: 0o1777, why: 'temporary' },
    { type: 'link', path: '/bin', target: 'usr/bin', why: 'system' },
    { type: 'text', path: '/etc/hosts', text: '127.0.0.1 localhost\n', why: 'made' },
    WORK,
    { type: 'mask', path: '/srv/app/.git', kind: 'directory', absent: true, why: 'protected name' },
  ],
  limits: { memoryBytes: 1024, processes: 4, openFiles: 32, fileBytes: 512, cpuPercent: 100 },
  noFork: false,
  seccompDigest: 'a'.repeat(64),
  terminal: false,
  umask: 0o022,
  requires: ['namespaces'],
  notEnforced: ['something'],
  notes: ['something else'],
}

function withMount(at: number, change: object): Described {
  return {
    ...SPEC,
    mounts: SPEC.mounts.map((mount, i) => (i === at ? ({ ...mount, ...change } as Mount) : mount)),
  }
}

const word = fc.string()
const number = fc.nat()
const access = fc.constantFrom('read', 'write')

/** Specs that differ from SPEC in one thing, or in nothing when the dice say so. */
const ONE_CHANGE: Readonly<Record<string, fc.Arbitrary<Described>>> = {
  argv: fc.array(word).map((argv) => ({ ...SPEC, argv })),
  'one argument': word.map((argument) => ({ ...SPEC, argv: ['/usr/bin/env', argument] })),
  profile: word.map((profile) => ({ ...SPEC, profile })),
  cwd: word.map((cwd) => ({ ...SPEC, cwd })),
  'a value of the environment': word.map((HOME) => ({ ...SPEC, env: { ...SPEC.env, HOME } })),
  'a name of the environment': fc
    .stringMatching(/^[A-Z]{1,8}$/)
    .map((name) => ({ ...SPEC, env: { ...SPEC.env, [name]: '/usr/bin' } })),
  'an absent variable': fc.constant({ ...SPEC, env: { HOME: '/home/u' } }),
  host: fc.record({ uid: number, gid: number }).map((host) => ({ ...SPEC, host })),
  inside: word.map((user) => ({ ...SPEC, inside: { ...SPEC.inside, user } })),
  'a source': word.map((source) => withMount(3, { source })),
  'a path': word.map((path) => withMount(3, { path })),
  access: access.map((to) => withMount(3, { access: to })),
  'what stands there': word.map((inode) =>
    withMount(3, { identity: { device: '7', inode, kind: 'directory' } }),
  ),
  'what a link leads to': word.map((target) => withMount(1, { target })),
  'a text': word.map((text) => withMount(2, { text })),
  'a size': number.map((sizeBytes) => withMount(0, { sizeBytes })),
  'a mode': number.map((mode) => withMount(0, { mode })),
  'whether a mask stands on nothing': fc.boolean().map((absent) => withMount(4, { absent })),
  'the number of mounts': fc.nat(5).map((count) => ({ ...SPEC, mounts: SPEC.mounts.slice(0, count) })),
  'the order of mounts': fc
    .shuffledSubarray([...SPEC.mounts], { minLength: SPEC.mounts.length })
    .map((mounts) => ({ ...SPEC, mounts })),
  limits: fc
    .record({ name: fc.constantFrom(...Object.keys(SPEC.limits), 'wallMs', 'outputBytes'), value: number })
    .map(({ name, value }) => ({ ...SPEC, limits: { ...SPEC.limits, [name]: value } })),
  'the system call filter': fc
    .stringMatching(/^[a-f0-9]{64}$/)
    .map((seccompDigest) => ({ ...SPEC, seccompDigest })),
  noFork: fc.boolean().map((noFork) => ({ ...SPEC, noFork })),
  terminal: fc.boolean().map((terminal) => ({ ...SPEC, terminal })),
  umask: fc.integer({ min: 0, max: 0o777 }).map((umask) => ({ ...SPEC, umask })),
  requires: fc.subarray([...GUARANTEES]).map((requires) => ({ ...SPEC, requires })),
}

for (const [what, changed] of Object.entries(ONE_CHANGE)) {
  test(`a digest stands for ${what}`, () => {
    const digest = specDigest(SPEC)
    let seen = 0
    fc.assert(
      fc.property(changed, (other) => {
        const isSame = isDeepStrictEqual(other, SPEC)
        if (!isSame) seen += 1
        assert.equal(specDigest(other) === digest, isSame)
      }),
    )
    assert.ok(seen > 0, 'nothing was ever different')
  })
}

test('the same description has the same digest, in whatever order its members were written', () => {
  const turned = Object.fromEntries(Object.entries(structuredClone(SPEC)).reverse()) as unknown as Described
  const env = Object.fromEntries(Object.entries(SPEC.env).reverse())
  assert.equal(specDigest({ ...turned, env }), specDigest(SPEC))
})

test('words for people do not change what a permit is for', () => {
  fc.assert(
    fc.property(fc.array(word), fc.array(word), (notes, notEnforced) => {
      assert.equal(specDigest({ ...SPEC, notes, notEnforced }), specDigest(SPEC))
    }),
  )
})

test('a digest that is already there is not part of itself', () => {
  const whole: SandboxSpec = { ...SPEC, digest: 'f'.repeat(64) }
  assert.equal(specDigest(whole), specDigest(SPEC))
})

test('a value cannot be moved from one variable into another', () => {
  const swapped = { ...SPEC, env: { HOME: '/usr/bin', PATH: '/home/u' } }
  assert.notEqual(specDigest(swapped), specDigest(SPEC))
})
