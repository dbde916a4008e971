import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { newId } from '../../src/core/id.ts'
import {
  compile,
  createLandlockDriver,
  diskLookup,
  profileSchema,
  seccompDigestHere,
  specDigest,
  type LandlockOptions,
  type ProfileInput,
  type RunExit,
  type Running,
  type SandboxDriver,
  type SandboxSpec,
} from '../../src/enforce/sandbox/index.ts'
import { openNative } from '../../src/platform/native.ts'

/** Whom agents run as here: never root, which this level refuses. */
export const AGENT = process.getuid?.() === 0 ? { uid: 23456, gid: 23456 } : ids()

function ids(): { readonly uid: number; readonly gid: number } {
  return { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534 }
}

/** A workspace, something readable, and something outside of it that belongs to the same user. */
export interface Site {
  readonly root: string
  readonly workspace: string
  readonly readable: string
  readonly outside: string
  /** Makes a file the agent's user owns; `mode` is what keeps nobody out. */
  put(path: string, content?: string, mode?: number): string
  folder(path: string): string
  spec(argv: readonly string[], more?: SpecOptions): SandboxSpec
}

export interface SpecOptions {
  readonly profile?: Partial<ProfileInput>
  readonly env?: Readonly<Record<string, string>>
  readonly terminal?: boolean
}

export function site(t: Pick<TestContext, 'after'>): Site {
  // short, because socket paths have 107 bytes; open, because the agent may be another user than we are
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'wl-')))
  chmodSync(root, 0o755)
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }))
  const [workspace, readable, outside] = ['work', 'readable', 'outside'].map((name) => {
    const path = join(root, name)
    mkdirSync(path)
    own(path, 0o755)
    return path
  }) as [string, string, string]
  return {
    ...{ root, workspace, readable, outside },
    folder: (path) => {
      mkdirSync(path)
      own(path, 0o755)
      return path
    },
    put: (path, content = 'content', mode = 0o666) => {
      writeFileSync(path, content)
      own(path, mode)
      return path
    },
    spec: (argv, { profile = {}, env = {}, terminal = false } = {}) => {
      const parsed = profileSchema.parse(landlockProfile(readable, profile))
      const compiled = compile(
        parsed,
        {
          ...{ argv, workspace, home: join(root, 'home'), reach: [], exclusions: [], terminal },
          env: { PATH: '/usr/bin:/bin', ...env },
          user: {
            uid: process.getuid?.() ?? AGENT.uid,
            gid: process.getgid?.() ?? AGENT.gid,
            name: 'tester',
          },
          seccompDigest: seccompDigestHere,
        },
        diskLookup,
      )
      const spec = { ...compiled, minimumLevel: parsed.minimum_level }
      return { ...spec, digest: specDigest(spec) }
    },
  }
}

function own(path: string, mode: number): void {
  if (lstatSync(path).uid !== AGENT.uid) chownSync(path, AGENT.uid, AGENT.gid)
  chmodSync(path, mode)
}

function landlockProfile(readable: string, changes: Partial<ProfileInput>): ProfileInput {
  return {
    name: 'landlocked',
    description: 'for tests of the Landlock level',
    filesystem: { workspace: 'read-write', read_only: [readable], temporary_size: '64MiB' },
    network: { mode: 'none' },
    process: { fork: true, max_memory: '1GiB', max_processes: 100, max_open_files: 256, cpu_percent: 200 },
    environment: { mode: 'restricted', pass: ['PASSED*'] },
    terminal: true,
    minimum_level: 'landlock',
    ...changes,
  }
}

/** The driver, or undefined, said out loud, on a machine where it cannot work. */
export async function landlock(
  t: Pick<TestContext, 'skip'>,
  options: Partial<LandlockOptions> = {},
): Promise<SandboxDriver | undefined> {
  const driver = createLandlockDriver({ native: openNative(), ...options })
  const { available, guarantees } = await driver.probe()
  if (available) return driver
  // where the kernel has it and the launcher was built, a driver that does not work is broken, not missing
  assert.ok(!canWork(), `Landlock should work here and does not: ${guarantees[0]?.why}`)
  t.skip(`Landlock cannot be used here (${guarantees[0]?.why}): NOT tried`)
  return undefined
}

export const LAUNCHER = new URL('../../dist/native/confine', import.meta.url).pathname

function canWork(): boolean {
  return existsSync(LAUNCHER) && Number(execFileSync(LAUNCHER, ['abi'], { encoding: 'utf8' })) >= 1
}

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exit: RunExit
  readonly run: Running
}

export async function runIn(driver: SandboxDriver, spec: SandboxSpec, input = ''): Promise<Ran> {
  const run = await driver.start(spec, { runId: newId(), agent: 'intruder' })
  run.stdin.end(input)
  const [stdout, stderr, exit] = await Promise.all([text(run.stdout), text(run.stderr), run.exit])
  return { stdout, stderr, exit, run }
}

/** The same command without a sandbox, as the same user: what shows that an attempt works when nothing stops it. */
export async function runOutside(argv: readonly string[], cwd: string): Promise<string> {
  const child = outsider(argv, cwd)
  child.stdin?.end()
  return text(child.stdout!)
}

export function outsider([command = '', ...args]: readonly string[], cwd: string): ChildProcess {
  const isRoot = process.getuid?.() === 0
  return spawn(command, args, {
    cwd,
    env: { PATH: '/usr/bin:/bin', OUTSIDER: 'mark-7e1a-of-an-outsider' },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(isRoot ? AGENT : {}),
  })
}
