import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { newId } from '../src/core/id.ts'
import { openNative } from '../src/platform/native.ts'
import {
  compile,
  createBubblewrapDriver,
  diskLookup,
  isAlive,
  presets,
  seccompDigestHere,
  type Running,
  type SandboxSpec,
} from '../src/enforce/sandbox/index.ts'
import { closedProc, membersOf } from '../src/enforce/sandbox/processes.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 40
const NEW_GOAL = 1.3
const RESIDENT_GOAL = 1.2
const NODE = process.execPath
/** The profile a bare bubblewrap can be given the same view of. */
const PLAIN = 'code_analyzer'

/**
 * What a sandbox costs: a whole one for one command, a command in one that runs already, a stop of many at once, and
 * fifty side by side. Ways that are compared take turns, in another order each round, so that noise hits all alike.
 */
export async function run(): Promise<BenchResult[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-bench-')))
  try {
    const workspace = join(root, 'work')
    mkdirSync(workspace)
    const driver = createBubblewrapDriver({ native: openNative() })
    const { available, guarantees } = await driver.probe()
    if (!available) throw new Error(`no sandbox can be built here: ${guarantees[0]?.why}`)
    const startAs =
      (profile: string): Start =>
      (...argv) =>
        driver.start(specFor(profile, argv, workspace, root), { runId: newId(), agent: 'bench' })
    const start = startAs('agent')
    const hasResident = guarantees.some(({ name, inForce }) => name === 'resident-exec' && inForce)
    return [
      ...(await newSandbox(startAs(PLAIN), specFor(PLAIN, ['/usr/bin/true'], workspace, root))),
      ...(hasResident ? await resident(start) : []),
      ...(await stopMany(start)),
      ...(await manyAtOnce(start)),
    ]
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

type Start = (...argv: string[]) => Promise<Running>

async function newSandbox(start: Start, spec: SandboxSpec): Promise<BenchResult[]> {
  const whole = async (...argv: string[]) => {
    const running = await start(...argv)
    running.stdin.end()
    running.stdout.resume()
    running.stderr.resume()
    await running.exit
  }
  const times = await measure({
    sandboxed: () => whole('/usr/bin/true'),
    bwrap: () => ended('/usr/bin/bwrap', bareArguments(spec)),
    bare: () => ended('/usr/bin/true', []),
    ...(existsSync(FIREJAIL) ? { firejail: () => ended(FIREJAIL, FIREJAIL_ARGUMENTS) } : {}),
  })
  const against = 'bare bwrap, same namespaces and binds'
  return [
    compared('true, in a new sandbox', times, 'sandboxed', 'bwrap', against, NEW_GOAL),
    compared('true, in bare bwrap', times, 'bwrap', 'bare', 'true by itself'),
    ...('firejail' in times
      ? [compared('true, in firejail', times, 'firejail', 'bare', 'true by itself')]
      : []),
    row('true, by itself', times['bare'] ?? []),
  ]
}

const FIREJAIL = '/usr/bin/firejail'
const FIREJAIL_ARGUMENTS = ['--quiet', '--noprofile', '--net=none', '--', '/usr/bin/true']

/** All three streams are pipes and read to their end, on both sides. */
async function resident(start: Start): Promise<BenchResult[]> {
  // Node.js itself, so that the sandbox shows it
  const running = await start(NODE, '-e', 'setInterval(() => 0, 1e6)')
  const inside = async (...argv: string[]) => {
    const command = await running.exec!({ argv })
    command.stdin.end()
    command.stdout.resume()
    command.stderr.resume()
    const ends = [command.stdout, command.stderr].map(
      (stream) => new Promise((done) => stream.once('end', done)),
    )
    const [{ code }] = await Promise.all([command.exit, ...ends])
    if (code !== 0) throw new Error(`${argv[0]} ended with ${code}`)
  }
  try {
    const times = await measure({
      true: () => inside('/usr/bin/true'),
      bareTrue: () => ended('/usr/bin/true', []),
      node: () => inside(NODE, '-e', '0'),
      bareNode: () => ended(NODE, ['-e', '0']),
    })
    const inRunning = 'in a running sandbox'
    return [
      compared(`true, ${inRunning}`, times, 'true', 'bareTrue', 'true by itself', RESIDENT_GOAL),
      compared(`node -e 0, ${inRunning}`, times, 'node', 'bareNode', 'node -e 0 by itself', RESIDENT_GOAL),
    ]
  } finally {
    await running.kill('measured')
  }
}

const AGENTS = 20
const BUSY = 10
const FROZEN_GOAL_MS = 100
const DEAD_GOAL_MS = 2000

/** From the order until the last of them is known to stand still, and until the last process is gone. */
async function stopMany(start: Start): Promise<BenchResult[]> {
  const script = `for i in ${Array.from({ length: BUSY }, (_, i) => i).join(' ')}; do (echo ready; while :; do :; done) & done; wait`
  const runs = await Promise.all(Array.from({ length: AGENTS }, () => start('/bin/sh', '-c', script)))
  await Promise.all(runs.map(({ stdout, stderr }) => (stderr.resume(), lines(stdout, BUSY))))
  const froze = await timed(() => Promise.all(runs.map((each) => each.freeze())))
  const moving = runs.flatMap(({ init }) =>
    membersOf(init).filter((member) => member.pid !== init.pid && !'TtD'.includes(member.state)),
  )
  await Promise.all(runs.map((each) => each.thaw()))
  const killed = await timed(() => Promise.all(runs.map((each) => each.kill('measured'))))
  await Promise.all(runs.map(({ exit }) => exit))
  const name = `${AGENTS} agents of ${BUSY} busy processes`
  return [
    reached(`${name}: frozen`, froze, FROZEN_GOAL_MS, moving.length === 0),
    reached(
      `${name}: dead`,
      killed,
      DEAD_GOAL_MS,
      runs.every(({ init }) => !isAlive(init)),
    ),
  ]
}

const SIDE_BY_SIDE = 50

async function manyAtOnce(start: Start): Promise<BenchResult[]> {
  const runs: Running[] = []
  const ms = await timed(async () => {
    runs.push(
      ...(await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => start('/usr/bin/sleep', '600')))),
    )
  })
  const own = runs.flatMap(({ pid, init }) => [pid, init.pid]).map(residentKiB)
  await Promise.all(runs.map((each) => each.kill('measured')))
  await Promise.all(runs.map(({ exit }) => exit))
  const name = `${SIDE_BY_SIDE} sandboxes at once`
  return [
    { bench: 'sandbox', name: `${name}: start, each`, unit: 'ms', value: ms / SIDE_BY_SIDE },
    {
      bench: 'sandbox',
      name: `${name}: builder and process 1, each`,
      unit: 'KiB',
      value: own.reduce((sum, kiB) => sum + kiB, 0) / SIDE_BY_SIDE,
    },
  ]
}

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function lines(stream: Readable, count: number): Promise<void> {
  return new Promise((done) => {
    const seen = { lines: 0 }
    stream.on('data', (chunk: Buffer) => {
      seen.lines += String(chunk).split('\n').length - 1
      if (seen.lines >= count) done()
    })
  })
}

type Times = Readonly<Record<string, readonly number[]>>

async function measure(ways: Readonly<Record<string, () => Promise<unknown>>>): Promise<Times> {
  const names = Object.keys(ways)
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -3; round < ROUNDS; round += 1) {
    for (const i of names.keys()) {
      const name = names[(i + round + 3) % names.length]!
      const ms = await timed(ways[name]!)
      if (round >= 0) times[name]!.push(ms) // the first rounds warm up
    }
  }
  return times
}

export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function row(name: string, times: readonly number[]): BenchResult {
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
  return { bench: 'sandbox', name, unit: 'ms', value: p50, p50, p99 }
}

/** Medians, one beside the other; with a goal, whether it was met. */
function compared(
  name: string,
  times: Times,
  one: string,
  other: string,
  against: string,
  goal?: number,
): BenchResult {
  const ratio = quantile(times[one] ?? [], 0.5) / quantile(times[other] ?? [], 0.5)
  const aim = goal === undefined ? {} : { goal: `at most ${goal}x`, ok: ratio <= goal }
  return { ...row(name, times[one] ?? []), ratio, against, ...aim }
}

function reached(name: string, ms: number, goalMs: number, isTrue: boolean): BenchResult {
  return {
    bench: 'sandbox',
    name,
    unit: 'ms',
    value: ms,
    goal: `under ${goalMs} ms`,
    ok: isTrue && ms < goalMs,
  }
}

export function specFor(
  profile: string,
  argv: readonly string[],
  workspace: string,
  home: string,
): SandboxSpec {
  const user = { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'bench' }
  return compile(
    presets().get(profile)!,
    {
      argv,
      workspace,
      env: {},
      home,
      user,
      reach: [],
      exclusions: [],
      seccompDigest: seccompDigestHere,
    },
    diskLookup,
  )
}

/** What somebody would type who wants the same view of the machine, and nothing else of what a sandbox does. */
export function bareArguments({ mounts, host }: SandboxSpec): string[] {
  const binds = mounts.flatMap((mount) => {
    if (mount.type === 'bind')
      return [mount.access === 'read' ? '--ro-bind' : '--bind', mount.source, mount.path]
    if (mount.type === 'link') return ['--symlink', mount.target, mount.path]
    return mount.type === 'memory' ? ['--tmpfs', mount.path] : []
  })
  return [
    ...[
      '--unshare-user',
      '--unshare-ipc',
      '--unshare-pid',
      '--unshare-net',
      '--unshare-uts',
      '--unshare-cgroup',
    ],
    ...[
      '--disable-userns',
      '--die-with-parent',
      '--new-session',
      '--proc',
      '/proc',
      ...closedProc(host.uid),
      '--dev',
      '/dev',
      '--tmpfs',
      '/dev/shm',
    ],
    ...[...binds, '--', '/usr/bin/true'],
  ]
}

export function ended(program: string, args: readonly string[]): Promise<unknown> {
  return new Promise((done, failed) => {
    spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
      .once('close', (code) => (code === 0 ? done(code) : failed(new Error(`${program} ended with ${code}`))))
      .once('error', failed)
  })
}
