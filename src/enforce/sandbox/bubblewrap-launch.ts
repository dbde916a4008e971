import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { bubblewrapArguments, innerCommand, INIT_PATH, type ArgumentOptions } from './arguments.ts'
import { holdAll, holdProgram, memoryText, overlayLayers, release, type Held } from './descriptors.ts'
import { SandboxError } from './errors.ts'
import { RunGroup } from './cgroup.ts'
import { canLimitOthers } from './limits.ts'
import { closedProc } from './processes.ts'
import { seccompProgram } from './seccomp.ts'
import { endStandIns, plannedStandIns, useStandIns, type StandIn } from './standin.ts'
import { openTransparent, throughTransparent } from './transparent.ts'
import { closeInner, pipes, terminal, type Stdio } from './stdio.ts'
import type { Machine } from './bubblewrap.ts'
import type { NativePrograms } from './native-programs.ts'
import type { StartOptions } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** Descriptors 0 to 2 are the agent's; these follow, as the builder sees them. */
const ARGS = 3
export const STATUS = 4
export const BLOCK = 5
const SECCOMP = 6
/** The socket to process 1; with the launcher's and process 1's own programs behind it, where they are there. */
export const CONTROL = 7
const LAUNCHER = 8

/** Everything that exists before the sandbox does, so that all of it can be taken back. */
export interface Build {
  readonly standIns: StandIn[]
  readonly held: Held[]
  readonly stdio: Stdio
  readonly group: RunGroup
  readonly arguments: ArgumentOptions
  child?: ChildProcess
}

export function prepare(machine: Machine, spec: SandboxSpec, options: StartOptions): Build {
  const { native, programs } = machine
  const { runId, onStandIns, terminal: size } = options
  if (programs === undefined) refuseWithoutPrograms(spec, machine.programsMissing)
  const planned = plannedStandIns(spec.mounts, Date.now())
  if (planned.length > 0) onStandIns?.(planned)
  const standIns = useStandIns(spec.mounts, spec.host)
  const held: Held[] = []
  try {
    onStandIns?.(standIns)
    held.push(...holdAll(spec.mounts, native, spec.host.uid))
    if (programs !== undefined) held.push(holdProgram(INIT_PATH, programs.open('init')))
    const group = new RunGroup(machine.cgroups, runId, spec.limits)
    const stdio = spec.terminal
      ? terminal(native, size ?? { columns: 80, rows: 24 }, spec.host)
      : pipes(native, spec.host)
    const hasInit = programs !== undefined
    return {
      standIns,
      held,
      stdio,
      group,
      arguments: {
        hasBindFd: machine.hasBindFd,
        hasInit,
        limitInside: !hasInit && !canLimitOthers(spec),
        closedProc: closedProc(spec.host.uid),
      },
    }
  } catch (error) {
    release(held)
    endStandIns(standIns)
    throw error
  }
}

function refuseWithoutPrograms(
  { mounts, bridge, network }: SandboxSpec,
  missing: Machine['programsMissing'],
): void {
  const overlay = mounts.find(({ type }) => type === 'overlay')
  const lost =
    overlay === undefined
      ? (bridge ?? network) && 'the bridge to its way out'
      : `the overlay over ${overlay.path}`
  if (lost === undefined) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `${lost} needs the native programs: ${missing?.missing ?? 'they are not there'}`,
    missing?.fix ?? 'build Warder where there is a C compiler',
  )
}

/** Starts the builder. It stops before the command, until it is let go on by {@link BLOCK}. */
export function launch(machine: Machine, spec: SandboxSpec, build: Build): ChildProcess {
  const { programs } = machine
  const own = programs === undefined ? [] : openOwn(programs, spec)
  const first = programs === undefined ? CONTROL : LAUNCHER + own.length
  const layers = overlayLayers(build.held, first)
  const numbered = build.held.map(({ path }, i): [string, number] => [path, first + i])
  const orders = writeOrders(machine, spec, build, new Map([...numbered, ...layers.merged]))
  const pipe = 'pipe' as const
  const stdio = [
    ...build.stdio.inner,
    ...[orders.args, pipe, pipe, orders.seccomp],
    ...(programs === undefined ? [] : [pipe]),
    ...own,
    ...build.held.map(({ fd }) => fd),
    ...layers.fds,
  ]
  const inner = ['--args', `${ARGS}`, '--', ...innerCommand(spec, build.arguments, CONTROL)]
  const isDropping = process.getuid?.() === 0 && spec.host.uid !== 0
  try {
    // whatever this process inherited or opened without the mark must not be open inside
    machine.native.closeOnExecFrom(3)
    const [program, words] = throughLauncher(machine, spec, stdio.length, layers.options, inner)
    // for this one call: the child takes it along, and nothing of ours is made meanwhile
    return withUmask(spec.umask, () =>
      spawn(program, words, { stdio, cwd: '/', env: {}, ...(isDropping ? spec.host : {}) }),
    )
  } finally {
    for (const fd of [orders.args, orders.seccomp, ...own]) closeSync(fd)
    closeInner(build.stdio)
  }
}

/** What the builder reads: its arguments, and the filter it loads; nameless, and gone with their descriptors. */
function writeOrders(
  { native, architecture }: Machine,
  spec: SandboxSpec,
  build: Build,
  byPath: ReadonlyMap<string, number>,
): { readonly args: number; readonly seccomp: number } {
  const descriptors = { status: STATUS, block: BLOCK, seccomp: SECCOMP, byPath }
  const words = bubblewrapArguments(spec, descriptors, build.arguments)
  // process 1 must be able to start processes: where the command must not, it is told so itself
  const noFork = spec.noFork && !build.arguments.hasInit
  return {
    args: memoryText(native, words.map((word) => `${word}\0`).join('')),
    seccomp: memoryText(native, seccompProgram(architecture, { noFork })),
  }
}

/** The programs that stand before the builder, and what they are given; the launcher first. */
function openOwn(programs: NativePrograms, spec: SandboxSpec): readonly number[] {
  const others = openTransparent(spec, programs)
  try {
    return [programs.open('launcher'), ...others]
  } catch (error) {
    for (const fd of others) closeSync(fd)
    throw error
  }
}

/** The launcher is run by descriptor: the very file that was compared, wherever it lies and whoever may look there. */
function throughLauncher(
  { bwrap, programs }: Machine,
  spec: SandboxSpec,
  keep: number,
  overlays: readonly string[],
  inner: readonly string[],
): readonly [string, readonly string[]] {
  if (programs === undefined) return [bwrap, inner]
  const orders = ['--keep', `${keep}`, '--limit', 'core', '0', ...overlays]
  return [
    `/proc/self/fd/${LAUNCHER}`,
    [...orders, '--', ...throughTransparent(spec, LAUNCHER + 1), bwrap, ...inner],
  ]
}

function withUmask<T>(mask: number, work: () => T): T {
  const own = process.umask(mask)
  try {
    return work()
  } finally {
    process.umask(own)
  }
}
