import { randomInt } from 'node:crypto'
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { messageOf } from '../src/core/error.ts'
import { newId } from '../src/core/id.ts'
import { openNative } from '../src/platform/native.ts'
import { createBubblewrapDriver, type Running, type SandboxDriver } from '../src/enforce/sandbox/index.ts'
import { bareArguments, ended, quantile, specFor } from './sandbox.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 25
const WARM_UP = 2
const NODE = process.execPath
/** The profile a bare bubblewrap can be given the same view of. */
const PLAIN = 'code_analyzer'
const COMMANDS = [
  { name: 'true', argv: ['/usr/bin/true'] },
  { name: 'node -e 0', argv: [NODE, '-e', '0'] },
] as const
const MODULES = join(import.meta.dirname, 'node_modules')
/** Codex puts links to itself under its home directory, and does not when that is a temporary one. */
const CODEX_HOME = join(import.meta.dirname, '../.test-results/codex-home')

/** One way to run a command to its end, exit code 0. */
type Way = (argv: readonly string[]) => Promise<unknown>
interface Peer {
  readonly name: string
  /** What must be there for it. */
  readonly needs: readonly string[]
  readonly way: Way
  readonly close?: () => unknown
}
type Times = ReadonlyMap<string, readonly number[]>

const BARE = 'by itself'
const BWRAP = 'bare bwrap, same namespaces and binds'
const NEW = 'new sandbox'
const RESIDENT = 'running sandbox'
const CODEX = 'codex sandbox, binary'
const SRT = 'sandbox-runtime, command'

/** Wanted of the first, as a multiple of the second. */
const GOALS = [
  { of: NEW, against: BWRAP, most: 1.3 },
  { of: RESIDENT, against: BARE, most: 1.2 },
  // where the command itself takes longer than any sandbox, no sandbox can be many times faster
  { of: CODEX, against: NEW, least: 3, only: 'true' },
  { of: SRT, against: NEW, least: 15, only: 'true' },
] as const

/**
 * The same two commands through Warder and through what else there is, in one run: every round takes all ways, in an
 * order drawn anew. Peers that are not installed, or do not work on this host, are left out and named.
 */
export async function run(): Promise<BenchResult[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-bench-')))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = root // what peers leave behind goes with it
  const peers: Peer[] = []
  try {
    peers.push(...(await warder(root)), ...others(root))
    const able: Peer[] = []
    for (const peer of peers) {
      const problem = await whyNot(peer)
      if (problem === undefined) able.push(peer)
      else console.log(`SKIPPED ${peer.name}: ${problem}`)
    }
    const results: BenchResult[] = []
    for (const { name, argv } of COMMANDS) results.push(...rows(name, await measure(able, argv)))
    return results
  } finally {
    for (const { close } of peers) await close?.()
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    rmSync(root, { recursive: true, force: true })
    rmSync(CODEX_HOME, { recursive: true, force: true })
  }
}

async function whyNot({ needs, way }: Peer): Promise<string | undefined> {
  const missing = needs.filter((path) => !existsSync(path))
  if (missing.length > 0) return `${missing.join(', ')} is not there`
  try {
    for (const { argv } of COMMANDS) await way(argv)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

async function warder(root: string): Promise<Peer[]> {
  const workspace = join(root, 'work')
  mkdirSync(workspace)
  const driver = createBubblewrapDriver({ native: openNative() })
  const { available, guarantees } = await driver.probe()
  if (!available) throw new Error(`no sandbox can be built here: ${guarantees[0]?.why}`)
  const resident = await start(driver, 'agent', [NODE, '-e', 'setInterval(() => 0, 1e6)'], root)
  const bare = new Map<readonly string[], readonly string[]>(
    COMMANDS.map(({ argv }) => {
      const words = bareArguments(specFor(PLAIN, argv, workspace, root))
      return [argv, [...words.slice(0, words.indexOf('--') + 1), ...argv]]
    }),
  )
  return [
    { name: BARE, needs: [], way: ([program = '', ...args]) => ended(program, args) },
    {
      name: BWRAP,
      needs: ['/usr/bin/bwrap'],
      // described beforehand: who types this has thought about the binds already
      way: (argv) => ended('/usr/bin/bwrap', bare.get(argv) ?? []),
    },
    { name: NEW, needs: [], way: async (argv) => await toItsEnd(await start(driver, PLAIN, argv, root)) },
    {
      name: RESIDENT,
      needs: [],
      way: (argv) => inRunning(resident, argv),
      close: () => resident.kill('measured'),
    },
  ]
}

function start(
  driver: SandboxDriver,
  profile: string,
  argv: readonly string[],
  root: string,
): Promise<Running> {
  return driver.start(specFor(profile, argv, join(root, 'work'), root), { runId: newId(), agent: 'bench' })
}

async function toItsEnd({ stdin, stdout, stderr, exit }: Running): Promise<void> {
  stdin.end()
  stdout.resume()
  stderr.resume()
  const { code } = await exit
  if (code !== 0) throw new Error(`it ended with ${code}`)
}

/** All three streams are pipes and read to their end. */
async function inRunning(running: Running, argv: readonly string[]): Promise<void> {
  if (running.exec === undefined) throw new Error('this driver has no way into a running sandbox')
  const command = await running.exec({ argv })
  command.stdin.end()
  const ends = [command.stdout, command.stderr].map((stream) => {
    stream.resume()
    return new Promise((done) => stream.once('end', done))
  })
  const [{ code }] = await Promise.all([command.exit, ...ends])
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}`)
}

/** Each with no network, and with what it offers against writing elsewhere. */
function others(root: string): Peer[] {
  const [codex = join(MODULES, '@openai/codex')] = globSync(
    join(MODULES, '@openai/codex-*/vendor/*/bin/codex'),
  )
  const srt = join(MODULES, '@anthropic-ai/sandbox-runtime/dist/cli.js')
  mkdirSync(CODEX_HOME, { recursive: true })
  return [
    library(srt),
    { name: SRT, needs: [srt], way: (argv) => ended(NODE, [srt, ...argv]) },
    { name: CODEX, needs: [codex], way: (argv) => inHome(codex, ['sandbox', '--', ...argv], CODEX_HOME) },
    {
      name: 'firejail, no profile',
      needs: ['/usr/bin/firejail'],
      way: (argv) => ended('/usr/bin/firejail', ['--quiet', '--noprofile', '--net=none', '--', ...argv]),
    },
    podman(join(root, 'image')),
  ]
}

function inHome(program: string, args: readonly string[], home: string): Promise<unknown> {
  return new Promise((done, failed) => {
    spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, HOME: home } })
      .once('close', (code) => (code === 0 ? done(code) : failed(new Error(`${program} ended with ${code}`))))
      .once('error', failed)
  })
}

interface SandboxRuntime {
  readonly SandboxManager: {
    initialize(config: object): Promise<void>
    wrapWithSandbox(command: string): Promise<string>
    reset(): Promise<void>
  }
}

/** As its README shows it: initialised once, then each command wrapped and given to a shell. */
function library(path: string): Peer {
  const state: { manager?: Promise<SandboxRuntime['SandboxManager']> } = {}
  const ready = async () => {
    // a package.json of its own holds it, so the compiler must not look for it
    const { SandboxManager } = (await import(join(dirname(path), 'index.js'))) as SandboxRuntime
    await SandboxManager.initialize({
      network: { allowedDomains: [], deniedDomains: [] },
      filesystem: { denyRead: [], allowWrite: ['.'], denyWrite: [] },
    })
    return SandboxManager
  }
  return {
    name: 'sandbox-runtime, library',
    needs: [path],
    way: async (argv) => {
      const manager = await (state.manager ??= ready())
      return await ended('/bin/bash', ['-c', await manager.wrapWithSandbox(argv.join(' '))])
    },
    close: async () => await (await state.manager?.catch(() => undefined))?.reset(),
  }
}

/** A container over the host's own programs, so that no image has to be fetched. */
function podman(image: string): Peer {
  for (const name of ['usr', 'proc', 'dev', 'sys', 'etc', 'run', 'tmp'])
    mkdirSync(join(image, name), { recursive: true })
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(image, name))
  const tree = dirname(dirname(realpathSync(NODE)))
  const shown = tree === '/usr' ? [] : ['-v', `${tree}:${dirname(dirname(NODE))}:ro`]
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']
  const flags = [
    '--rm',
    '--network',
    'none',
    '--log-driver',
    'none',
    ...limits,
    '-v',
    '/usr:/usr:ro',
    ...shown,
  ]
  return {
    name: 'podman run, runc',
    needs: ['/usr/bin/podman', '/usr/sbin/runc'],
    way: (argv) =>
      ended('/usr/bin/podman', ['--runtime', 'runc', 'run', ...flags, '--rootfs', image, ...argv]),
  }
}

async function measure(peers: readonly Peer[], argv: readonly string[]): Promise<Times> {
  const times = new Map<string, number[]>(peers.map(({ name }) => [name, []]))
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const { name, way } of shuffled(peers)) {
      const began = performance.now()
      await way(argv)
      if (round >= 0) times.get(name)!.push(performance.now() - began)
    }
  }
  return times
}

function shuffled<T>(list: readonly T[]): T[] {
  const mixed = [...list]
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const other = randomInt(i + 1)
    ;[mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!]
  }
  return mixed
}

function rows(command: string, times: Times): BenchResult[] {
  const median = (name: string): number => quantile(times.get(name) ?? [], 0.5)
  const all = [...times].flatMap(([way, list]): BenchResult[] => {
    const name = `${command}: ${way}`
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(list, share)) as [
      number,
      number,
      number,
    ]
    const beside = way === BARE ? {} : { ratio: p50 / median(BARE), against: BARE }
    return [
      { bench: 'sandbox-peers', name, unit: 'ms', value: p50, p50, p99, ...beside },
      { bench: 'sandbox-peers', name: `${name}, p95`, unit: 'ms', value: p95 },
    ]
  })
  return [...all, ...goals(command, times, median)]
}

/** A goal against a peer that is not here is neither met nor missed: it has no row. */
function goals(command: string, times: Times, median: (name: string) => number): BenchResult[] {
  return GOALS.filter(({ of, against }) => times.has(of) && times.has(against))
    .filter((goal) => !('only' in goal) || goal.only === command)
    .map((goal): BenchResult => {
      const ratio = median(goal.of) / median(goal.against)
      const [wanted, ok] =
        'most' in goal
          ? [`at most ${goal.most}x`, ratio <= goal.most]
          : [`at least ${goal.least}x`, ratio >= goal.least]
      const name = `${command}: ${goal.of} beside ${goal.against}`
      const { of, against } = goal
      return { bench: 'sandbox-peers', name, unit: 'ms', value: median(of), ratio, against, goal: wanted, ok }
    })
}
