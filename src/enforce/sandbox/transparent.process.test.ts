import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { site } from './exec.test-kit.ts'
import { diskLookup } from './lookup.ts'
import { nativeDirectory } from './native-programs.ts'
import { identityOf } from './tree.ts'

const NATIVE = fileURLToPath(new URL('../../../native', import.meta.url))
const PROGRAM = join(nativeDirectory(), 'transparent')
const STARTS = 12

test('it refuses whatever it does not understand, and then runs nothing', (t) => {
  if (!existsSync(PROGRAM)) return t.skip('the native programs were not built: NOT tried')
  const echo = ['--', '/usr/bin/echo', 'RAN']
  const wrong = [[], echo, ['--socket', '3'], ['--socket', '3', '--'], ['--socket', 'x', ...echo]]
  for (const args of [
    ...wrong,
    ['--socket', '2', ...echo],
    ['--socket', '9999999', ...echo],
    ['--other', '3', ...echo],
  ]) {
    const { status, stdout, stderr } = spawnSync(PROGRAM, args, { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [125, ''], args.join(' '))
    assert.match(stderr, /^warder-transparent: .+\n$/, args.join(' '))
  }
})

/** A DNS query for the address of a name. */
function query(name: string, type = 1): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]))
  return Buffer.concat([
    Buffer.of(1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    ...labels,
    Buffer.of(0, 0, type, 0, 1),
  ])
}

function mutated(): Buffer {
  const bytes = Buffer.from(
    query(randomInt(2) ? `n${randomInt(9)}.example.org` : 'a'.repeat(randomInt(1, 64)), randomInt(1, 30)),
  )
  for (let i = randomInt(4); i > 0; i -= 1) bytes[randomInt(bytes.length)] = randomInt(256)
  return randomInt(8) === 0 ? bytes.subarray(0, randomInt(bytes.length)) : bytes
}

function sized(input: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(input.length)
  return Buffer.concat([head, input])
}

function buildFuzzer(t: TestContext): string | undefined {
  if (spawnSync('gcc', ['--version']).status !== 0) {
    t.skip('there is no gcc: NOT tried')
    return undefined
  }
  const at = realpathSync(mkdtempSync(join(tmpdir(), 'warder-names-')))
  t.after(() => rmSync(at, { recursive: true, force: true }))
  const flags = ['-std=c11', '-g', '-O1', '-Wall', '-Wextra', '-Werror']
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  const args = [...flags, ...sanitizers, '-o', join(at, 'fuzz'), 'fuzz-names.c', 'names.c']
  const built = spawnSync('gcc', args, { cwd: NATIVE, encoding: 'utf8' })
  if (/cannot find -l?(asan|ubsan)|libasan/.test(built.stderr)) {
    t.skip('there are no sanitizers: NOT tried')
    return undefined
  }
  assert.equal(built.status, 0, built.stderr)
  return join(at, 'fuzz')
}

test('the name parser survives whatever is sent to it, remembers 4096 names and forgets the oldest', (t) => {
  const fuzzer = buildFuzzer(t)
  if (fuzzer === undefined) return
  const many = Array.from({ length: 5000 }, (_, i) => query(`host${i}.example`))
  const longest = query(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`)
  const tooLong = query(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(62)}`)
  const inputs = [
    ...many,
    longest,
    tooLong,
    Buffer.alloc(0),
    Buffer.alloc(600),
    ...Array.from({ length: 20_000 }, mutated),
  ]
  const env = { ASAN_OPTIONS: 'detect_leaks=0' }
  const run = spawnSync(fuzzer, [], { input: Buffer.concat(inputs.map(sized)), encoding: 'utf8', env })
  assert.equal(run.status, 0, run.stdout + run.stderr)
  const [all, silent, refused, empty, given, remembered] = [...run.stdout.matchAll(/\d+/g)].map(Number)
  assert.equal(all, inputs.length)
  assert.equal(remembered, 4096)
  // enough of each to tell something
  assert.ok([silent, refused, empty].every((count) => count! > 100) && given! > 5100, run.stdout)
})

const STARTER = `
  import { openNative } from '${new URL('../../platform/native.ts', import.meta.url).href}'
  import { createBubblewrapDriver } from '${new URL('bubblewrap-driver.ts', import.meta.url).href}'
  import { newId } from '${new URL('../../core/id.ts', import.meta.url).href}'
  const driver = createBubblewrapDriver({ native: openNative() })
  const spec = JSON.parse(process.argv[1])
  for (;;) {
    console.log('start')
    const run = await driver.start(spec, { runId: newId(), agent: 'x' })
    console.log('stands')
    run.stdin.end()
    await run.exit
  }`

/** Processes that have something under this directory open, such as who carries connections to a socket there. */
function holders(directory: string): string[] {
  const isHolding = (pid: string) => {
    try {
      const fds = readdirSync(`/proc/${pid}/fd`)
      return fds.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(directory))
    } catch {
      return false // it has ended, or is somebody else's
    }
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isHolding(name))
}

test('nobody who carries connections outlives a daemon that is killed at any moment', async (t) => {
  const at = await site(t, 'transparent-network')
  if (at === undefined) return
  const socket = join(at.root, 'proxy.sock')
  const proxy = createServer()
  await once(proxy.listen(socket), 'listening')
  t.after(() => proxy.close())
  const network = {
    mode: 'transparent',
    socket,
    identity: identityOf(socket, diskLookup.look(socket)!),
  } as const
  const { mounts, ...rest } = at.spec('read line')
  // what a killed daemon left for masks to stand on is another test's: here it would keep the next from starting
  const spec = { ...rest, mounts: mounts.filter(({ type }) => type !== 'mask'), network, requires: [] }
  const seen = { held: 0 }
  for (let i = 0; i < STARTS; i += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', STARTER, JSON.stringify(spec)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const gone = once(child, 'exit')
    const complaint = text(child.stderr)
    for await (const line of createInterface({ input: child.stdout }))
      if (line === (i % 2 ? 'start' : 'stands')) break
    await sleep(randomInt(0, 30)) // somewhere within the time one start takes
    seen.held += holders(socket).length
    child.kill('SIGKILL')
    await gone
    assert.equal(child.signalCode, 'SIGKILL', await complaint)
  }
  assert.ok(seen.held > 0, 'some of them were at it when their daemon was killed')
  for (let i = 0; i < 600 && holders(socket).length > 0; i += 1) await sleep(25)
  assert.deepEqual(holders(socket), [])
})
