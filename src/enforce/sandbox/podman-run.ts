import { constants } from 'node:os'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { execCommand } from './exec.ts'
import {
  isAlive,
  killPidNamespace,
  membersOf,
  readProcess,
  signalMembers,
  signalProcess,
} from './processes.ts'
import { OutputMeter } from './stdio.ts'
import type { RunGroup } from './cgroup.ts'
import type { ControlChannel, Receipt } from './control.ts'
import type { FirstCommand, FirstEnd } from './podman-command.ts'
import type {
  ExecRequest,
  KillReceipt,
  LimitReport,
  ProcessIdentity,
  RunExit,
  Running,
  RunningCommand,
  RunSignal,
  RunStats,
  TerminalSize,
} from './driver.ts'
import type { SandboxSpec } from './spec.ts'

export interface PodmanParts {
  readonly runId: string
  readonly agent: string
  readonly spec: SandboxSpec
  /** Podman itself, which waits for its container. */
  readonly child: ChildProcess
  readonly channel: ControlChannel
  readonly command: FirstCommand
  readonly init: ProcessIdentity
  readonly pidNamespace: string
  readonly startedAt: number
  readonly limits: readonly LimitReport[]
  readonly group: RunGroup
  /** The results of the task, while they are still there. */
  readonly outbox?: TaskOutbox
  /** Takes away the container and what the start put into the machine; proves that it is gone. */
  readonly cleanUp: () => Promise<void>
}

/** Where a task leaves its results, and who takes them out. */
export interface TaskOutbox {
  /** Inside; a place in memory of the spec's own, see `withOutbox`. */
  readonly path: string
  /** Called when the command has ended by itself and nobody is left who could change anything; not after a kill. */
  readonly take: (folder: string) => Promise<string | void>
}

type Cause = 'timeout' | 'output' | 'killed'
const DRAIN_DEADLINE_MS = 5000
const ALONE_ROUNDS = 200

/** A container that runs, and everything that can be done to it. */
export class PodmanRun implements Running {
  readonly runId: string
  readonly agent: string
  readonly profile: string
  readonly pid: number
  readonly init: ProcessIdentity
  readonly pidNamespace: string
  readonly startedAt: number
  readonly limits: readonly LimitReport[]
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exit: Promise<RunExit>
  readonly #parts: PodmanParts
  readonly #meter: OutputMeter
  readonly #began = performance.now()
  #cause: { readonly reason: Cause; readonly note: string } | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  /** A frozen group holds process 1 as well: it cannot answer. */
  #isGroupFrozen = false

  constructor(parts: PodmanParts) {
    const { spec, command } = parts
    this.#parts = parts
    this.runId = parts.runId
    this.agent = parts.agent
    this.profile = spec.profile
    this.pid = parts.child.pid ?? 0
    this.init = parts.init
    this.pidNamespace = parts.pidNamespace
    this.startedAt = parts.startedAt
    this.limits = parts.limits
    const { outputBytes, wallMs } = spec.limits
    this.#meter = new OutputMeter(outputBytes, () =>
      this.#enforce('output', `it wrote more than ${outputBytes} bytes`),
    )
    this.stdin = command.stdin
    this.stdout = this.#meter.through(command.stdout)
    this.stderr = this.#meter.through(command.stderr)
    // a program that closes its input early is no error of ours
    this.stdin.on('error', () => undefined)
    this.exit = this.#watch().catch((error: unknown) => this.#unknownEnd(error))
    if (wallMs !== undefined) {
      const note = `it ran longer than ${wallMs / 1000} s`
      this.#timer = setTimeout(() => this.#enforce('timeout', note), wallMs)
    }
  }

  resize(size: TerminalSize): void {
    this.#parts.command.resize(size)
  }

  signal(name: RunSignal): void {
    this.#parts.command.signal(name)
  }

  exec(request: ExecRequest): Promise<RunningCommand> {
    const { cwd, env, umask } = this.#parts.spec
    return execCommand(this.#parts.channel, request, { cwd, env, umask })
  }

  /** By process 1 first: it needs no privilege, sees everybody, and says when all stand still. */
  async freeze(): Promise<void> {
    const { channel, group } = this.#parts
    const receipt = await channel.stop()
    if (receipt?.left !== 0) signalMembers(this.init, 'SIGSTOP')
    if (!group.canFreeze) return
    this.#isGroupFrozen = true
    await group.freeze()
  }

  async thaw(): Promise<void> {
    const { channel, group } = this.#parts
    if (group.canFreeze) await group.thaw()
    this.#isGroupFrozen = false
    // process 1 itself was stopped where it did not answer, and must first be able to read the order
    if (readProcess(this.init.pid)?.state === 'T') signalMembers(this.init, 'SIGCONT')
    await channel.continue()
  }

  async kill(why = 'it was stopped'): Promise<KillReceipt> {
    return this.#end('killed', why)
  }

  stats(): RunStats {
    const processes = this.#isOver ? 0 : membersOf(this.init).length
    return { processes, outputBytes: this.#meter.bytes, ...this.#parts.group.usage() }
  }

  /** Ends it for a limit of its own. Nobody waits for this: what goes wrong is told with the run's end. */
  #enforce(reason: Cause, note: string): void {
    this.#end(reason, note).catch((error: unknown) => this.#noteProblem(error))
  }

  #noteProblem(error: unknown): void {
    const { reason, note } = this.#cause ?? { reason: 'killed', note: 'it was stopped' }
    this.#cause = { reason, note: `${note}; ending it did not go as it should: ${messageOf(error)}` }
  }

  /** Not through podman, which takes a tenth of a second and more, and may itself hang. */
  async #end(reason: Cause, note: string): Promise<KillReceipt> {
    this.#cause ??= { reason, note }
    const began = performance.now()
    const told = this.#isGroupFrozen ? undefined : await this.#parts.channel.kill()
    const seen = await this.#endAll()
    return {
      processesBefore: Math.max(told === undefined ? 0 : told.processes + 1, seen.processesBefore),
      processesAfter: seen.processesAfter,
      ms: performance.now() - began,
    }
  }

  async #endAll(): Promise<KillReceipt> {
    try {
      this.#parts.group.killAll()
    } catch (error) {
      if (this.#cause !== undefined) this.#noteProblem(error)
    }
    return killPidNamespace(this.init)
  }

  #unknownEnd(error: unknown): RunExit {
    const note = `how it ended cannot be told: ${messageOf(error)}`
    return { reason: 'sandbox-failed', durationMs: performance.now() - this.#began, note }
  }

  async #watch(): Promise<RunExit> {
    const { command, channel, group, cleanUp } = this.#parts
    const end = await Promise.race([command.ended, this.#podmanEnds()])
    const durationMs = performance.now() - this.#began
    clearTimeout(this.#timer)
    const hasEnded = 'code' in end || 'signal' in end
    if (hasEnded) await this.#drain()
    const problem = hasEnded ? await this.#emptyOutbox() : undefined
    const receipt: Receipt | undefined = this.#cause === undefined ? await channel.kill() : undefined
    if (receipt?.left !== 0 || isAlive(this.init)) await this.#endAll()
    this.#isOver = true
    const result = exitOf(end, this.#cause, group.outOfMemoryKills())
    channel.close()
    await cleanUp()
    // the groups are empty; that the kernel takes a moment to let go of them need keep nobody waiting
    void group.close().catch(() => undefined)
    return { ...result, ...(problem === undefined ? {} : { note: problem }), durationMs }
  }

  /** What it left running holds its output open: once these are gone, the rest of it comes, and its end. */
  async #drain(): Promise<void> {
    const { command } = this.#parts
    command.drain()
    for (let round = 0; round < ALONE_ROUNDS && this.#others().length > 0; round += 1) {
      for (const member of this.#others()) signalProcess(member, 'SIGKILL')
      await sleep(Math.min(round, 10))
    }
    await Promise.race([command.drained, sleep(DRAIN_DEADLINE_MS, undefined, { ref: false })])
  }

  #others() {
    return membersOf(this.init).filter(({ pid }) => pid !== this.init.pid)
  }

  /** @returns what there is to say of it: what came out, or what went wrong */
  async #emptyOutbox(): Promise<string | undefined> {
    const { outbox } = this.#parts
    if (outbox === undefined || this.#cause !== undefined) return undefined
    if (this.#others().length > 0) return 'the outbox was not emptied: somebody could still write in it'
    try {
      return (await outbox.take(`/proc/${this.init.pid}/root${outbox.path}`)) ?? undefined
    } catch (error) {
      return `the outbox was not emptied: ${messageOf(error)}`
    }
  }

  /** Its process 1 was ended by somebody else: podman sees that, where the control descriptor may not. */
  #podmanEnds(): Promise<FirstEnd> {
    const { child } = this.#parts
    return new Promise((done) => {
      const tell = () => done({ gone: true })
      if (child.exitCode !== null || child.signalCode !== null) tell()
      // a podman that is killed leaves its container running: then the control descriptor alone tells
      else child.once('exit', (code) => (code === null ? undefined : tell()))
    })
  }
}

function exitOf(
  end: FirstEnd,
  cause: { readonly reason: Cause; readonly note: string } | undefined,
  outOfMemoryKills: number,
): Omit<RunExit, 'durationMs'> {
  if (cause !== undefined) return { signal: 'SIGKILL', ...cause }
  const killed = { reason: 'memory', note: 'the kernel ended it at its memory limit' } as const
  if ('failure' in end) return { reason: 'sandbox-failed', note: `the command did not begin: ${end.failure}` }
  if ('gone' in end) {
    const note = 'the container ended without saying how the command did'
    return outOfMemoryKills > 0 ? { signal: 'SIGKILL', ...killed } : { reason: 'sandbox-failed', note }
  }
  if ('code' in end) return { code: end.code, reason: 'exited' }
  // as a shell and bubblewrap tell it
  const code = 128 + end.signal
  const isMemory = outOfMemoryKills > 0 && end.signal === constants.signals.SIGKILL
  return isMemory ? { code, signal: 'SIGKILL', ...killed } : { code, reason: 'exited' }
}
