import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, hostOf, type CompileContext } from './compile.ts'
import { fakeLookup, profileWith } from './fake-lookup.test-kit.ts'
import { presets, webScraper } from './presets.ts'
import type { ProfileInput } from './profile.ts'
import type { SandboxSpec } from './spec.ts'

const MACHINE: Readonly<Record<string, string>> = {
  '/usr/bin/true*': '\x7fELF',
  '/usr/lib/': '',
  '/bin@': 'usr/bin',
  '/etc/localtime': '',
  '/home/u/work/src/x': '',
  '/home/u/work/data/set.csv': '',
  '/home/u/link@': 'work',
  '/home/u/notes.txt': '',
  '/home/u/.ssh/id': '',
  '/srv/$1/data/x': '',
  '/srv/shared/file.txt': '',
  '/srv/money$&/data/x': '',
  '/run/warder.sock=': '',
}
const LOOKUP = fakeLookup(MACHINE)
const CONTEXT: CompileContext = {
  argv: ['true', '-x'],
  workspace: '/home/u/work',
  env: { PATH: '/usr/bin:/home/u/bin', LANG: 'C', HOME: '/elsewhere' },
  home: '/home/u',
  user: { uid: 1000, gid: 1000, name: 'ursula' },
  reach: [],
  exclusions: ['/home/u/.ssh'],
  seccompDigest: (noFork) => (noFork ? 'b' : 'a').repeat(64),
}

function made(context: Partial<CompileContext> = {}, fields: Partial<ProfileInput> = {}): SandboxSpec {
  return compile(profileWith(fields), { ...CONTEXT, ...context }, LOOKUP)
}

function mountAt(spec: SandboxSpec, path: string) {
  return spec.mounts.find((mount) => mount.path === path)
}

test('the same run compiles to the same digest; another argument, directory, value or limit to another', () => {
  const digests = [
    made(),
    made({ argv: ['true', '-y'] }),
    made({ cwd: '/home/u/work/src' }),
    made({ env: { ...CONTEXT.env, LANG: 'D' } }),
    made({ workspace: '/srv/shared' }),
    made({ seccompDigest: () => 'c'.repeat(64) }),
    made({ user: { ...CONTEXT.user, uid: 1001 } }),
    made({ exclusions: ['/home/u/.ssh', '/home/u/work/src'] }),
    made({ reach: [{ effect: 'allow', verb: 'read', pattern: '/srv/shared/**', rule: 'r' }] }),
    made({ socket: { source: '/run/warder.sock', path: '/run/w/agent.sock' } }),
    made({}, { protected: [] }),
    made({}, { filesystem: { workspace: 'read-only' } }),
    made({}, { process: { fork: true, max_memory: '65MiB', max_processes: 16, max_open_files: 64 } }),
    made({ terminal: true }, { terminal: true }),
  ].map(({ digest }) => digest)
  assert.equal(new Set(digests).size, digests.length)
  assert.equal(made().digest, digests[0])
})

test('the program is absolute, and the arguments are as given', () => {
  assert.deepEqual(made().argv, ['/usr/bin/true', '-x'])
  assert.throws(() => made({ argv: ['nothing'] }), { code: 'SANDBOX_COMMAND_MISSING' })
  assert.throws(() => made({ argv: [] }), { code: 'SANDBOX_COMMAND_INVALID' })
  assert.throws(() => made({ argv: ['true', 'a\0b'] }), { code: 'SANDBOX_COMMAND_INVALID' })
})

test('only what is visible stays in PATH, and the home directory is an empty one in memory', () => {
  const spec = made()
  assert.equal(spec.env['PATH'], '/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin')
  assert.equal(spec.env['HOME'], '/home/u')
  assert.equal(mountAt(spec, '/home/u')?.type, 'memory')
})

test('the workspace is shown as the profile says, and with what stands there', () => {
  const bind = mountAt(made(), '/home/u/work')
  assert.ok(bind?.type === 'bind' && bind.access === 'write' && bind.identity?.kind === 'directory')
  const readOnly = mountAt(made({}, { filesystem: { workspace: 'read-only' } }), '/home/u/work')
  assert.ok(readOnly?.type === 'bind' && readOnly.access === 'read')
  for (const workspace of ['temporary', 'none'] as const) {
    assert.equal(mountAt(made({}, { filesystem: { workspace } }), '/home/u/work'), undefined)
  }
})

test('a workspace given by a link is the directory it leads to', () => {
  assert.equal(made({ workspace: '/home/u/link' }).digest, made().digest)
})

const TOO_WIDE = [
  '/',
  '/etc',
  '/home',
  '/home/u',
  '/root',
  '/usr',
  '/var',
  '/tmp',
  '/opt',
  '/srv',
  '/run',
  '/mnt',
]
const NEVER = ['/proc', '/proc/1', '/sys', '/sys/kernel', '/dev', '/dev/shm', '/boot', '/boot/efi']

test('the machine, the home directory and what holds it are refused as a workspace, also by a link', () => {
  for (const path of [...TOO_WIDE, ...NEVER]) {
    const lookup = fakeLookup({ ...MACHINE, [`${path}/`.replace('//', '/')]: '', '/srv/door@': path })
    for (const workspace of [path, '/srv/door']) {
      const run = () => compile(profileWith(), { ...CONTEXT, workspace }, lookup)
      assert.throws(run, { code: 'SANDBOX_PATH_INVALID', message: /too much to show/ }, workspace)
    }
  }
})

test('wherever the home directory lies, no directory that holds it is a workspace', () => {
  const lookup = fakeLookup({ ...MACHINE, '/data/people/u/work/': '' })
  const run = (workspace: string) =>
    compile(profileWith(), { ...CONTEXT, home: '/data/people/u', workspace }, lookup)
  for (const workspace of ['/data', '/data/people', '/data/people/u']) {
    assert.throws(
      () => run(workspace),
      { code: 'SANDBOX_PATH_INVALID', message: /home directory/ },
      workspace,
    )
  }
  assert.equal(run('/data/people/u/work').cwd, '/data/people/u/work')
})

test('what a profile shows is held to the same bounds', () => {
  for (const path of ['/', '/etc', '/home', '${HOME}', '${HOME}/', '/proc/self', '/usr']) {
    const filesystem: ProfileInput['filesystem'] = { workspace: 'none', read_only: [path] }
    assert.throws(() => made({}, { filesystem }), { code: 'SANDBOX_PATH_INVALID' }, path)
  }
})

test('an excluded workspace is refused, and so is one that lies in an exclusion or leads there', () => {
  const refused = { code: 'SANDBOX_PATH_EXCLUDED', kind: 'forbidden' }
  assert.throws(() => made({ workspace: '/home/u/.ssh' }), refused)
  assert.throws(() => made({ workspace: '/home/u/work/src', exclusions: ['/home/u/work'] }), refused)
  assert.throws(() => made({ exclusions: ['/home/u/link'] }), refused)
  const filesystem: ProfileInput['filesystem'] = { workspace: 'none', read_only: ['${HOME}/.ssh/id'] }
  assert.throws(() => made({}, { filesystem }), refused)
})

test('a program in an excluded place is not run', () => {
  const lookup = fakeLookup({ ...MACHINE, '/home/u/.ssh/tool*': '\x7fELF' })
  const run = () => compile(profileWith(), { ...CONTEXT, argv: ['/home/u/.ssh/tool'] }, lookup)
  assert.throws(run, { code: 'SANDBOX_PATH_EXCLUDED' })
})

test('a workspace that is missing, or no directory, is refused', () => {
  const { workspace: _none, ...without } = CONTEXT
  const run = (context: CompileContext) => () => compile(profileWith(), context, LOOKUP)
  assert.throws(run(without), { code: 'SANDBOX_PATH_INVALID', message: /needs a workspace/ })
  for (const workspace of ['/home/u/nothing', '/home/u/notes.txt']) {
    assert.throws(run({ ...CONTEXT, workspace }), {
      code: 'SANDBOX_PATH_INVALID',
      message: /not a directory/,
    })
  }
})

test('variables in a profile stand for the workspace and the home, letter by letter', () => {
  const filesystem: ProfileInput['filesystem'] = { workspace: 'temporary', read_only: ['${WORKSPACE}/data'] }
  assert.ok(mountAt(made({}, { filesystem }), '/home/u/work/data'))
  // "$1" and "$&" mean something to a replacement, and must not here
  for (const workspace of ['/srv/$1', '/srv/money$&']) {
    assert.ok(mountAt(made({ workspace }, { filesystem }), `${workspace}/data`), workspace)
  }
  const missing: ProfileInput['filesystem'] = {
    workspace: 'temporary',
    read_only: ['${PROJECT_ROOT}/nothing'],
  }
  assert.throws(() => made({}, { filesystem: missing }), { code: 'SANDBOX_PATH_INVALID', message: /no such/ })
})

test('a run begins in its own directory when that is in the workspace, and in the workspace otherwise', () => {
  assert.equal(made({ cwd: '/home/u/work/src' }).cwd, '/home/u/work/src')
  assert.equal(made({ cwd: '/home/u/link/src' }).cwd, '/home/u/work/src')
  for (const cwd of ['/home/u', '/home/u/work2', '/etc', '/home/u/work/nothing', '/home/u/work/../.ssh']) {
    assert.equal(made({ cwd }).cwd, '/home/u/work', cwd)
  }
  assert.equal(made({ cwd: '/etc' }, { filesystem: { workspace: 'none' } }).cwd, '/tmp')
  assert.equal(made({ cwd: '/etc' }, { filesystem: { workspace: 'temporary' } }).cwd, '/workspace')
})

test('what cannot be enforced is refused and not left out', () => {
  const refused = { code: 'SANDBOX_UNENFORCEABLE' }
  assert.throws(() => compile(webScraper(['example.com']), CONTEXT, LOOKUP), refused)
  assert.throws(() => made({ terminal: true }), refused)
  assert.equal(made({ terminal: true }, { terminal: true }).terminal, true)
  assert.equal(made({}, { terminal: true }).terminal, false)
})

test('a way out is a port that leads to the proxy, or a network where everything does; that one must be in force', () => {
  const proxied = made({ way: 'told' }, { network: { mode: 'policy' } })
  assert.deepEqual(proxied.bridge, { port: 3128, socket: '/run/warder/egress.sock' })
  assert.ok(proxied.network === undefined && !proxied.requires.includes('transparent-network'))
  const led = made({ way: 'told' }, { network: { mode: 'policy', via: 'transparent' } })
  assert.ok(led.bridge === undefined && led.network?.mode === 'transparent')
  assert.ok(led.requires.includes('transparent-network'))
  const without = made({}, { network: { mode: 'policy', via: 'transparent' } })
  assert.deepEqual([without.bridge, without.network], [undefined, undefined], 'no way out, no network at all')
})

test('nobody is root inside, and root outside becomes the owner of the workspace', () => {
  const root = { uid: 0, gid: 0, name: 'root' }
  const by = (owner: { uid: number; gid: number }, fields: Partial<ProfileInput> = {}) =>
    compile(profileWith(fields), { ...CONTEXT, user: root }, fakeLookup(MACHINE, owner))
  assert.deepEqual(by({ uid: 1234, gid: 99 }).host, { uid: 1234, gid: 99 })
  assert.deepEqual(by({ uid: 1234, gid: 99 }).inside, { uid: 1234, gid: 99, user: 'agent', home: '/home/u' })
  const owned = by({ uid: 0, gid: 0 })
  assert.deepEqual([owned.inside.uid, owned.inside.gid], [1000, 1000])
  assert.match(owned.notes.join(), /belongs to root/)
  const nowhere = by({ uid: 1234, gid: 99 }, { filesystem: { workspace: 'none' } })
  assert.deepEqual(nowhere.host, { uid: 65534, gid: 65534 })
})

test('an ordinary user stays who it is; a name that is no plain name is not told', () => {
  assert.deepEqual(made().host, { uid: 1000, gid: 1000 })
  assert.equal(made().inside.user, 'ursula')
  for (const name of ['root', 'A\nroot:x:0:0', 'a:b', '']) {
    assert.equal(made({ user: { uid: 1000, gid: 1000, name } }).inside.user, 'agent')
  }
})

test('whom a run belongs to is the same before and after compiling', () => {
  for (const uid of [0, 1000]) {
    const context = { ...CONTEXT, user: { uid, gid: uid, name: 'x' } }
    assert.deepEqual(hostOf(profileWith(), context, LOOKUP), compile(profileWith(), context, LOOKUP).host)
  }
})

test('the way to Warder is a socket or nothing, and its place is told', () => {
  const socket = { source: '/run/warder.sock', path: '/run/w/agent.sock' }
  const spec = made({ socket })
  const bind = mountAt(spec, socket.path)
  assert.ok(bind?.type === 'bind' && bind.source === socket.source && bind.identity?.kind === 'socket')
  assert.equal(spec.env['WARDER_PATHS_SOCKET'], socket.path)
  for (const source of ['/home/u/notes.txt', '/run/nothing']) {
    assert.throws(() => made({ socket: { ...socket, source } }), { code: 'SANDBOX_PATH_INVALID' })
  }
})

test("the caller cannot name Warder's socket itself", () => {
  const env = { ...CONTEXT.env, WARDER_PATHS_SOCKET: '/home/u/work/fake.sock' }
  const spec = made({ env }, { environment: { mode: 'full', pass: ['WARDER_PATHS_SOCKET'] } })
  assert.equal(spec.env['WARDER_PATHS_SOCKET'], undefined)
})

test('a profile without fork loads the filter that forbids it', () => {
  const process = { fork: false, max_memory: '1MiB', max_processes: 1, max_open_files: 16 }
  const spec = made({}, { process })
  assert.deepEqual([spec.noFork, spec.seccompDigest], [true, 'b'.repeat(64)])
  assert.deepEqual([made().noFork, made().seccompDigest], [false, 'a'.repeat(64)])
})

test('limits are those of the profile, and absent ones stay absent', () => {
  const process = {
    fork: true,
    max_memory: '1MiB',
    max_processes: 3,
    max_open_files: 16,
    max_seconds: 7,
    max_output: '2kB',
    max_file: '3kB',
    cpu_percent: 50,
  }
  assert.deepEqual(made({}, { process }).limits, {
    wallMs: 7000,
    outputBytes: 2000,
    memoryBytes: 1024 ** 2,
    processes: 3,
    openFiles: 16,
    fileBytes: 3000,
    cpuPercent: 50,
  })
  assert.ok(!('wallMs' in made().limits) && !('outputBytes' in made().limits))
})

test('every profile that comes with Warder compiles', () => {
  for (const profile of presets().values()) {
    assert.equal(compile(profile, CONTEXT, LOOKUP).profile, profile.name)
  }
})
