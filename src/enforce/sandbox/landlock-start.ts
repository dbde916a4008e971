import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { RunGroup } from './cgroup.ts'
import { warmUp, type CgroupHost } from './cgroup-host.ts'
import { memoryText } from './descriptors.ts'
import { landlockProgram } from './landlock-filter.ts'
import { holdRules, releaseRules, type HeldRule } from './landlock-hold.ts'
import { landlockLimits } from './landlock-limits.ts'
import { encodeOrders } from './landlock-orders.ts'
import { protectedChanges, protectedState, type ProtectedState } from './landlock-protected.ts'
import { planLandlock, temporaryRights, type LandlockPlan } from './landlock-rules.ts'
import { KeeperReports, killKept, LandlockRun } from './landlock-run.ts'
import {
  makeTemporary,
  movedEnvironment,
  realPlace,
  removeTemporary,
  type Temporary,
} from './landlock-temporary.ts'
import { verifyConfined } from './landlock-verify.ts'
import { pidNamespaceOf, readProcess } from './processes.ts'
import { seccompProgram } from './seccomp.ts'
import { closeInner, pipes, terminal, type Stdio } from './stdio.ts'
import type { Native } from '../../platform/native.ts'
import type { Running, StartOptions } from './driver.ts'
import type { NativePrograms } from './native-programs.ts'
import type { SandboxSpec } from './spec.ts'
import type { Architecture } from './syscalls.ts'

/** What the Landlock driver works with on this machine. */
export interface LandlockMachine {
  readonly programs: NativePrograms
  readonly native: Native
  readonly architecture: Architecture
  readonly cgroups: CgroupHost
  /** The version of Landlock used; never more than the kernel has. */
  readonly abi: number
  /** Where directories for temporary files are made. */
  readonly temporaryParent: string
}

const START_DEADLINE_MS = 10_000
const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000
/** Descriptors 0 to 2 are the command's; these follow, and after them what the rules name. */
const PROGRAM = 5
const BASE_FILTER = 6
const OWN_FILTER = 7
const CWD = 8
const FIRST_FREE = 9

/**
 * Opens everything the rules are about, lets the launcher confine itself, looks at what it became while it is still
 * held back, and only then lets the command begin.
 *
 * @throws SandboxError; then the command did not run and nothing is left
 */
export async function startLandlock(
  machine: LandlockMachine,
  spec: SandboxSpec,
  options: StartOptions,
): Promise<Running> {
  void warmUp(machine.cgroups)
  const build = prepare(machine, spec, options)
  try {
    const child = launch(machine, spec, build)
    build.child = child
    const reports = new KeeperReports((child.stdio as readonly unknown[])[4] as Duplex)
    child.on('error', () => undefined)
    const commandPid = await confined(reports)
    const [keeper, command] = [readProcess(child.pid ?? 0), readProcess(commandPid)]
    if (keeper === undefined || command === undefined || command.parent !== keeper.pid) {
      throw new SandboxError('SANDBOX_FAILED', 'the sandbox ended early', 'start it again')
    }
    verifyConfined(command.pid, spec)
    await build.group.join(command.pid)
    const limits = landlockLimits(machine, spec, build.group, command.pid)
    const init = { pid: keeper.pid, startTime: keeper.startTime }
    // no namespace of its own: it lives in ours
    const pidNamespace = pidNamespaceOf(process.pid) ?? ''
    await options.onBuilt?.({ init, pidNamespace, temporary: [...build.temporary.places.values()] })
    releaseRules(build.held.splice(0))
    const run = new LandlockRun({
      ...{ runId: options.runId, agent: options.agent, spec, child, reports, limits, pidNamespace },
      ...{ keeper: init, command: { pid: command.pid, startTime: command.startTime } },
      ...{ startedAt: Date.now(), stdio: build.stdio, group: build.group },
      atEnd: () => protectedChanges(build.protectedBefore),
      cleanUp: () => removeTemporary(build.temporary),
    })
    reports.order('g')
    return run
  } catch (error) {
    await abandon(build)
    throw error instanceof SandboxError ? error : failure(error)
  }
}

/** Everything that exists before the launcher does, so that all of it can be taken back. */
interface Build {
  readonly plan: LandlockPlan
  readonly temporary: Temporary
  readonly held: HeldRule[]
  readonly stdio: Stdio
  readonly group: RunGroup
  readonly protectedBefore: ProtectedState
  child?: ChildProcess
}

function prepare(
  machine: LandlockMachine,
  spec: SandboxSpec,
  { runId, terminal: size }: StartOptions,
): Build {
  const { native } = machine
  refuseRoot(spec)
  const plan = planLandlock(spec, machine.abi)
  const temporary = makeTemporary(machine.temporaryParent, plan.temporary, spec.host)
  try {
    const own = [...temporary.places.values()].map((path) => ({
      path,
      access: temporaryRights(plan.handled),
    }))
    const held = holdRules([...plan.rules, ...own])
    const group = new RunGroup(machine.cgroups, runId, spec.limits)
    const stdio = spec.terminal
      ? terminal(native, size ?? { columns: 80, rows: 24 }, spec.host)
      : pipes(native, spec.host)
    return { plan, temporary, held, stdio, group, protectedBefore: protectedState(spec) }
  } catch (error) {
    // still empty: nothing has run
    void removeTemporary(temporary)
    throw error
  }
}

/** Capability or not, root owns the machine's files and may signal its processes; here no namespace tells it apart. */
function refuseRoot({ host }: SandboxSpec): void {
  if (host.uid !== 0 && host.gid !== 0) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    'the workspace belongs to root, and at the Landlock level the agent would act as root',
    'give the workspace to an ordinary user: chown -R USER:GROUP DIRECTORY',
  )
}

function launch(
  { programs, native, architecture, abi }: LandlockMachine,
  spec: SandboxSpec,
  build: Build,
): ChildProcess {
  const { plan, temporary, held, stdio } = build
  const text = (bytes: string | Uint8Array) => memoryText(native, bytes)
  const orders = encodeOrders({
    handled: plan.handled,
    ...spec.host,
    umask: spec.umask,
    terminal: spec.terminal,
    openFiles: spec.limits.openFiles,
    fileBytes: spec.limits.fileBytes,
    ...{ cwd: CWD, baseFilter: BASE_FILTER, ownFilter: OWN_FILTER },
    rules: held.map(({ access }, i) => ({ fd: FIRST_FREE + i, access })),
    trees: [...plan.trees, ...temporary.places.values()],
    argv: spec.argv,
    env: movedEnvironment(spec, temporary),
  })
  const made: number[] = []
  const hold = (fd: number) => {
    made.push(fd)
    return fd
  }
  try {
    const [ordersFd, program] = [hold(text(orders)), hold(programs.open('confine'))]
    const base = hold(text(seccompProgram(architecture, { noFork: spec.noFork })))
    const own = hold(text(landlockProgram(architecture, abi)))
    const cwd = hold(
      openSync(realPlace(spec.cwd, spec.mounts, temporary), O_PATH | O_CLOEXEC | constants.O_DIRECTORY),
    )
    native.closeOnExecFrom(3)
    // run by descriptor: the very file whose digest was compared
    return spawn(`/proc/self/fd/${PROGRAM}`, [], {
      argv0: 'warder-confine',
      stdio: [...stdio.inner, ordersFd, 'pipe', program, base, own, cwd, ...held.map(({ fd }) => fd)],
      cwd: '/',
      env: {},
    })
  } finally {
    for (const fd of made) closeSync(fd)
    closeInner(stdio)
  }
}

/** Waits until the launcher has given up everything. @returns the process that will become the command */
async function confined(reports: KeeperReports): Promise<number> {
  const timeout = sleep(START_DEADLINE_MS, undefined, { ref: false })
  const report = await Promise.race([reports.last('ready', 'error'), timeout])
  if (report?.type === 'ready') return report.pid
  throw failure(new Error(report?.type === 'error' ? report.text : 'the launcher ended without a word'))
}

function failure(cause: unknown): SandboxError {
  return new SandboxError(
    'SANDBOX_FAILED',
    `the sandbox could not be built: ${messageOf(cause)}`,
    'run: warder doctor',
    {
      cause,
    },
  )
}

/** Takes back everything a failed start made. */
async function abandon(build: Build): Promise<void> {
  const keeper = build.child?.pid === undefined ? undefined : readProcess(build.child.pid)
  if (keeper !== undefined) await killKept(keeper)
  releaseRules(build.held.splice(0))
  build.stdio.stdin.destroy()
  build.stdio.stdout.destroy()
  build.stdio.stderr.destroy()
  await build.group.close()
  await removeTemporary(build.temporary)
}
