import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, systemCode } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { bubblewrapArguments, innerCommand, type ArgumentOptions } from './arguments.ts'
import { RunGroup } from './cgroup.ts'
import { warmUp, type CgroupHost } from './cgroup-host.ts'
import {
  holdAll,
  type MountPoint,
  memoryText,
  mountPoints,
  release,
  verifyMounts,
  type Held,
} from './descriptors.ts'
import { builderError } from './failure.ts'
import { canLimitOthers, limitReports, setLimits } from './limits.ts'
import { isWithin } from './paths.ts'
import { closedProc, pidNamespaceOf, readProcess } from './processes.ts'
import { BubblewrapRun } from './run.ts'
import { seccompProgram } from './seccomp.ts'
import { endStandIns, useStandIns, type StandIn } from './standin.ts'
import { closeInner, pipes, terminal, type Stdio } from './stdio.ts'
import type { Native } from '../../platform/native.ts'
import type { Architecture } from './syscalls.ts'
import type { Running, StartOptions } from './driver.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/** What the bubblewrap driver works with on this machine. */
export interface Machine {
  readonly bwrap: string
  readonly native: Native
  readonly architecture: Architecture
  readonly cgroups: CgroupHost
  readonly hasBindFd: boolean
}

const BUILD_DEADLINE_MS = 10_000
/** Descriptors 0 to 2 are the agent's; these follow. */
const ARGS = 3
const STATUS = 4
const BLOCK = 5
const SECCOMP = 6
const FIRST_FREE = 7

/**
 * Builds the sandbox, checks what was built while it is still held back, sets its limits, and only then lets the
 * command begin.
 *
 * @throws SandboxError; then the command did not run and nothing is left
 */
export async function startBubblewrap(
  machine: Machine,
  spec: SandboxSpec,
  options: StartOptions,
): Promise<Running> {
  void warmUp(machine.cgroups)
  const build = prepare(machine, spec, options)
  try {
    const child = launch(machine, spec, build)
    build.child = child
    const status = readStatus(child)
    const init = await status.init
    const [namespace] = await Promise.all([settled(init, spec, child), build.group.join(init)])
    verifyMounts(init, build.held)
    setLimits(machine.native, init, spec, {
      canLimit: !build.arguments.limitInside,
      hasCpuGroup: build.group.limited.has('cpu'),
    })
    const entry = readProcess(init)
    if (entry === undefined)
      throw new SandboxError('SANDBOX_FAILED', 'the sandbox ended early', 'start it again')
    const identity = { pid: entry.pid, startTime: entry.startTime }
    options.onBuilt?.({ init: identity, pidNamespace: namespace })
    release(build.held.splice(0))
    const run = new BubblewrapRun({
      runId: options.runId,
      agent: options.agent,
      spec,
      child,
      init: identity,
      pidNamespace: namespace,
      startedAt: Date.now(),
      limits: limitReports(spec, build.group, machine.cgroups, build.arguments.limitInside),
      stdio: build.stdio,
      group: build.group,
      exitCode: status.exitCode,
      cleanUp: async () => endStandIns(build.standIns),
    })
    streamOf<Writable>(child, BLOCK).end('x')
    return run
  } catch (error) {
    const known = error instanceof SandboxError ? error : await explain(build, error)
    await abandon(build)
    throw known
  }
}

/** Everything that exists before the sandbox does, so that all of it can be taken back. */
interface Build {
  readonly standIns: StandIn[]
  readonly held: Held[]
  readonly stdio: Stdio
  readonly group: RunGroup
  readonly arguments: ArgumentOptions
  child?: ChildProcess
}

function prepare(machine: Machine, spec: SandboxSpec, options: StartOptions): Build {
  const { native } = machine
  const { runId, onStandIns, terminal: size } = options
  const standIns = useStandIns(spec.mounts, spec.host)
  try {
    onStandIns?.(standIns)
    const held = holdAll(spec.mounts, native)
    const group = new RunGroup(machine.cgroups, runId, spec.limits)
    const stdio = spec.terminal
      ? terminal(native, size ?? { columns: 80, rows: 24 }, spec.host)
      : pipes(native, spec.host)
    const limitInside = !canLimitOthers(spec)
    return {
      standIns,
      held,
      stdio,
      group,
      arguments: { hasBindFd: machine.hasBindFd, limitInside, closedProc: closedProc(spec.host.uid) },
    }
  } catch (error) {
    endStandIns(standIns)
    throw error
  }
}

function launch({ bwrap, native, architecture }: Machine, spec: SandboxSpec, build: Build): ChildProcess {
  const byPath = new Map(build.held.map(({ path }, i) => [path, FIRST_FREE + i]))
  const words = bubblewrapArguments(
    spec,
    { status: STATUS, block: BLOCK, seccomp: SECCOMP, byPath },
    build.arguments,
  )
  const text = (bytes: string | Uint8Array) => memoryText(native, bytes)
  const args = text(words.map((word) => `${word}\0`).join(''))
  const seccomp = text(seccompProgram(architecture, { noFork: spec.noFork }))
  const isDropping = process.getuid?.() === 0 && spec.host.uid !== 0
  try {
    // whatever this process inherited or opened without the mark must not be open inside
    native.closeOnExecFrom(3)
    // for this one call: the child takes it along, and nothing of ours is made meanwhile
    return withUmask(spec.umask, () =>
      spawn(bwrap, ['--args', `${ARGS}`, '--', ...innerCommand(spec, build.arguments)], {
        stdio: [...build.stdio.inner, args, 'pipe', 'pipe', seccomp, ...build.held.map(({ fd }) => fd)],
        cwd: '/',
        env: {},
        ...(isDropping ? spec.host : {}),
      }),
    )
  } finally {
    closeSync(args)
    closeSync(seccomp)
    closeInner(build.stdio)
  }
}

function withUmask<T>(mask: number, work: () => T): T {
  const own = process.umask(mask)
  try {
    return work()
  } finally {
    process.umask(own)
  }
}

/** The builder writes one JSON document a line: who process 1 is, and later how the command ended. */
function readStatus(child: ChildProcess): { init: Promise<number>; exitCode: Promise<number | undefined> } {
  const stream = streamOf<Readable>(child, STATUS)
  const first = Promise.withResolvers<number>()
  const last = Promise.withResolvers<number | undefined>()
  const state: { text: string; code: number | undefined } = { text: '', code: undefined }
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (state.text + chunk).split('\n')
    state.text = lines.pop() ?? ''
    for (const line of lines) {
      const document = parseStatus(line)
      if (document['child-pid'] !== undefined) first.resolve(document['child-pid'])
      if (document['exit-code'] !== undefined) state.code = document['exit-code']
    }
  })
  const end = () => {
    first.reject(new Error('it ended before the sandbox stood'))
    last.resolve(state.code)
  }
  stream.on('close', end).on('error', end)
  child.on('error', (error) => first.reject(error))
  first.promise.catch(() => undefined)
  return { init: first.promise, exitCode: last.promise }
}

/** Node's types know five streams of a child; there are as many as were asked for. */
function streamOf<S extends Readable | Writable>(child: ChildProcess, at: number): S {
  return (child.stdio as readonly unknown[])[at] as S
}

function parseStatus(line: string): { readonly 'child-pid'?: number; readonly 'exit-code'?: number } {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/**
 * Waits until the sandbox is complete: everything described is mounted and nothing else, neither what it was built
 * from nor what the machine has.
 *
 * @returns the inode of its pid namespace
 */
async function settled(init: number, spec: SandboxSpec, child: ChildProcess): Promise<string> {
  const began = performance.now()
  while (performance.now() - began < BUILD_DEADLINE_MS) {
    const namespace = isComplete(spec, mountPoints(init)) ? pidNamespaceOf(init) : undefined
    if (namespace !== undefined) return namespace
    if (child.exitCode !== null || child.signalCode !== null) break
    await sleep(1)
  }
  throw new Error('what was built is not what was described')
}

function isComplete(spec: SandboxSpec, seen: ReadonlyMap<string, MountPoint>): boolean {
  const mounts = spec.mounts.filter(({ type }) => type !== 'link' && type !== 'text')
  const known = [...mounts.map(({ path }) => path), '/proc', '/dev']
  const isThere = (mount: Mount): boolean => {
    const point = seen.get(mount.path)
    const mustNotWrite = mount.type === 'mask' || (mount.type === 'bind' && mount.access === 'read')
    return (
      point !== undefined &&
      (point.readOnly || !mustNotWrite) &&
      (mount.type !== 'mask' || point.type === 'tmpfs')
    )
  }
  return (
    mounts.every(isThere) &&
    (spec.host.uid !== 0 || seen.get('/proc/sys')?.readOnly === true) &&
    [...seen.keys()].every((path) => path === '/' || known.some((top) => isWithin(path, top)))
  )
}

/** Why nothing stands: what the builder wrote, as far as it goes. */
async function explain({ stdio, child }: Build, cause: unknown): Promise<SandboxError> {
  const missing = systemCode(cause) === 'ENOENT' && messageOf(cause).startsWith('spawn ')
  if (missing) {
    return new SandboxError(
      'SANDBOX_UNAVAILABLE',
      'bubblewrap is not installed',
      'as root: apt install bubblewrap',
      { cause },
    )
  }
  const chunks: string[] = []
  for (const stream of [stdio.stderr, stdio.stdout])
    stream.on('data', (chunk: Buffer) => chunks.push(String(chunk)))
  for (let i = 0; i < 50 && chunks.length === 0 && child !== undefined; i += 1) await sleep(2)
  return builderError(chunks.join(''), cause)
}

/** Takes back everything a failed start made. */
async function abandon(build: Build): Promise<void> {
  build.child?.kill('SIGKILL')
  release(build.held.splice(0))
  build.stdio.stdin.destroy()
  build.stdio.stdout.destroy()
  build.stdio.stderr.destroy()
  await build.group.close()
  endStandIns(build.standIns)
}
