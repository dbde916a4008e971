import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { bubblewrapArguments, innerCommand, INIT_PATH, type ArgumentOptions } from './arguments.ts'
import { holdAll, holdProgram, memoryText, overlayLayers, release, type Held } from './descriptors.ts'
import { ownBuilder, type Builder } from './builder.ts'
import { SandboxError } from './errors.ts'
import { canLimitOthers } from './limits.ts'
import { closedProc } from './processes.ts'
import { endStandIns, plannedStandIns, useStandIns, type StandIn } from './standin.ts'
import { openTransparent, throughTransparent } from './transparent.ts'
import { closeInner, pipes, terminal, type Stdio } from './stdio.ts'
import type { Machine } from './bubblewrap.ts'
import type { StartAs } from './foreman.ts'
import type { StartOptions } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** Descriptors 0 to 2 are the agent's; these follow, as the builder sees them. */
const ARGS = 3
const STATUS = 4
const SECCOMP = 5
/** What holds the command back: the socket to process 1 where that is ours, else a pipe the builder reads. */
const HOLD = 6
const NEXT = 7

/** Everything that exists before the sandbox does, so that all of it can be taken back. */
export interface Build {
  readonly standIns: StandIn[]
  readonly held: Held[]
  readonly stdio: Stdio
  readonly arguments: ArgumentOptions
  /** Absent until it was launched. */
  launched?: Launched
}

export interface Launched {
  readonly builder: Builder
  /** What the builder says. */
  readonly status: Socket
  /** Our end of what holds the command back. */
  readonly hold: Socket
}

export function prepare(machine: Machine, spec: SandboxSpec, options: StartOptions): Build {
  const { native, programs } = machine
  const { onStandIns, terminal: size } = options
  if (programs === undefined) refuseWithoutPrograms(spec, machine.programsMissing)
  const planned = plannedStandIns(spec.mounts, Date.now())
  if (planned.length > 0) onStandIns?.(planned)
  const standIns = useStandIns(spec.mounts, spec.host)
  const held: Held[] = []
  try {
    onStandIns?.(standIns)
    held.push(...holdAll(spec.mounts, native, spec.host.uid))
    if (programs !== undefined) held.push(holdProgram(INIT_PATH, programs.open('init')))
    const stdio = spec.terminal
      ? terminal(native, size ?? { columns: 80, rows: 24 }, spec.host)
      : pipes(native, spec.host)
    const hasInit = programs !== undefined
    return {
      standIns,
      held,
      stdio,
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
  // bubblewrap leaves the descriptor of one open; process 1 of ours closes it before anybody begins
  const device = mounts.find((mount) => mount.type === 'bind' && mount.identity?.kind === 'device')
  const lost =
    (overlay && `the overlay over ${overlay.path}`) ??
    (device && `the device ${device.path}`) ??
    ((bridge ?? network) && 'the bridge to its way out')
  if (lost === undefined) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `${lost} needs the native programs: ${missing?.missing ?? 'they are not there'}`,
    missing?.fix ?? 'build Warder where there is a C compiler',
  )
}

/** Starts the builder. Nothing of the agent's begins before it is let go on by what holds it back. */
export async function launch(machine: Machine, spec: SandboxSpec, build: Build): Promise<Launched> {
  const { programs } = machine
  const own = programs === undefined ? [] : openTransparent(spec, programs)
  const ends = openEnds(machine, build.arguments.hasInit)
  const given = [...own, ends.status.theirs, ends.hold.theirs]
  try {
    const first = NEXT + own.length
    const layers = overlayLayers(build.held, first)
    const numbered = build.held.map(({ path }, i): [string, number] => [path, first + i])
    const orders = writeOrders(machine, spec, build, new Map([...numbered, ...layers.merged]))
    given.push(orders.args, orders.seccomp)
    const fds = [
      ...build.stdio.inner,
      ...[orders.args, ends.status.theirs, orders.seccomp, ends.hold.theirs],
      ...own,
      ...build.held.map(({ fd }) => fd),
      ...layers.fds,
    ]
    const inner = ['--args', `${ARGS}`, '--', ...innerCommand(spec, build.arguments, HOLD)]
    const builder =
      machine.foreman === undefined
        ? startOwn(machine, spec, fds, inner)
        : await machine
            .foreman()
            .start(throughLauncher(machine, spec, fds.length, layers.options, inner), fds, startAs(spec))
    return { builder, status: ends.status.ours, hold: ends.hold.ours }
  } catch (error) {
    ends.status.ours.destroy()
    ends.hold.ours.destroy()
    throw error
  } finally {
    for (const fd of given) closeSync(fd)
    closeInner(build.stdio)
  }
}

interface Ends {
  readonly ours: Socket
  readonly theirs: number
}

function openEnds({ native }: Machine, hasInit: boolean): { readonly status: Ends; readonly hold: Ends } {
  const status = native.pipe()
  const said = new Socket({ fd: status.read, readable: true, writable: false })
  if (hasInit) {
    const { ours, theirs } = native.socketPair()
    const control = new Socket({ fd: ours, readable: true, writable: true })
    return { status: { ours: said, theirs: status.write }, hold: { ours: control, theirs } }
  }
  const { read, write } = native.pipe()
  const block = new Socket({ fd: write, readable: false, writable: true })
  return { status: { ours: said, theirs: status.write }, hold: { ours: block, theirs: read } }
}

/** Whom the builder runs as, where that is not who we are. */
function startAs({ host, umask }: SandboxSpec): StartAs {
  const isDropping = process.getuid?.() === 0 && host.uid !== 0
  return { umask, ...(isDropping ? { user: { uid: host.uid, gid: host.gid } } : {}) }
}

/** Without the native programs it is a child of this process. */
function startOwn(
  { bwrap, native }: Machine,
  spec: SandboxSpec,
  fds: readonly number[],
  inner: readonly string[],
): Builder {
  const { umask, user } = startAs(spec)
  // whatever this process inherited or opened without the mark must not be open inside
  native.closeOnExecFrom(3)
  // for this one call: the child takes it along, and nothing of ours is made meanwhile
  return withUmask(umask, () =>
    ownBuilder(spawn(bwrap, inner, { stdio: [...fds], cwd: '/', env: {}, ...user })),
  )
}

/** What the builder reads: its arguments, and the filter it loads; nameless, and gone with their descriptors. */
function writeOrders(
  { native, filter }: Machine,
  spec: SandboxSpec,
  build: Build,
  byPath: ReadonlyMap<string, number>,
): { readonly args: number; readonly seccomp: number } {
  const { hasInit } = build.arguments
  const descriptors = { status: STATUS, seccomp: SECCOMP, byPath, ...(hasInit ? {} : { block: HOLD }) }
  const words = bubblewrapArguments(spec, descriptors, build.arguments)
  // process 1 must be able to start processes: where the command must not, it is told so itself
  const noFork = spec.noFork && !hasInit
  return {
    args: memoryText(native, words.map((word) => `${word}\0`).join('')),
    seccomp: memoryText(native, filter(noFork)),
  }
}

/** What the launcher is told: it becomes the builder, by way of what makes its network where there is one. */
function throughLauncher(
  { bwrap }: Machine,
  spec: SandboxSpec,
  keep: number,
  overlays: readonly string[],
  inner: readonly string[],
): readonly string[] {
  const orders = ['launcher', '--keep', `${keep}`, '--limit', 'core', '0', ...overlays]
  return [...orders, '--', ...throughTransparent(spec, NEXT), bwrap, ...inner]
}

function withUmask<T>(mask: number, work: () => T): T {
  const own = process.umask(mask)
  try {
    return work()
  } finally {
    process.umask(own)
  }
}
