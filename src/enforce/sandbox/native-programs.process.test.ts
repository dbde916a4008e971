import assert from 'node:assert/strict'
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeExec, encodeFrame, encodeSetup, numbers, ORDER, STDIO } from './control-frame.ts'
import { findNativePrograms, nativeDirectory } from './native-programs.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const LAUNCHER = join(nativeDirectory(), 'launcher')

function place(t: TestContext): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'warder-native-')))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function hasCompiler(t: TestContext): boolean {
  if (spawnSync('gcc', ['--version']).status === 0) return true
  t.skip('there is no gcc: NOT tried')
  return false
}

function hasLauncher(t: TestContext): boolean {
  if (existsSync(LAUNCHER)) return true
  t.skip('the native programs were not built: NOT tried')
  return false
}

test('two builds are the same bytes', (t) => {
  if (!hasCompiler(t)) return
  const at = place(t)
  for (const name of ['one', 'two']) {
    const args = ['scripts/native.ts', '--force', '--into', join(at, name)]
    const built = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
  }
  const names = readdirSync(join(at, 'one'))
  assert.ok(['launcher', 'init', 'SHA256SUMS'].every((name) => names.includes(name)))
  for (const name of names)
    assert.ok(readFileSync(join(at, 'one', name)).equals(readFileSync(join(at, 'two', name))), name)
  assert.doesNotMatch(
    readFileSync(join(at, 'one', 'init'), 'latin1'),
    new RegExp(ROOT),
    'no path of this machine',
  )
})

test('a program that is not the one that was built is not used', (t) => {
  if (!hasLauncher(t)) return
  const at = join(place(t), 'native')
  cpSync(nativeDirectory(), at, { recursive: true })
  const found = findNativePrograms(['launcher', 'init'], at)
  assert.ok('open' in found)
  closeSync(found.open('init'))
  appendFileSync(join(at, 'init'), 'x')
  assert.throws(() => found.open('init'), /is not the file that was built/)
  assert.match(JSON.stringify(findNativePrograms(['init'], at)), /is not the file that was built/)
  rmSync(join(at, 'SHA256SUMS'))
  assert.match(JSON.stringify(findNativePrograms(['launcher'], at)), /has no SHA256SUMS/)
  assert.match(JSON.stringify(findNativePrograms(['launcher'], join(at, 'nothing'))), /was not built/)
})

/** Runs the launcher as its child, so that it has the parent it is told of. */
function launch(
  orders: readonly string[],
  program: readonly string[],
  fds: readonly number[] = [],
): SpawnSyncReturns<string> {
  const args = ['--parent', `${process.pid}`, '--keep', `${3 + fds.length}`, ...orders, '--', ...program]
  return spawnSync(LAUNCHER, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', ...fds] })
}

test('the launcher sets limits, closes what is not named, and becomes the program', (t) => {
  if (!hasLauncher(t)) return
  const limits = ['--limit', 'core', '0', '--limit', 'nofile', '77', '--limit', 'fsize', '1048576']
  const look = launch(limits, [
    '/bin/sh',
    '-c',
    'ulimit -c; ulimit -n; ulimit -Hn; ulimit -f; ls /proc/$$/fd',
  ])
  assert.equal(look.stderr, '')
  assert.equal(look.stdout, '0\n77\n77\n2048\n0\n1\n2\n')
  const null_ = openSync('/dev/null', 'r')
  t.after(() => closeSync(null_))
  // one is named by --keep, the other is not
  const fds = ['ignore', 'pipe', 'pipe', null_, null_] as const
  const args = ['--parent', `${process.pid}`, '--keep', '4', '--', '/usr/bin/ls', '/proc/self/fd']
  assert.equal(spawnSync(LAUNCHER, args, { encoding: 'utf8', stdio: [...fds] }).stdout, '0\n1\n2\n3\n4\n')
})

test('the launcher joins the group it is handed, by descriptor', (t) => {
  if (!hasLauncher(t)) return
  const file = join(place(t), 'cgroup.procs')
  const fd = openSync(file, 'w')
  const joined = launch(['--cgroup', '3'], ['/usr/bin/true'], [fd])
  closeSync(fd)
  assert.deepEqual([joined.status, readFileSync(file, 'utf8')], [0, '0'])
  const readOnly = openSync(file, 'r')
  const refused = launch(['--cgroup', '3'], ['/usr/bin/echo', 'RAN'], [readOnly])
  closeSync(readOnly)
  assert.deepEqual([refused.status, refused.stdout], [125, ''])
  assert.match(refused.stderr, /^warder-launcher: joining a control group: Bad file descriptor \(errno 9\)$/m)
})

test('the launcher refuses whatever it does not understand, and then runs nothing', (t) => {
  if (!hasLauncher(t)) return
  const me = ['--parent', `${process.pid}`, '--keep', '3']
  const wrong: readonly (readonly string[])[] = [
    [],
    ['--'],
    [...me],
    [...me, '--'],
    ['--parent', `${process.pid}`, '--', '/usr/bin/echo', 'RAN'],
    ['--parent', '1', '--keep', '3', '--', '/usr/bin/echo', 'RAN'],
    ['--parent', '-1', '--keep', '3', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--keep', '2', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--limit', 'core', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--limit', 'rss', '1', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--limit', 'core', '99999999999999999999', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--cgroup', '77', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--overlay', '3', '4', '5', '6', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--unknown', '--', '/usr/bin/echo', 'RAN'],
    [...me, '--', '/no/such/program'],
  ]
  for (const args of wrong) {
    const { status, stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [125, ''], args.join(' '))
    assert.match(stderr, /^warder-launcher: .+\n$/, args.join(' '))
  }
})

test('process 1 is nothing for a shell to start', (t) => {
  if (!hasLauncher(t)) return
  for (const args of [[], ['3'], ['0'], ['x'], ['3', '4']]) {
    const { status, stderr } = spawnSync(join(nativeDirectory(), 'init'), args, { encoding: 'utf8' })
    assert.equal(status, 125)
    assert.match(stderr, /process 1 of a sandbox/)
  }
})

const FUZZ_MS = 4000
const SEEDS = [
  encodeExec(1, {
    stdio: STDIO.pipes,
    columns: 80,
    rows: 24,
    umask: 18,
    windowBytes: 9,
    cwd: '/',
    argv: ['a', 'bc', ''],
    env: { A: 'b' },
  }),
  encodeSetup(2, {
    processes: 1,
    openFiles: 2,
    fileBytes: 3,
    bridge: { port: 1, socket: '/x' },
    filter: Buffer.alloc(32),
  }),
  encodeFrame(ORDER.signal, 3, Buffer.concat([numbers(15), Buffer.of(1)])),
  encodeFrame(ORDER.input, 4, Buffer.from('data')),
]

/** Frames with a few bytes changed, cut, doubled or moved; sometimes nothing but noise. */
function mutated(): Buffer {
  let bytes = Buffer.concat(Array.from({ length: randomInt(1, 4) }, () => SEEDS[randomInt(SEEDS.length)]!))
  if (randomInt(10) === 0) bytes = randomBytes(randomInt(0, 300))
  for (let i = randomInt(6); i > 0 && bytes.length > 0; i -= 1) {
    const at = randomInt(bytes.length)
    const edges = [0, 1, 0x7f, 0x80, 0xff]
    bytes[at] = randomInt(2) === 0 ? randomInt(256) : edges[randomInt(edges.length)]!
  }
  if (randomInt(4) === 0) bytes = bytes.subarray(0, randomInt(bytes.length + 1))
  if (randomInt(8) === 0) bytes = Buffer.concat([bytes, bytes.subarray(randomInt(bytes.length + 1))])
  return bytes
}

test('no bytes make the frame parser read what is not there', async (t) => {
  if (!hasCompiler(t)) return
  const fuzzer = join(place(t), 'fuzz')
  const flags = [
    '-std=c11',
    '-g',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
  ]
  const built = spawnSync('gcc', [...flags, '-o', fuzzer, 'fuzz-frame.c', 'frame.c'], {
    cwd: join(ROOT, 'native'),
    encoding: 'utf8',
  })
  if (/cannot find -l?(asan|ubsan)|libasan/.test(built.stderr))
    return t.skip('there are no sanitizers: NOT tried')
  assert.equal(built.status, 0, built.stderr)
  const child = spawn(fuzzer, [], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ASAN_OPTIONS: 'detect_leaks=0' },
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => said.push(String(chunk)))
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const began = performance.now()
  let inputs = 0
  while (inputs < 5000 || performance.now() - began < FUZZ_MS) {
    const batch = Array.from({ length: 200 }, () => mutated())
    inputs += batch.length
    const bytes = Buffer.concat(batch.flatMap((input) => [numbers(input.length), input]))
    if (child.exitCode !== null) break
    if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, 'drain'), ended])
  }
  child.stdin.end()
  assert.equal(await ended, 0, said.join(''))
  const [, count = '', execs = '', setups = ''] =
    /^(\d+) inputs, \d+ frames, (\d+) execs, (\d+) setups/.exec(said.join('')) ?? []
  assert.equal(Number(count), inputs)
  // enough of them got past the header to tell something
  assert.ok(Number(execs) > 500 && Number(setups) > 500, said.join(''))
})
