import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { plantedDuring } from './planted.ts'
import {
  isAlive,
  killPidNamespace,
  membersOf,
  readProcess,
  signalMembers,
  signalProcess,
} from './processes.ts'
import { OutputMeter, type Stdio } from './stdio.ts'
import type { Builder } from './builder.ts'
import type { RunGroup } from './cgroup.ts'
import type { ControlledCommand } from './control-command.ts'
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

export interface RunParts {
  readonly runId: string
  readonly agent: string
  readonly spec: SandboxSpec
  readonly builder: Builder
  readonly init: ProcessIdentity
  readonly pidNamespace: string
  readonly startedAt: number
  readonly limits: readonly LimitReport[]
  readonly stdio: Stdio
  readonly group: RunGroup
  /** What the sandbox says of the command's end; absent when the sandbox itself failed. */
  readonly exitCode: Promise<number | undefined>
  /** Process 1 and the command it started; absent where process 1 is the builder's own. */
  readonly command?: ControlledCommand
  /** Why it is absent. */
  readonly programsMissing?: { readonly missing: string; readonly fix: string }
  /** Takes away what the start put into the machine. */
  readonly cleanUp: () => Promise<void>
}

type Cause = 'timeout' | 'output' | 'killed'

/** A sandbox that runs, and everything that can be done to it. */
export class BubblewrapRun implements Running {
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
  readonly #parts: RunParts
  readonly #meter: OutputMeter
  readonly #began = performance.now()
  #cause: { readonly reason: Cause; readonly note: string } | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  /** A frozen group holds process 1 as well: it cannot answer. */
  #isGroupFrozen = false

  constructor(parts: RunParts) {
    const { spec, stdio } = parts
    this.#parts = parts
    this.runId = parts.runId
    this.agent = parts.agent
    this.profile = spec.profile
    this.pid = parts.builder.pid
    this.init = parts.init
    this.pidNamespace = parts.pidNamespace
    this.startedAt = parts.startedAt
    this.limits = parts.limits
    this.#meter = new OutputMeter(spec.limits.outputBytes, () => {
      this.#enforce('output', `it wrote more than ${spec.limits.outputBytes} bytes`)
    })
    this.stdin = stdio.stdin
    this.stdout = this.#meter.through(stdio.stdout)
    this.stderr = this.#meter.through(stdio.stderr)
    // a program that closes its input early is no error of ours
    this.stdin.on('error', () => undefined)
    this.exit = this.#watch().catch((error: unknown) => this.#unknownEnd(error))
    const { wallMs } = spec.limits
    if (wallMs !== undefined) {
      this.#timer = setTimeout(
        () => this.#enforce('timeout', `it ran longer than ${wallMs / 1000} s`),
        wallMs,
      )
    }
  }

  resize(size: TerminalSize): void {
    this.#parts.stdio.resize(size)
  }

  signal(name: RunSignal): void {
    const { command } = this.#parts
    if (command !== undefined) return command.signal(name)
    // the command is the child of process 1; a signal to process 1 itself would be ignored, or end everything
    const first = membersOf(this.init).findLast((member) => member.parent === this.init.pid)
    if (first !== undefined) signalProcess(first, name)
  }

  async exec(request: ExecRequest): Promise<RunningCommand> {
    const { command, programsMissing } = this.#parts
    if (command !== undefined) return command.exec(request)
    throw new SandboxError(
      'SANDBOX_UNENFORCEABLE',
      `no command can be run in a running sandbox here: ${programsMissing?.missing ?? 'process 1 is not ours'}`,
      programsMissing?.fix ?? 'start another run',
    )
  }

  /** By process 1 first: it needs no privilege, sees everybody, and says when all stand still. */
  async freeze(): Promise<void> {
    const { command, group } = this.#parts
    const receipt = await command?.stop()
    if (receipt?.left !== 0) signalMembers(this.init, 'SIGSTOP')
    if (!group.canFreeze) return
    this.#isGroupFrozen = true
    await group.freeze()
  }

  async thaw(): Promise<void> {
    const { command, group } = this.#parts
    if (group.canFreeze) await group.thaw()
    this.#isGroupFrozen = false
    // process 1 itself was stopped where it did not answer, and must first be able to read the order
    const first = readProcess(this.init.pid)
    if (command === undefined || first?.state === 'T') signalMembers(this.init, 'SIGCONT')
    await command?.continue()
  }

  async kill(why = 'it was stopped'): Promise<KillReceipt> {
    return this.#end('killed', why)
  }

  stats(): RunStats {
    const processes = this.#isOver ? 0 : membersOf(this.init).length
    return { processes, outputBytes: this.#meter.bytes, ...this.#parts.group.usage() }
  }

  /** Where process 1 is not ours, or stands still with its group, it can only be looked at. */
  async isAnswering(): Promise<boolean> {
    const { command } = this.#parts
    return command === undefined || this.#isGroupFrozen ? isAlive(this.init) : command.isAnswering()
  }

  /** Ends it because it cannot be watched over as it must be. */
  endFor(why: string): void {
    this.#enforce('killed', why)
  }

  /** Ends it for a limit of its own. Nobody waits for this: what goes wrong is told with the run's end. */
  #enforce(reason: Cause, note: string): void {
    this.#end(reason, note).catch((error: unknown) => this.#noteProblem(error))
  }

  /** Each way is tried though the one before failed; its builder's end takes the sandbox along. */
  async #end(reason: Cause, note: string): Promise<KillReceipt> {
    this.#cause ??= { reason, note }
    const began = performance.now()
    // process 1 is quickest where the machine is busy; what it did is looked at from outside all the same
    const told = this.#isGroupFrozen ? undefined : await this.#killFromInside()
    try {
      this.#parts.group.killAll()
    } catch (error) {
      this.#noteProblem(error)
    }
    try {
      const seen = await killPidNamespace(this.init)
      const before = told === undefined ? 0 : told.processes + 1
      return {
        processesBefore: Math.max(before, seen.processesBefore),
        processesAfter: seen.processesAfter,
        ms: performance.now() - began,
      }
    } finally {
      this.#parts.builder.kill()
    }
  }

  async #killFromInside() {
    try {
      return await this.#parts.command?.kill()
    } catch (error) {
      this.#noteProblem(error)
      return undefined
    }
  }

  #noteProblem(error: unknown): void {
    const { reason, note } = this.#cause ?? { reason: 'killed', note: 'it was stopped' }
    this.#cause = { reason, note: `${note}; ending it did not go as it should: ${messageOf(error)}` }
  }

  #unknownEnd(error: unknown): RunExit {
    const note = `how it ended cannot be told: ${messageOf(error)}`
    return { reason: 'sandbox-failed', durationMs: performance.now() - this.#began, note }
  }

  async #watch(): Promise<RunExit> {
    const { builder, group, exitCode, cleanUp, command, spec } = this.#parts
    await builder.over
    // it may sit there with its sandbox, and nobody would hear of its end
    if (builder.isLost) await this.#end('killed', 'the launcher of its sandbox ended')
    const durationMs = performance.now() - this.#began
    clearTimeout(this.#timer)
    this.#isOver = true
    await lastOneGone(this.init)
    const failure = await command?.lastWords()
    const status = failure === undefined ? await exitCode : undefined
    const result = exitOf(status, this.#cause, group.outOfMemoryKills(), durationMs, failure)
    await cleanUp()
    // the groups are empty; that the kernel takes a moment to let go of them need keep nobody waiting
    void group.close().catch(() => undefined)
    const note = [result.note, await plantedDuring(spec, this.startedAt)].filter((line) => line !== undefined)
    return note.length === 0 ? result : { ...result, note: note.join('; ') }
  }
}

/**
 * Process 1 may outlive its builder by a moment, and is the last of its sandbox: the kernel lets it go when all others
 * are gone. Only then may what it stood on be taken away.
 */
async function lastOneGone(init: ProcessIdentity): Promise<void> {
  for (let i = 0; i < 30; i += 1) {
    if (!isAlive(init)) return
    await sleep(1)
  }
  await killPidNamespace(init)
}

function exitOf(
  status: number | undefined,
  cause: { readonly reason: Cause; readonly note: string } | undefined,
  outOfMemoryKills: number,
  durationMs: number,
  failure = 'the sandbox ended without saying how the command did',
): RunExit {
  // what the builder reports after a kill from outside is its own end, not the command's
  if (cause !== undefined) return { signal: 'SIGKILL', ...cause, durationMs }
  if (status === undefined) return { reason: 'sandbox-failed', durationMs, note: failure }
  if (outOfMemoryKills > 0 && status === 137) {
    return {
      code: status,
      signal: 'SIGKILL',
      reason: 'memory',
      durationMs,
      note: 'the kernel ended it at its memory limit',
    }
  }
  return { code: status, reason: 'exited', durationMs }
}
