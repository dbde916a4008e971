import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { StatusAnswer } from '../../src/api/endpoints.ts'
import { openKeys } from '../../src/record/sign/index.ts'
import { house, type House } from '../kit/house.ts'
import { keysOf } from '../kit/owner.ts'

// What another program of the owner's tries against the daemon that holds the keys. Root may look into everything, so
// where the tests run as root the daemon, its owner and the attacker are somebody else.

const WARDER = new URL('../../bin/warder', import.meta.url).pathname
const IS_ROOT = process.getuid?.() === 0
const SOMEBODY = 4711
const AS = IS_ROOT ? { uid: SOMEBODY, gid: SOMEBODY } : {}

interface Theirs {
  readonly home: string
  readonly environment: Readonly<Record<string, string>>
  daemonPid(): number
  run(...args: readonly string[]): { code: number | null; stdout: string; stderr: string }
}

/** A house whose owner is no root. */
function theirHouse(t: TestContext): Theirs {
  const home = mkdtempSync(join(tmpdir(), 'wm-'))
  const runtime = join(home, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  chmodSync(home, 0o755)
  if (IS_ROOT) for (const path of [home, runtime]) chownSync(path, SOMEBODY, SOMEBODY)
  const environment = { HOME: home, PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: runtime, NO_COLOR: '1' }
  const run: Theirs['run'] = (...args) => {
    const { status, stdout, stderr } = spawnSync(WARDER, args, {
      ...{ env: environment, cwd: home, encoding: 'utf8', timeout: 60_000 },
      ...AS,
    })
    return { code: status, stdout, stderr }
  }
  const holder = () =>
    JSON.parse(readFileSync(join(runtime, 'warder/daemon.json'), 'utf8')) as {
      pid: number
      supervisor: number
    }
  t.after(async () => {
    run('daemon', 'stop')
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  })
  return { home, environment, run, daemonPid: () => holder().pid }
}

/** What a program of the daemon's own user gets when it opens a file of a process. */
function look(pid: number, file: string): string {
  const seen = spawnSync('/usr/bin/head', ['-c', '1', `/proc/${pid}/${file}`], { ...AS, encoding: 'utf8' })
  return seen.status === 0 ? 'read' : seen.stderr
}

test('no program of the same user reads the memory or the environment of the daemon', async (t) => {
  const theirs = theirHouse(t)
  const started = theirs.run('daemon', 'start')
  assert.equal(started.code, 0, started.stderr)
  const pid = theirs.daemonPid()
  // the control: the same look at another program of that user works
  const other = spawnSync(
    '/bin/sh',
    ['-c', 'head -c 1 /proc/$$/environ | wc -c; exec 3< /proc/$$/mem && echo open'],
    {
      ...{ ...AS, encoding: 'utf8', env: { A: 'b' } },
    },
  )
  assert.match(other.stdout, /^1\nopen/, other.stderr)
  for (const file of ['environ', 'mem', 'maps', 'auxv', 'fd/0'])
    assert.match(look(pid, file), /Permission denied/, `${file} of the daemon can be opened`)
  const list = spawnSync('/bin/ls', [`/proc/${pid}/fd`], { ...AS, encoding: 'utf8' })
  assert.match(list.stderr, /Permission denied/)
  const traced = spawnSync(
    '/usr/bin/perl',
    [
      '-e',
      'my $r = syscall($ARGV[0] + 0, 0x4206, $ARGV[1] + 0, 0, 0); print $r < 0 ? "refused $!" : "traced"',
      process.arch === 'arm64' ? '117' : '101',
      String(pid),
    ],
    { ...AS, encoding: 'utf8' },
  )
  assert.match(traced.stdout, /^refused Operation not permitted/)
  const { memory } = JSON.parse(theirs.run('status', '--json').stdout) as StatusAnswer
  for (const name of ['no-core-dumps', 'closed-to-own-user', 'no-debugger', 'locked-secrets'])
    assert.equal(memory.find((each) => each.name === name)?.inForce, true, JSON.stringify(memory))
  // and it does its work all the same
  const worked = theirs.run(
    'exec',
    '--workspace',
    theirs.home,
    '--profile',
    'file_processor',
    '--',
    '/bin/echo',
    'it works',
  )
  assert.equal(worked.stdout, 'it works\n', worked.stderr)
})

test('a signal opens no debugger, and ends nobody', async (t) => {
  const theirs = theirHouse(t)
  assert.equal(theirs.run('daemon', 'start').code, 0)
  const pid = theirs.daemonPid()
  const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  for (const each of [pid, parent]) {
    const listening = socketsOf(each)
    process.kill(each, 'SIGUSR1')
    // the signal was handled once a later question is answered, for both come through the same loop
    for (let i = 0; i < 3; i += 1) assert.equal(theirs.run('status').code, 0)
    assert.deepEqual(socketsOf(each), listening, 'a socket was opened')
  }
  assert.equal(theirs.daemonPid(), pid, 'the daemon was ended')
  const { memory } = JSON.parse(theirs.run('status', '--json').stdout) as StatusAnswer
  assert.equal(memory.find(({ name }) => name === 'no-debugger')?.inForce, true)
})

/** The TCP ports a process listens on; the test looks as root, or as itself where it may. */
function socketsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
  return text
    .split('\n')
    .filter((line) => line.trim().split(/\s+/)[3] === '0A')
    .map((line) => line.trim().split(/\s+/)[1] ?? '')
    .filter((address) => address.startsWith('0100007F:') && Number.parseInt(address.slice(9), 16) >= 9229)
    .filter((address) => Number.parseInt(address.slice(9), 16) <= 9240)
    .sort()
}

test('the secret of the gate is nowhere in the memory that can be read, not even by root', async (t) => {
  if (!IS_ROOT) return t.skip('only root can search the memory of the daemon: NOT tried')
  const home = house(t)
  const started = await home.warder(['daemon', 'start'])
  assert.equal(started.code, 0, started.stderr)
  const ran = await home.warder(['exec', '--', 'true']) // a permit was made with it, and found again
  assert.equal(ran.code, 0, ran.stderr)
  const pid = home.daemonPid() ?? 0
  const keys = openKeys(keysOf(home), { create: false })
  const permit = Buffer.from(keys.secret('permit').use((bytes) => Uint8Array.from(bytes)))
  const written = readFileSync(join(keysOf(home), 'secret.root'))
  const root = Buffer.from(written.toString('latin1').trim(), 'hex')
  const kind = keys.secret('permit').kind
  const [times, control] = timesInMemory(pid, [permit, root, written.subarray(0, 64)], policyDigest(home))
  assert.ok(control > 0, 'the search finds nothing, not even what is there')
  if (kind !== 'secret') return t.skip(`this kernel has no secret memory, only ${kind}: root may read it`)
  assert.deepEqual(times, [0, 0, 0], 'the permit secret, the root secret, its text')
})

/** Something the daemon surely holds, to see that the search works. */
function policyDigest(home: House): Buffer {
  return Buffer.from(home.state)
}

function timesInMemory(pid: number, wanted: readonly Buffer[], control: Buffer): [number[], number] {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const all = [...wanted, control]
  const times = all.map(() => 0)
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from = '', to = '', may = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? []
    if (!may.startsWith('rw') || from.startsWith('ffffffff')) continue
    const part = readPart(memory, Number.parseInt(from, 16), Number.parseInt(to, 16))
    for (const [i, bytes] of all.entries())
      for (let at = part.indexOf(bytes); at >= 0; at = part.indexOf(bytes, at + 1))
        times[i] = (times[i] ?? 0) + 1
  }
  closeSync(memory)
  return [times.slice(0, -1), times.at(-1) ?? 0]
}

function readPart(fd: number, from: number, to: number): Buffer {
  const part = Buffer.alloc(to - from)
  let at = 0
  try {
    while (at < part.length) at += readSync(fd, part, at, part.length - at, from + at) || part.length
  } catch {
    // pages nobody may read, as secret ones
  }
  return part.subarray(0, at)
}
