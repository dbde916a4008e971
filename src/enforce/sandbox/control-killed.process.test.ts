import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openNative } from '../../platform/native.ts'
import { findCgroups, groupPrefix, readCgroupFiles } from './cgroup-host.ts'
import { ControlChannel, type CommandListener } from './control.ts'
import { encodeExec, encodeFrame, encodeSetup, ORDER, STDIO } from './control-frame.ts'
import { processesWith, site } from './exec.test-kit.ts'
import { nativeDirectory } from './native-programs.ts'
import { createBubblewrapDriver, fileRegistry, sweepRegistry } from './index.ts'

const STARTER = fileURLToPath(new URL('control-starter.test-kit.ts', import.meta.url))
/** All starts together; the thousand of a long run: WARDER_KILLED_STARTS=1000. */
const STARTS = Number(process.env['WARDER_KILLED_STARTS'] ?? 100)
const STARTS_EACH = 40
/** Starters at the same time. */
const SIDE_BY_SIDE = 2

/** One starter, killed at a moment nobody chose. */
async function startAndKill(root: string, mark: string): Promise<{ pid: number; starts: number }> {
  const temporary = join(root, 'tmp')
  mkdirSync(temporary, { recursive: true })
  const child = spawn(process.execPath, [STARTER, root, mark, `${STARTS_EACH}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // many of them start: where the tests have their modules compiled, so have they
    env: { TMPDIR: temporary, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
  })
  const complaint = text(child.stderr)
  const said = createInterface({ input: child.stdout })
  const killAt = randomInt(1, STARTS_EACH + 1)
  let starts = 0
  for await (const line of said) {
    starts += line.startsWith('start') ? 1 : 0
    if (starts < killAt && line !== 'all') continue
    // somewhere within the time one start takes: before, in the middle of, or after the build
    await sleep(randomInt(0, 40))
    break
  }
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  assert.equal(child.signalCode, 'SIGKILL', await complaint) // or it ended by itself, for a reason of its own
  return { pid: child.pid ?? 0, starts }
}

/** Processes that have something under this directory open, such as a sandbox that was never finished. */
function holders(directory: string): string[] {
  const isHolding = (pid: string) => {
    try {
      const fds = readdirSync(`/proc/${pid}/fd`)
      return fds.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(directory))
    } catch {
      return false // it has ended, or is somebody else's
    }
  }
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid && isHolding(name),
  )
}

function mountTable(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8')
}

function groupsOf(pids: readonly number[]): string[] {
  const parents = new Set([...findCgroups(readCgroupFiles()).places.values()].map(({ parent }) => parent))
  return [...parents].flatMap((parent) =>
    readdirSync(parent).filter((name) => pids.some((pid) => name.startsWith(groupPrefix(pid)))),
  )
}

/**
 * What is left after what the next daemon does first. A starter killed while it makes what masks stand on, or writes
 * that down, leaves these in the one project it was busy with: always empty, and no more than that.
 */
function leftIn(place: string): string[] {
  sweepRegistry(fileRegistry(join(place, 'runs')))
  return readdirSync(place).flatMap((name) => filesIn(join(place, name)))
}

function filesIn(directory: string): string[] {
  return readdirSync(directory).map((name) => join(directory, name))
}

test(`of ${STARTS} starts whose starter is killed at any moment nothing is left`, async (t) => {
  if ((await site(t, 'resident-exec')) === undefined) return
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-killed-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const mark = `${randomInt(1_000_000, 9_000_000)}`
  const mounts = mountTable()
  const pids = new Map<string, number>()
  let starts = 0
  const starters = async (side: number) => {
    for (let round = 0; starts < STARTS; round += 1) {
      const place = join(root, `${side}-${round}`)
      const done = await startAndKill(place, mark)
      pids.set(place, done.pid)
      starts += done.starts
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, side) => starters(side)))
  while (processesWith(mark).length > 0 || holders(root).length > 0) await sleep(10) // the limit of the test's own time is the deadline
  for (const place of pids.keys()) assert.deepEqual(leftIn(place), [], place)
  await createBubblewrapDriver({ native: openNative() }).probe()
  assert.deepEqual(groupsOf([...pids.values()]), [])
  assert.equal(mountTable(), mounts)
  for (const pid of pids.values()) assert.ok(!existsSync(`/proc/${pid}`))
})

const FOR_INIT = [
  ...[
    '--unshare-user',
    '--unshare-pid',
    '--as-pid-1',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
  ],
  ...['--', join(nativeDirectory(), 'init'), '3'],
]
const PLAIN = { stdio: STDIO.inherited, columns: 0, rows: 0, umask: 0o22, windowBytes: 0, cwd: '/', env: {} }
const NOBODY_LISTENS: CommandListener = {
  ...{ started: () => undefined, failed: () => undefined, output: () => undefined },
  ...{ errors: () => undefined, taken: () => undefined, exited: () => undefined, gone: () => undefined },
}

/** Process 1 with nothing around it that would end it as well: no parent's death is told to it. */
async function lonelyInit(t: TestContext, mark: string) {
  const child = spawn('/usr/bin/bwrap', FOR_INIT, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  const socket = child.stdio[3] as Duplex
  const channel = new ControlChannel(socket)
  assert.ok(await channel.setUp({ processes: 1000, openFiles: 100, fileBytes: 1000 }))
  const argv = ['/bin/sh', '-c', `for i in 1 2 3; do setsid sleep ${mark} & done; sleep ${mark}`]
  channel.exec({ ...PLAIN, argv }, NOBODY_LISTENS)
  while (processesWith(mark).length < 4) await sleep(5)
  return { child, socket, channel }
}

test('when the daemon lets go of the control descriptor, everything inside ends', async (t) => {
  if ((await site(t, 'resident-exec')) === undefined) return
  const mark = `${randomInt(1_000_000, 9_000_000)}`
  const { child, channel } = await lonelyInit(t, mark)
  const gone = once(child, 'exit')
  channel.close()
  assert.deepEqual(await gone, [137, null])
  assert.deepEqual(processesWith(mark), [])
})

test('what is no order ends everything inside, rather than being guessed at', async (t) => {
  if ((await site(t, 'resident-exec')) === undefined) return
  const crooked = encodeFrame(ORDER.ping, 1)
  crooked.writeUInt16LE(7, 6)
  const unknown = encodeFrame(ORDER.ping, 1)
  unknown.writeUInt16LE(999, 4)
  const again = encodeSetup(1, { processes: 1, openFiles: 1, fileBytes: 1 })
  const secondFirst = encodeExec(9, { ...PLAIN, argv: ['/bin/true'] })
  for (const bytes of [crooked, unknown, again, secondFirst]) {
    const mark = `${randomInt(1_000_000, 9_000_000)}`
    const { child, socket } = await lonelyInit(t, mark)
    const gone = once(child, 'exit')
    socket.write(bytes)
    assert.deepEqual(await gone, [137, null])
    assert.deepEqual(processesWith(mark), [])
  }
})
