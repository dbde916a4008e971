import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { openNative } from '../../platform/native.ts'
import { compile } from './compile.ts'
import { diskLookup } from './lookup.ts'
import { podmanArguments, type ContainerPlan } from './podman-arguments.ts'
import { createPodmanDriver } from './podman-driver.ts'
import { lastWords } from './podman-home.ts'
import { pinned, skeletonArchive, withoutSystem } from './podman-image.ts'
import { knownContainers, ownerOf } from './podman-leftovers.ts'
import { refuseUnlimited } from './podman-limits.ts'
import { chooseRuntime } from './podman-runtime.ts'
import { profileSchema } from './profile.ts'
import type { Mount, SandboxSpec } from './spec.ts'

function folder(t: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(join(tmpdir(), 'warder-podman-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function specOf(t: Pick<TestContext, 'after'>): SandboxSpec {
  const workspace = join(folder(t), 'work')
  mkdirSync(workspace)
  const profile = profileSchema.parse({
    name: 'task',
    description: 'for tests of the arguments',
    filesystem: { workspace: 'read-write', temporary_size: '16MiB' },
    network: { mode: 'none' },
    process: { fork: true, max_memory: '512MiB', max_processes: 64, max_open_files: 256 },
    environment: { mode: 'restricted', pass: ['TOKEN'] },
    minimum_level: 'container',
  })
  return compile(
    profile,
    {
      ...{ argv: ['/bin/sh', '-c', 'echo secret-of-the-argument'], workspace, home: '/home/x' },
      ...{ user: { uid: 1234, gid: 1234, name: 'tester' }, reach: [], exclusions: [] },
      env: { PATH: '/usr/bin:/bin', TOKEN: 'secret-of-the-environment' },
      seccompDigest: () => 'digest',
    },
    diskLookup,
  )
}

const PLAN: Omit<ContainerPlan, 'mounts'> = {
  ...{ name: 'warder-x', image: `sha256:${'a'.repeat(64)}`, runtime: 'runc', isRootless: false, control: 3 },
  ...{ init: '/opt/init', seccomp: '/state/seccomp.json', pidFile: '/state/pid', owner: '1-2' },
  ownLimits: 'Max processes   96343   96343   processes\nMax open files  1024  20000  files\n',
  made: new Map(),
}

/** The values of an option, wherever it stands. */
function valuesOf(words: readonly string[], option: string): string[] {
  return words.flatMap((word, i) => (words[i - 1] === option ? [word] : []))
}

test('a container is told everything that holds it in, and nothing of what runs in it', (t) => {
  const spec = specOf(t)
  const words = podmanArguments(spec, { ...PLAN, mounts: spec.mounts })
  assert.doesNotMatch(words.join('\n'), /secret-of|TOKEN/)
  for (const [option, value] of [
    ['--network', 'none'],
    ['--pull', 'never'],
    ['--cap-drop', 'all'],
    ['--user', '1234:1234'],
    ['--log-driver', 'none'],
    ['--ipc', 'private'],
  ] as const) {
    assert.deepEqual(valuesOf(words, option), [value], option)
  }
  assert.deepEqual(valuesOf(words, '--security-opt'), [
    'no-new-privileges',
    'seccomp=/state/seccomp.json',
    'mask=/sys',
  ])
  assert.ok(words.includes('--read-only') && words.includes('--read-only-tmpfs=false'))
  assert.ok(words.includes('--rm') && words.includes('--unsetenv-all') && !words.includes('--privileged'))
  assert.deepEqual(valuesOf(words, '--ulimit'), ['core=0:0', 'nofile=20000:20000', 'nproc=32768:32768'])
  assert.equal(words.at(-1), PLAN.image)
  assert.deepEqual(valuesOf(words, '--entrypoint'), ['["/run/warder/init","3"]'])
})

test('a container of an ordinary user maps that user and nobody else', (t) => {
  const spec = specOf(t)
  const words = podmanArguments(spec, { ...PLAN, mounts: spec.mounts, isRootless: true })
  assert.deepEqual(valuesOf(words, '--userns'), ['keep-id:uid=1234,gid=1234'])
})

test('every mount of a spec is told: what is for reading read-only, what is masked empty', (t) => {
  const spec = specOf(t)
  const made = new Map(spec.mounts.map(({ path }) => [path, `/state/made${path.replaceAll('/', '-')}`]))
  const told = valuesOf(podmanArguments(spec, { ...PLAN, mounts: spec.mounts, made }), '--mount')
  for (const mount of spec.mounts) {
    const own = told.filter((each) => each.includes(`dst=${mount.path},`))
    assert.equal(own.length, mount.type === 'link' ? 0 : 1, mount.path)
    const mayWrite = mount.type === 'memory' || (mount.type === 'bind' && mount.access === 'write')
    if (mount.type !== 'link') assert.equal(own[0]?.includes('ro=true'), !mayWrite, mount.path)
    if (mount.type === 'memory') assert.match(own[0] ?? '', new RegExp(`tmpfs-size=${mount.sizeBytes},`))
  }
})

test('no path becomes an option, whatever it holds', (t) => {
  const spec = specOf(t)
  const name = fc.stringMatching(/^[ -~]{1,20}$/).map((text) => text.replaceAll('/', '|'))
  fc.assert(
    fc.property(name, (text) => {
      const path = `/data/${text}`
      const mount: Mount = { type: 'bind', source: path, path, access: 'read', why: 'test' }
      const [told = ''] = valuesOf(podmanArguments(spec, { ...PLAN, mounts: [mount] }), '--mount')
      const fields = csv(told)
      assert.deepEqual(fields, [
        'type=bind',
        `src=${path}`,
        `dst=${path}`,
        'ro=true',
        'bind-propagation=rprivate',
      ])
    }),
  )
  const broken: Mount = { type: 'bind', source: '/a\nb', path: '/a\nb', access: 'read', why: 'test' }
  assert.throws(() => podmanArguments(spec, { ...PLAN, mounts: [broken] }), { code: 'SANDBOX_PATH_INVALID' })
})

/** One line of CSV, read as RFC 4180 says. */
function csv(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

test('an overlay is refused and not left out', (t) => {
  const identity = { device: '1', inode: '2', kind: 'directory' } as const
  const overlay: Mount = {
    ...{ type: 'overlay', path: '/w', source: '/w', identity, upper: '/u', work: '/k', why: 'test' },
  }
  assert.throws(() => podmanArguments(specOf(t), { ...PLAN, mounts: [overlay] }), {
    code: 'SANDBOX_UNENFORCEABLE',
  })
})

test('the image holds the links of a spec and nothing else, the same bytes each time', (t) => {
  const { mounts } = specOf(t)
  const archive = skeletonArchive(mounts)
  assert.deepEqual(archive, skeletonArchive(mounts.toReversed()))
  const path = join(folder(t), 'skeleton.tar')
  writeFileSync(path, archive)
  const listed = execFileSync('/bin/tar', ['-tvf', path], { encoding: 'utf8' }).trim().split('\n')
  for (const mount of mounts) {
    const line = listed.find((each) => each.includes(` ${mount.path.slice(1)} -> `))
    if (mount.type === 'link') assert.ok(line?.endsWith(` -> ${mount.target}`), mount.path)
  }
  assert.ok(listed.every((line) => /^(d|l)/.test(line) && line.includes(' 0/0 ')))
})

test('an image is named by its digest or not at all', () => {
  const hex = 'b'.repeat(64)
  assert.equal(pinned(hex), `sha256:${hex}`)
  assert.equal(pinned(`sha256:${hex}`), `sha256:${hex}`)
  for (const name of [
    '',
    'localhost/task:1',
    hex.slice(1),
    `${hex}0`,
    `sha256:${hex.toUpperCase()}`,
    '--privileged',
  ]) {
    assert.throws(() => pinned(name), { code: 'SANDBOX_COMMAND_INVALID' }, name)
  }
})

test('in an image of its own nothing of the system is bound', (t) => {
  const spec = specOf(t)
  const left = withoutSystem(spec)
  assert.ok(left.every((mount) => mount.type !== 'link' && !mount.path.startsWith('/usr')))
  assert.deepEqual(
    left.flatMap((mount) => (mount.type === 'bind' ? [mount.path] : [])),
    [spec.cwd],
  )
})

test('the first runtime that starts a container is taken, for this boot and these programs', async (t) => {
  const top = folder(t)
  const home = { runs: join(top, 'runs'), podman: '/bin/true' }
  mkdirSync(home.runs)
  const tried: string[] = []
  const only = (works: string) => async (runtime: string) => {
    tried.push(runtime)
    if (runtime !== works) throw new Error(`${runtime} does not like it here`)
  }
  const isHere = (runtime: string) =>
    execFileSync('/bin/sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${runtime} || true`]).length > 0
  if (!isHere('runc')) return t.skip('runc is not installed: NOT tried')
  const first = await chooseRuntime(home, only('runc'))
  assert.equal(first.runtime, 'runc')
  assert.match(first.passedOver.join(), /crun: (crun does not like it here|it is not installed)/)
  const before = tried.length
  assert.equal((await chooseRuntime(home, only('nothing'))).runtime, 'runc')
  assert.equal(tried.length, before, 'it was tried again')
  writeFileSync(join(top, 'runtime.json'), '{"mark":"of another boot","runtime":"crun","passedOver":[]}')
  await assert.rejects(chooseRuntime(home, only('nothing')), {
    code: 'SANDBOX_UNAVAILABLE',
    message: /runc does not like it here/,
  })
})

test('a container is not started without its limits, and each that lacks is named', () => {
  const report = (name: 'memory' | 'processes' | 'cpu' | 'open-files', inForce: boolean) => ({
    ...{ name, wanted: `much ${name}`, inForce, by: 'none' },
    note: `no ${name} here`,
  })
  refuseUnlimited([
    report('memory', true),
    report('processes', true),
    report('cpu', true),
    report('open-files', false),
  ])
  assert.throws(
    () => refuseUnlimited([report('memory', false), report('processes', true), report('cpu', false)]),
    {
      code: 'SANDBOX_UNENFORCEABLE',
      message: /memory much memory \(no memory here\), cpu much cpu \(no cpu here\)/,
    },
  )
})

test('without podman the driver says so and what to do, and starts nothing', async (t) => {
  const driver = createPodmanDriver({ native: openNative(), state: folder(t), podman: '/nowhere/podman' })
  const probe = await driver.probe()
  assert.deepEqual([probe.available, probe.level], [false, 'none'])
  assert.match(probe.guarantees[0]?.why ?? '', /podman is not installed/)
  assert.match(probe.guarantees[0]?.fix ?? '', /apt install podman/)
  await assert.rejects(driver.start(specOf(t), { runId: 'x', agent: 'a' }), { code: 'SANDBOX_UNENFORCEABLE' })
})

test('a podman that starts nothing makes the driver unavailable, with its own last words', async (t) => {
  const state = folder(t)
  const broken = join(state, 'podman')
  writeFileSync(broken, '#!/bin/sh\necho "a warning" >&2; echo "Error: the storage is gone" >&2; exit 125\n')
  chmodSync(broken, 0o755)
  const probe = await createPodmanDriver({ native: openNative(), state, podman: broken }).probe()
  assert.equal(probe.available, false)
  if (!/was not built|not installed/.test(probe.guarantees[0]?.why ?? ''))
    assert.match(probe.guarantees[0]?.why ?? '', /the storage is gone/)
})

test('what podman says last is what went wrong', () => {
  assert.equal(
    lastWords('time="x" level=warning msg="y"\nError: no such image\nsee help\n'),
    'Error: no such image',
  )
  assert.equal(lastWords('killed\n'), 'killed')
})

test('containers are read from podman’s list, and a list that is none is no empty one', (t) => {
  const storage = folder(t)
  const home = { storage } as Parameters<typeof knownContainers>[0]
  assert.equal(knownContainers(home).size, 0)
  mkdirSync(join(storage, 'overlay-containers'))
  const file = join(storage, 'overlay-containers', 'containers.json')
  writeFileSync(file, '[{"id":"abc","names":["warder-1"]},{"id":"def"}]')
  assert.deepEqual([...knownContainers(home)], [['warder-1', 'abc']])
  writeFileSync(file, '{}')
  assert.throws(() => knownContainers(home), TypeError)
})

test('a daemon is told apart from a later one with its number', () => {
  assert.match(ownerOf(), new RegExp(`^${process.pid}-[0-9]+$`))
})
