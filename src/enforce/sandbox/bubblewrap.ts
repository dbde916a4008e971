import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, systemCode } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { launch, prepare, type Build } from './bubblewrap-launch.ts'
import { readStatus, settled } from './bubblewrap-status.ts'
import { warmUp, type CgroupHost } from './cgroup-host.ts'
import { ControlChannel } from './control.ts'
import { ControlledCommand } from './control-command.ts'
import { RunGroup } from './cgroup.ts'
import { release, verifyMounts } from './descriptors.ts'
import { builderError } from './failure.ts'
import { limitReports, setLimits } from './limits.ts'
import { readProcess } from './processes.ts'
import { BubblewrapRun } from './run.ts'
import { endStandIns } from './standin.ts'
import { verifyNetwork } from './transparent.ts'
import type { Native } from '../../platform/native.ts'
import type { Foreman } from './foreman.ts'
import type { NativePrograms } from './native-programs.ts'
import type { Architecture } from './syscalls.ts'
import type { Running, StartOptions } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** What the bubblewrap driver works with on this machine. */
export interface Machine {
  readonly bwrap: string
  readonly native: Native
  readonly architecture: Architecture
  /** The system call filter, as {@link seccompProgram} makes it: the same for every start. */
  readonly filter: (noFork: boolean) => Uint8Array
  readonly cgroups: CgroupHost
  readonly hasBindFd: boolean
  /** The launcher and process 1 of our own; without them sandboxes work, and some guarantees are not in force. */
  readonly programs?: NativePrograms
  /** Who starts builders; there where the programs are. */
  readonly foreman?: () => Foreman
  /** Why they are not there, and what would change that. */
  readonly programsMissing?: { readonly missing: string; readonly fix: string }
}

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
  const made: { group?: RunGroup } = {}
  try {
    const launched = await launch(machine, spec, build)
    build.launched = launched
    const { builder, hold } = launched
    // while the builder is busy
    const group = (made.group = new RunGroup(machine.cgroups, options.runId, spec.limits))
    const { hasInit } = build.arguments
    const channel = hasInit ? new ControlChannel(hold) : undefined
    const command = channel && new ControlledCommand(channel, spec, machine.architecture)
    const status = readStatus(launched.status)
    const [init] = await Promise.all([status.init, builder.begun])
    const [namespace] = await Promise.all([settled(init, spec, builder, channel?.begun), group.join(init)])
    verifyMounts(init, build.held)
    verifyNetwork(init, spec)
    setLimits(machine.native, init, spec, {
      canLimit: !hasInit && !build.arguments.limitInside,
      hasCpuGroup: group.limited.has('cpu'),
    })
    const entry = readProcess(init)
    if (entry === undefined)
      throw new SandboxError('SANDBOX_FAILED', 'the sandbox ended early', 'start it again')
    const identity = { pid: entry.pid, startTime: entry.startTime }
    await options.onBuilt?.({ init: identity, pidNamespace: namespace })
    release(build.held.splice(0))
    const run = new BubblewrapRun({
      runId: options.runId,
      agent: options.agent,
      spec,
      builder,
      init: identity,
      pidNamespace: namespace,
      startedAt: Date.now(),
      limits: limitReports(spec, group, machine.cgroups, build.arguments.limitInside),
      stdio: build.stdio,
      group,
      exitCode: status.exitCode,
      ...(command === undefined ? {} : { command }),
      ...(machine.programsMissing === undefined ? {} : { programsMissing: machine.programsMissing }),
      cleanUp: async () => endStandIns(build.standIns),
    })
    if (command === undefined) hold.end('x')
    else command.begin((why) => run.endFor(why))
    return run
  } catch (error) {
    const known = error instanceof SandboxError ? error : await explain(build, error)
    await abandon(build, made.group)
    throw known
  }
}

/** Why nothing stands: what the builder wrote, as far as it goes. */
async function explain({ stdio, launched }: Build, cause: unknown): Promise<SandboxError> {
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
  for (let i = 0; i < 50 && chunks.length === 0 && launched !== undefined; i += 1) await sleep(2)
  return builderError(chunks.join(''), cause)
}

/** Takes back everything a failed start made. */
async function abandon(build: Build, group: RunGroup | undefined): Promise<void> {
  build.launched?.builder.kill()
  // process 1 ends with this, should nobody else be there to end it
  build.launched?.hold.destroy()
  build.launched?.status.destroy()
  release(build.held.splice(0))
  build.stdio.stdin.destroy()
  build.stdio.stdout.destroy()
  build.stdio.stderr.destroy()
  await build.launched?.builder.over
  await group?.close()
  endStandIns(build.standIns)
}
