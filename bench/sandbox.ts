import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '../src/core/id.ts'
import { openNative } from '../src/platform/native.ts'
import {
  compile,
  createBubblewrapDriver,
  diskLookup,
  presets,
  seccompDigestHere,
  type SandboxSpec,
} from '../src/enforce/sandbox/index.ts'
import { closedProc } from '../src/enforce/sandbox/processes.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 40
const GOAL = 1.3

/**
 * How long `true` takes, from asking to its end: in a whole sandbox, in a bare bubblewrap with the same namespaces and
 * binds, and by itself. The three take turns, in another order each round, so that noise hits all alike.
 */
export async function run(): Promise<BenchResult[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-bench-')))
  try {
    const workspace = join(root, 'work')
    mkdirSync(workspace)
    const spec = specFor(workspace, root)
    const driver = createBubblewrapDriver({ native: openNative() })
    const { available, guarantees } = await driver.probe()
    if (!available) throw new Error(`no sandbox can be built here: ${guarantees[0]?.why}`)
    const sandboxed = async () => {
      const running = await driver.start(spec, { runId: newId(), agent: 'bench' })
      running.stdin.end()
      running.stdout.resume()
      running.stderr.resume()
      await running.exit
    }
    const ways = {
      sandboxed,
      bwrap: () => ended('/usr/bin/bwrap', bareArguments(spec)),
      bare: () => ended('/usr/bin/true', []),
    }
    return results(await measure(ways))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

type Times = Readonly<Record<'sandboxed' | 'bwrap' | 'bare', readonly number[]>>

async function measure(ways: Readonly<Record<keyof Times, () => Promise<unknown>>>): Promise<Times> {
  const names = ['sandboxed', 'bwrap', 'bare'] as const
  const times: Record<keyof Times, number[]> = { sandboxed: [], bwrap: [], bare: [] }
  for (let round = -3; round < ROUNDS; round += 1) {
    for (const i of names.keys()) {
      const name = names[(i + round + 3) % names.length]!
      const began = performance.now()
      await ways[name]()
      if (round >= 0) times[name].push(performance.now() - began) // the first rounds warm up
    }
  }
  return times
}

function results(times: Times): BenchResult[] {
  const at = (name: keyof Times, share: number) => {
    const sorted = times[name].toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  }
  const row = (name: keyof Times, title: string): BenchResult => ({
    bench: 'sandbox',
    name: title,
    unit: 'ms',
    value: at(name, 0.5),
    p50: at(name, 0.5),
    p99: at(name, 0.99),
  })
  const ratio = at('sandboxed', 0.5) / at('bwrap', 0.5)
  return [
    {
      ...row('sandboxed', 'true, sandboxed'),
      ratio,
      against: 'bare bwrap, same namespaces and binds',
      goal: `at most ${GOAL}x`,
      ok: ratio <= GOAL,
    },
    {
      ...row('bwrap', 'true, in bare bwrap'),
      ratio: at('bwrap', 0.5) / at('bare', 0.5),
      against: 'true by itself',
    },
    row('bare', 'true, by itself'),
  ]
}

function specFor(workspace: string, home: string): SandboxSpec {
  const user = { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'bench' }
  return compile(
    presets().get('code_analyzer')!,
    {
      argv: ['/usr/bin/true'],
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
function bareArguments({ mounts, host }: SandboxSpec): string[] {
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

function ended(program: string, args: readonly string[]): Promise<unknown> {
  return new Promise((done, failed) => {
    spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
      .once('close', (code) => (code === 0 ? done(code) : failed(new Error(`${program} ended with ${code}`))))
      .once('error', failed)
  })
}
