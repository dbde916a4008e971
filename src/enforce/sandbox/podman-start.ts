import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { RunGroup } from './cgroup.ts'
import { warmUp, type CgroupHost } from './cgroup-host.ts'
import { ControlChannel } from './control.ts'
import { holdAll, release, verifyMounts, type Held } from './descriptors.ts'
import { setLimits } from './limits.ts'
import { ociSeccomp } from './oci-seccomp.ts'
import { podmanArguments, type ContainerPlan } from './podman-arguments.ts'
import { FirstCommand } from './podman-command.ts'
import { lastWords, type PodmanHome, type Runtime } from './podman-home.ts'
import { withoutSystem } from './podman-image.ts'
import { hasEnded, killed } from './podman-end.ts'
import { ownerFile, ownerOf, proveGone } from './podman-leftovers.ts'
import { containerLimits, processLimit, refuseUnlimited } from './podman-limits.ts'
import { outboxOf, refuseOutbox, type TakeOutbox } from './podman-outbox.ts'
import { PodmanRun, type TaskOutbox } from './podman-run.ts'
import { verifyContainer } from './podman-verify.ts'
import { killPidNamespace, pidNamespaceOf, readProcess, type ProcessEntry } from './processes.ts'
import { seccompProgram } from './seccomp.ts'
import { endStandIns, useStandIns, type StandIn } from './standin.ts'
import type { Native } from '../../platform/native.ts'
import type { Running, StartOptions } from './driver.ts'
import type { NativePrograms } from './native-programs.ts'
import type { Mount, SandboxSpec } from './spec.ts'
import type { Architecture } from './syscalls.ts'

/** What the Podman driver works with on this machine. */
export interface PodmanMachine {
  readonly home: PodmanHome
  readonly native: Native
  readonly programs: NativePrograms
  readonly architecture: Architecture
  readonly cgroups: CgroupHost
  readonly runtime: Runtime
  /** The image of a spec: pinned by digest. */
  readonly imageOf: (spec: SandboxSpec) => Promise<string>
  /** True when tasks run in an image of their own, and see nothing of the machine's system. */
  readonly hasOwnImage: boolean
  readonly takeOutbox?: TakeOutbox
  /** False only for the probe, which is there to find out. */
  readonly mustLimit: boolean
}

export interface PodmanStartOptions extends StartOptions {
  readonly outbox?: TaskOutbox
}

const START_DEADLINE_MS = 30_000
/** Descriptors 0 to 2 are podman's own, and lead nowhere. */
const CONTROL = 3

/** Everything that exists before the container does, so that all of it can be taken back. */
interface Build {
  readonly folder: string
  readonly standIns: readonly StandIn[]
  readonly held: Held[]
  readonly group: RunGroup
  readonly program: number
  readonly plan: ContainerPlan
  isHandedOver: boolean
  child?: ChildProcess
  init?: ProcessEntry
}

/**
 * Lets podman make the container around our process 1, looks at what was made, sets and reads back its limits, and
 * only then lets the command begin.
 *
 * @throws SandboxError; then the command did not run and nothing is left
 */
export async function startPodman(
  machine: PodmanMachine,
  spec: SandboxSpec,
  options: PodmanStartOptions,
): Promise<Running> {
  refuseRoot(spec)
  const outbox = options.outbox ?? outboxOf(machine.takeOutbox, spec, options)
  refuseOutbox(spec, outbox)
  void warmUp(machine.cgroups)
  const build = prepare(machine, spec, options, await machine.imageOf(spec))
  try {
    const child = launch(machine, spec, build)
    build.child = child
    const channel = new ControlChannel((child.stdio as readonly unknown[])[CONTROL] as Duplex)
    await answered(machine, spec, channel, child)
    const init = (build.init = processOne(build.plan.pidFile))
    verifyContainer(init.pid, spec, build.plan.mounts, markOf(build.program))
    verifyMounts(init.pid, build.held)
    await build.group.join(init.pid)
    const { runId, agent } = options
    const limits = containerLimits(init.pid, spec, {
      ...{ group: build.group, host: machine.cgroups, runId, isRootless: machine.home.isRootless },
    })
    if (machine.mustLimit) refuseUnlimited(limits)
    setLimits(machine.native, init.pid, spec, {
      canLimit: false,
      hasCpuGroup: build.group.limited.has('cpu'),
    })
    const identity = { pid: init.pid, startTime: init.startTime }
    const pidNamespace = pidNamespaceOf(init.pid) ?? ''
    await options.onBuilt?.({ init: identity, pidNamespace })
    handOver(build)
    const size = spec.terminal ? (options.terminal ?? { columns: 80, rows: 24 }) : undefined
    return new PodmanRun({
      ...{ runId, agent, spec, child, channel, limits, pidNamespace, init: identity, group: build.group },
      ...{ startedAt: Date.now(), command: new FirstCommand(channel, spec, size) },
      ...(outbox === undefined ? {} : { outbox }),
      cleanUp: () => takeBack(machine, build),
    })
  } catch (error) {
    await abandon(machine, build)
    throw error instanceof SandboxError ? error : failure(messageOf(error), error)
  }
}

/** Without a user namespace of its own, root inside would be root outside. */
function refuseRoot({ host }: SandboxSpec): void {
  if (host.uid !== 0 && host.gid !== 0) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    'the workspace belongs to root, and in a container of root’s the agent would act as root',
    'give the workspace to an ordinary user: chown -R USER:GROUP DIRECTORY',
  )
}

function prepare(machine: PodmanMachine, spec: SandboxSpec, options: StartOptions, image: string): Build {
  const { home, native, programs, cgroups } = machine
  const { runId, onStandIns } = options
  const mounts = machine.hasOwnImage ? withoutSystem(spec) : spec.mounts
  const standIns = useStandIns(spec.mounts, spec.host)
  const folder = join(home.runs, runId)
  const held: Held[] = []
  const opened: number[] = []
  try {
    onStandIns?.(standIns)
    held.push(
      ...holdAll(
        mounts.filter(({ type }) => type === 'bind'),
        native,
      ),
    )
    mkdirSync(folder, { mode: 0o711 })
    writeFileSync(ownerFile(folder), ownerOf())
    const program = programs.open('init')
    opened.push(program)
    const plan: ContainerPlan = {
      ...{ name: `warder-${runId}`, image, mounts, runtime: machine.runtime, isRootless: home.isRootless },
      ownLimits: readFileSync('/proc/self/limits', 'latin1'),
      ...{ control: CONTROL, owner: ownerOf(), init: readlinkSync(`/proc/self/fd/${program}`) },
      ...{
        pidFile: join(folder, 'pid'),
        seccomp: join(folder, 'seccomp.json'),
        made: makeFiles(folder, mounts),
      },
    }
    // process 1 must be able to start processes: a command that must not is told so by its own filter
    writeFileSync(plan.seccomp, JSON.stringify(ociSeccomp(machine.architecture, { noFork: false })))
    const group = new RunGroup(cgroups, runId, spec.limits)
    return { folder, standIns, held, group, program, plan, isHandedOver: false }
  } catch (error) {
    release(held)
    for (const fd of opened) closeSync(fd)
    rmSync(folder, { recursive: true, force: true })
    endStandIns(standIns)
    throw error
  }
}

/** Files that are bound for what is made rather than shown: texts, and masks of files. */
function makeFiles(folder: string, mounts: readonly Mount[]): Map<string, string> {
  const made = new Map<string, string>()
  for (const [i, mount] of mounts.entries()) {
    const isMask = mount.type === 'mask' && mount.kind === 'file'
    if (mount.type !== 'text' && !isMask) continue
    const path = join(folder, `made-${i}`)
    writeFileSync(path, mount.type === 'text' ? mount.text : '', {
      mode: mount.type === 'text' || mount.absent ? 0o444 : 0o000,
    })
    made.set(mount.path, path)
  }
  return made
}

function launch({ home, native }: PodmanMachine, spec: SandboxSpec, { plan }: Build): ChildProcess {
  const words = podmanArguments(spec, plan)
  // whatever this process inherited or opened without the mark must not be open inside
  native.closeOnExecFrom(3)
  const child = spawn(home.podman, words, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: home.environment,
  })
  child.on('error', () => undefined)
  return child
}

/** Waits until process 1 says that it has taken its orders. */
async function answered(
  { architecture, home }: PodmanMachine,
  spec: SandboxSpec,
  channel: ControlChannel,
  child: ChildProcess,
): Promise<void> {
  const said: string[] = []
  ;(child.stderr as Readable).on('data', (chunk: Buffer) => {
    if (said.length < 64) said.push(String(chunk))
  })
  const ended = new Promise<false>((done) =>
    child.once('close', () => done(false)).once('error', () => done(false)),
  )
  const timeout = sleep(START_DEADLINE_MS, false as const, { ref: false })
  const setUp = channel.setUp({
    ...{ openFiles: spec.limits.openFiles, fileBytes: spec.limits.fileBytes },
    processes: processLimit(spec, home.isRootless),
    // the very program the run was decided with: a runtime's own filter leaves out what its library does not know
    filter: seccompProgram(architecture, { noFork: spec.noFork }),
    ...(spec.bridge === undefined ? {} : { bridge: spec.bridge }),
  })
  const isReady = await Promise.race([setUp, ended, timeout])
  if (isReady) return
  await Promise.race([ended, sleep(2000, undefined, { ref: false })]) // it may still say why
  throw failure(lastWords(said.join('')) || 'podman ended without a word')
}

function processOne(pidFile: string): ProcessEntry {
  const entry = readProcess(Number(readFileSync(pidFile, 'latin1')))
  if (entry === undefined) throw failure('the container ended early')
  return entry
}

function markOf(fd: number): { readonly device: string; readonly inode: string } {
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return { device: `${dev}`, inode: `${ino}` }
}

/** What was held open for comparing is not needed any more. */
function handOver(build: Build): void {
  build.isHandedOver = true
  release(build.held.splice(0))
  closeSync(build.program)
}

function failure(why: string, cause?: unknown): SandboxError {
  return new SandboxError('SANDBOX_FAILED', `the container could not be made: ${why}`, 'run: warder doctor', {
    cause,
  })
}

/** Takes back everything a run put into the machine, and proves that it is gone. */
async function takeBack({ home }: PodmanMachine, { plan, folder, standIns, child }: Build): Promise<void> {
  try {
    await proveGone(
      home,
      plan.name,
      () => child === undefined || child.exitCode !== null || child.signalCode !== null,
    )
    if (child !== undefined) await hasEnded(child)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    endStandIns(standIns)
  }
}

async function abandon(machine: PodmanMachine, build: Build): Promise<void> {
  const { child, group } = build
  if (build.init !== undefined) await killPidNamespace(build.init)
  // one that has made nothing yet must not make it later
  else if (child !== undefined) await killed(child)
  if (!build.isHandedOver) handOver(build)
  ;((child?.stdio as readonly unknown[] | undefined)?.[CONTROL] as Duplex | undefined)?.destroy()
  try {
    await takeBack(machine, build)
  } finally {
    child?.kill('SIGKILL')
    child?.stderr?.destroy()
    await group.close()
  }
}
