import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { readProcess } from '../../src/enforce/sandbox/processes.ts'

/** A home of its own with a whole Warder in it: its own config, state, socket and daemon. */
export interface House {
  readonly home: string
  readonly workspace: string
  readonly state: string
  readonly runtime: string
  readonly environment: Readonly<Record<string, string>>
  /** Runs `bin/warder` with these arguments until it ends. */
  readonly warder: (args: readonly string[], options?: RunOptions) => Promise<Result>
  /**
   * The same command line in this process, before the same daemon: what it says and its exit code are those of
   * `bin/warder`, and a whole Node is saved. For commands that ask the daemon or read files; those that are a process
   * themselves, such as `run` and `exec`, need `warder`.
   */
  readonly command: (args: readonly string[], options?: Omit<RunOptions, 'timeoutMs'>) => Promise<Result>
  /** Starts `bin/warder` and leaves it running; it is ended with the house. */
  start(args: readonly string[], options?: RunOptions): ChildProcess
  /** The pid of the daemon, if one runs. */
  daemonPid(): number | undefined
  /** The pid of who watches over it. */
  supervisorPid(): number | undefined
}

export interface RunOptions {
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Kills it after this long, so that a hanging program fails its test instead of the suite. */
  readonly timeoutMs?: number
}

export interface Result {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** The one JSON document on stdout. @throws when there is none */
  readonly json: <T = Record<string, unknown>>() => T
}

const WARDER = new URL('../../bin/warder', import.meta.url).pathname

/** Builds a house that is torn down, daemon and all, when the test ends. */
export function house(t: TestContext | { after(fn: () => Promise<void> | void): void }): House {
  const home = mkdtempSync(join(tmpdir(), 'wh-')) // short: socket paths have 107 bytes
  const workspace = join(home, 'work')
  mkdirSync(workspace)
  const runtime = join(home, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const environment = {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    XDG_RUNTIME_DIR: runtime,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    // what a test writes is looked for where it was written; tests of the other modes ask for them
    WARDER_WORKSPACE_MODE: 'direct',
    // the same program in each house: what one has compiled serves the next
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(home, '.cache/warder/compiled'),
  }
  const state = join(home, '.local/state/warder')
  const running = new Set<ChildProcess>()

  const start = (args: readonly string[], options: RunOptions = {}): ChildProcess => {
    const child = spawn(WARDER, args, {
      cwd: options.cwd ?? workspace,
      env: { ...environment, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('close', () => running.delete(child))
    child.stdin?.on('error', () => undefined) // a command may end before it has read its input
    return child
  }
  const holder = (): { pid?: number; supervisor?: number } => {
    try {
      return JSON.parse(readFileSync(join(runtime, 'warder/daemon.json'), 'utf8'))
    } catch {
      return {}
    }
  }
  const daemonPid = (): number | undefined => holder().pid
  const supervisorPid = (): number | undefined => {
    const { supervisor } = holder()
    return supervisor === process.pid ? undefined : supervisor // a test that started the daemon itself
  }
  t.after(async () => {
    for (const child of running) child.kill('SIGKILL')
    await end(supervisorPid()) // and with it its daemon, which it would start again
    await end(daemonPid())
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  })
  const it: House = {
    home,
    workspace,
    state,
    runtime,
    environment,
    start,
    daemonPid,
    supervisorPid,
    warder: (args, options) => finish(start(args, options), options),
    // loaded where it is used: most tests have no need of the whole command line
    command: async (args, options) => (await import('./command.ts')).command(it, args, options),
  }
  return it
}

function finish(child: ChildProcess, { input = '', timeoutMs = 60_000 }: RunOptions = {}): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin?.end(input)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  child.once('error', reject)
  child.once('close', (code, signal) => {
    clearTimeout(timer)
    resolve(
      resultOf({
        code,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
  })
  return promise
}

/** What a command line left, with its document. */
export function resultOf(said: Omit<Result, 'json'>): Result {
  const { code, stdout, stderr } = said
  const json = <T>(): T => {
    try {
      return JSON.parse(stdout) as T
    } catch {
      throw new Error(`stdout is not one JSON document (exit ${code}):\n${stdout}\n${stderr}`)
    }
  }
  return { ...said, json }
}

async function end(pid: number | undefined): Promise<void> {
  if (pid === undefined || !isAlive(pid)) return
  process.kill(pid, 'SIGTERM')
  for (let waited = 0; waited < 12_000 && isAlive(pid); waited += 10)
    await new Promise((done) => setTimeout(done, 10))
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}

/** Whether a process runs; one that has ended and that nobody has buried yet does not. */
export function isAlive(pid: number): boolean {
  const entry = readProcess(pid)
  return entry !== undefined && entry.state !== 'Z'
}

/** Waits until `ready` says so. @throws when it never does */
export async function until(
  ready: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 15_000,
): Promise<void> {
  for (let waited = 0; waited < timeoutMs; waited += 25) {
    if (await ready()) return
    await new Promise((done) => setTimeout(done, 25))
  }
  throw new Error(`waited ${timeoutMs} ms for: ${what}`)
}
