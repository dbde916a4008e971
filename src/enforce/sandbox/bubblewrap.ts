import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex, Writable } from 'node:stream'
import { messageOf, systemCode } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { BLOCK, CONTROL, launch, prepare, STATUS, type Build } from './bubblewrap-launch.ts'
import { readStatus, settled, streamOf } from './bubblewrap-status.ts'
import { warmUp, type CgroupHost } from './cgroup-host.ts'
import { ControlChannel } from './control.ts'
import { ControlledCommand } from './control-command.ts'
import { release, verifyMounts } from './descriptors.ts'
import { builderError } from './failure.ts'
import { limitReports, setLimits } from './limits.ts'
import { readProcess } from './processes.ts'
import { BubblewrapRun } from './run.ts'
import { endStandIns } from './standin.ts'
import { verifyNetwork } from './transparent.ts'
import type { Native } from '../../platform/native.ts'
import type { NativePrograms } from './native-programs.ts'
import type { Architecture } from './syscalls.ts'
import type { Running, StartOptions } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** What the bubblewrap driver works with on this machine. */
export interface Machine {
  readonly bwrap: string
  readonly native: Native
  readonly architecture: Architecture
  readonly cgroups: CgroupHost
  readonly hasBindFd: boolean
  /** The launcher and process 1 of our own; without them sandboxes work, and some guarantees are not in force. */
  readonly programs?: NativePrograms
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
  try {
    const child = launch(machine, spec, build)
    build.child = child
    const { hasInit } = build.arguments
    const command = hasInit
      ? new ControlledCommand(
          new ControlChannel(streamOf<Duplex>(child, CONTROL)),
          spec,
          machine.architecture,
        )
      : undefined
    const status = readStatus(child, STATUS)
    const init = await status.init
    const [namespace] = await Promise.all([settled(init, spec, child, hasInit), build.group.join(init)])
    verifyMounts(init, build.held)
    verifyNetwork(init, spec)
    setLimits(machine.native, init, spec, {
      canLimit: !hasInit && !build.arguments.limitInside,
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
      ...(command === undefined ? {} : { command }),
      ...(machine.programsMissing === undefined ? {} : { programsMissing: machine.programsMissing }),
      cleanUp: async () => endStandIns(build.standIns),
    })
    command?.begin((why) => run.endFor(why))
    streamOf<Writable>(child, BLOCK).end('x')
    return run
  } catch (error) {
    const known = error instanceof SandboxError ? error : await explain(build, error)
    await abandon(build)
    throw known
  }
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
