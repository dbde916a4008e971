import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, killPidNamespace, membersOf, signalMembers, signalProcess } from './processes.ts'
import { OutputMeter, type Stdio } from './stdio.ts'
import type { RunGroup } from './cgroup.ts'
import type {
  KillReceipt,
  LimitReport,
  ProcessIdentity,
  RunExit,
  Running,
  RunSignal,
  RunStats,
  TerminalSize,
} from './driver.ts'
import type { SandboxSpec } from './spec.ts'

export interface RunParts {
  readonly runId: string
  readonly agent: string
  readonly spec: SandboxSpec
  readonly child: ChildProcess
  readonly init: ProcessIdentity
  readonly pidNamespace: string
  readonly startedAt: number
  readonly limits: readonly LimitReport[]
  readonly stdio: Stdio
  readonly group: RunGroup
  /** What the sandbox says of the command's end; absent when the sandbox itself failed. */
  readonly exitCode: Promise<number | undefined>
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

  constructor(parts: RunParts) {
    const { spec, stdio } = parts
    this.#parts = parts
    this.runId = parts.runId
    this.agent = parts.agent
    this.profile = spec.profile
    this.pid = parts.child.pid ?? 0
    this.init = parts.init
    this.pidNamespace = parts.pidNamespace
    this.startedAt = parts.startedAt
    this.limits = parts.limits
    this.#meter = new OutputMeter(spec.limits.outputBytes, () => {
      void this.#end('output', `it wrote more than ${spec.limits.outputBytes} bytes`)
    })
    this.stdin = stdio.stdin
    this.stdout = this.#meter.through(stdio.stdout)
    this.stderr = this.#meter.through(stdio.stderr)
    // a program that closes its input early is no error of ours
    this.stdin.on('error', () => undefined)
    this.exit = this.#watch()
    const { wallMs } = spec.limits
    if (wallMs !== undefined) {
      this.#timer = setTimeout(
        () => void this.#end('timeout', `it ran longer than ${wallMs / 1000} s`),
        wallMs,
      )
    }
  }

  resize(size: TerminalSize): void {
    this.#parts.stdio.resize(size)
  }

  signal(name: RunSignal): void {
    // the command is the child of process 1; a signal to process 1 itself would be ignored, or end everything
    const command = membersOf(this.init).findLast((member) => member.parent === this.init.pid)
    if (command !== undefined) signalProcess(command, name)
  }

  async freeze(): Promise<void> {
    signalMembers(this.init, 'SIGSTOP')
    if (this.#parts.group.canFreeze) await this.#parts.group.freeze()
  }

  async thaw(): Promise<void> {
    if (this.#parts.group.canFreeze) await this.#parts.group.thaw()
    signalMembers(this.init, 'SIGCONT')
  }

  async kill(why = 'it was stopped'): Promise<KillReceipt> {
    return this.#end('killed', why)
  }

  stats(): RunStats {
    const processes = this.#isOver ? 0 : membersOf(this.init).length
    return { processes, outputBytes: this.#meter.bytes, ...this.#parts.group.usage() }
  }

  async #end(reason: Cause, note: string): Promise<KillReceipt> {
    this.#cause ??= { reason, note }
    const { group } = this.#parts
    group.killAll()
    const ended = killPidNamespace(this.init)
    const receipt = await ended
    this.#parts.child.kill('SIGKILL')
    return receipt
  }

  async #watch(): Promise<RunExit> {
    const { child, group, exitCode, cleanUp } = this.#parts
    await new Promise<void>((done) => {
      if (child.exitCode !== null || child.signalCode !== null) done()
      else child.once('exit', () => done())
    })
    const durationMs = performance.now() - this.#began
    clearTimeout(this.#timer)
    this.#isOver = true
    await lastOneGone(this.init)
    const result = exitOf(await exitCode, this.#cause, group.outOfMemoryKills(), durationMs)
    await cleanUp()
    // the groups are empty; that the kernel takes a moment to let go of them need keep nobody waiting
    void group.close().catch(() => undefined)
    return result
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
): RunExit {
  // what the builder reports after a kill from outside is its own end, not the command's
  if (cause !== undefined) return { signal: 'SIGKILL', ...cause, durationMs }
  if (status === undefined) {
    return {
      reason: 'sandbox-failed',
      durationMs,
      note: 'the sandbox ended without saying how the command did',
    }
  }
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
