import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Duplex, Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { parseReport, type Report } from './landlock-orders.ts'
import { plantedDuring } from './planted.ts'
import { membersOf, signalProcess } from './processes.ts'
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

/** What the keeper says, as it says it. */
export class KeeperReports {
  readonly #control: Duplex
  readonly #waiting = new Set<(report: Report | undefined) => void>()
  readonly #said: Report[] = []
  #text = ''
  #isOver = false

  constructor(control: Duplex) {
    this.#control = control
    control.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk))
    control.on('close', () => this.#end()).on('error', () => this.#end())
  }

  /** One letter: g go, s stop, c continue, k kill. */
  order(letter: 'g' | 's' | 'c' | 'k'): void {
    if (!this.#isOver) this.#control.write(letter)
  }

  /** The last report of one of these kinds, or the next; undefined when the keeper is gone without one. */
  async last<T extends Report['type']>(
    ...types: readonly T[]
  ): Promise<Extract<Report, { type: T }> | undefined> {
    const fits = (report: Report) => (types as readonly string[]).includes(report.type)
    return (this.#said.findLast(fits) ?? (await this.next(...types))) as
      | Extract<Report, { type: T }>
      | undefined
  }

  /** The next report of one of these kinds; undefined when the keeper is gone without one. */
  next<T extends Report['type']>(...types: readonly T[]): Promise<Extract<Report, { type: T }> | undefined> {
    if (this.#isOver) return Promise.resolve(undefined)
    return new Promise((done) => {
      const hear = (report: Report | undefined) => {
        if (report !== undefined && !(types as readonly string[]).includes(report.type)) return
        this.#waiting.delete(hear)
        done(report as Extract<Report, { type: T }> | undefined)
      }
      this.#waiting.add(hear)
    })
  }

  #take(chunk: string): void {
    const lines = (this.#text + chunk).split('\n')
    this.#text = (lines.pop() ?? '').slice(0, 4096)
    for (const report of lines.flatMap((line) => parseReport(line) ?? [])) {
      if (this.#said.push(report) > 64) this.#said.shift()
      for (const hear of [...this.#waiting]) hear(report)
    }
  }

  #end(): void {
    this.#isOver = true
    for (const hear of [...this.#waiting]) hear(undefined)
  }
}

export interface LandlockParts {
  readonly runId: string
  readonly agent: string
  readonly spec: SandboxSpec
  /** The keeper, a child of ours. */
  readonly child: ChildProcess
  readonly keeper: ProcessIdentity
  readonly command: ProcessIdentity
  readonly pidNamespace: string
  readonly startedAt: number
  readonly limits: readonly LimitReport[]
  readonly stdio: Stdio
  readonly group: RunGroup
  readonly reports: KeeperReports
  /** Looks at what a run may have changed, once nothing of it is left; in words for its end. */
  readonly atEnd: () => string | undefined
  readonly cleanUp: () => Promise<void>
}

type Cause = 'timeout' | 'output' | 'killed'
const KEEPER_DEADLINE_MS = 3000

/** Everything below a keeper, itself left out: it stays until all of them are gone. */
export function keptBy(keeper: ProcessIdentity): readonly ProcessIdentity[] {
  return membersOf(keeper).filter(({ pid }) => pid !== keeper.pid)
}

/**
 * Ends what a keeper keeps, then the keeper. Not the other way round: without its keeper an orphan belongs to nobody
 * and would be found by nobody.
 */
export async function killKept(keeper: ProcessIdentity, deadlineMs = KEEPER_DEADLINE_MS): Promise<number> {
  const began = performance.now()
  let left = keptBy(keeper)
  while (left.length > 0 && performance.now() - began < deadlineMs) {
    for (const member of left) signalProcess(member, 'SIGSTOP')
    for (const member of left) signalProcess(member, 'SIGKILL')
    await sleep(1)
    left = keptBy(keeper)
  }
  signalProcess(keeper, 'SIGKILL')
  return left.length
}

/** A run at the Landlock level, and everything that can be done to it. */
export class LandlockRun implements Running {
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
  readonly #parts: LandlockParts
  readonly #meter: OutputMeter
  readonly #began = performance.now()
  #cause: { readonly reason: Cause; readonly note: string } | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(parts: LandlockParts) {
    const { spec, stdio } = parts
    this.#parts = parts
    this.runId = parts.runId
    this.agent = parts.agent
    this.profile = spec.profile
    this.pid = parts.keeper.pid
    this.init = parts.keeper
    this.pidNamespace = parts.pidNamespace
    this.startedAt = parts.startedAt
    this.limits = parts.limits
    this.#meter = new OutputMeter(spec.limits.outputBytes, () =>
      this.#enforce('output', `it wrote more than ${spec.limits.outputBytes} bytes`),
    )
    this.stdin = stdio.stdin
    this.stdout = this.#meter.through(stdio.stdout)
    this.stderr = this.#meter.through(stdio.stderr)
    // a program that closes its input early is no error of ours
    this.stdin.on('error', () => undefined)
    this.exit = this.#watch().catch((error: unknown) => this.#unknownEnd(error))
    const { wallMs } = spec.limits
    if (wallMs !== undefined) {
      const note = `it ran longer than ${wallMs / 1000} s`
      this.#timer = setTimeout(() => this.#enforce('timeout', note), wallMs)
    }
  }

  resize(size: TerminalSize): void {
    this.#parts.stdio.resize(size)
  }

  signal(name: RunSignal): void {
    signalProcess(this.#parts.command, name)
  }

  /** @throws when something still moves: then it must be ended instead */
  async freeze(): Promise<void> {
    const { reports, group } = this.#parts
    const stopped = reports.next('stopped', 'exit', 'signal')
    reports.order('s')
    const report = await stopped
    if (report?.type === 'stopped' && report.moving > 0) {
      throw new Error(`${report.moving} of ${report.count} processes could not be stopped`)
    }
    if (group.canFreeze) await group.freeze()
  }

  async thaw(): Promise<void> {
    const { reports, group } = this.#parts
    if (group.canFreeze) await group.thaw()
    const continued = reports.next('continued', 'exit', 'signal')
    reports.order('c')
    await continued
  }

  async kill(why = 'it was stopped'): Promise<KillReceipt> {
    return this.#end('killed', why)
  }

  stats(): RunStats {
    const processes = this.#isOver ? 0 : keptBy(this.init).length
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

  /** The keeper first, which misses nothing; then ourselves, in case the keeper hangs. */
  async #end(reason: Cause, note: string): Promise<KillReceipt> {
    const began = performance.now()
    this.#cause ??= { reason, note }
    const { reports, group } = this.#parts
    const processesBefore = keptBy(this.init).length
    try {
      group.killAll()
    } catch (error) {
      this.#noteProblem(error)
    }
    const gone = reports.last('killed', 'exit', 'signal')
    reports.order('k')
    await Promise.race([gone, sleep(KEEPER_DEADLINE_MS, undefined, { ref: false })])
    const processesAfter = await killKept(this.init)
    return { processesBefore, processesAfter, ms: performance.now() - began }
  }

  #unknownEnd(error: unknown): RunExit {
    const note = `how it ended cannot be told: ${messageOf(error)}`
    return { reason: 'sandbox-failed', durationMs: performance.now() - this.#began, note }
  }

  async #watch(): Promise<RunExit> {
    const { reports, group, atEnd, cleanUp } = this.#parts
    const failed = reports.next('error')
    const report = await reports.next('exit', 'signal', 'killed')
    const durationMs = performance.now() - this.#began
    clearTimeout(this.#timer)
    // a keeper that went without a word leaves the rest to us
    const left = await killKept(this.init)
    this.#isOver = true
    const refusal = await Promise.race([failed, Promise.resolve(undefined)])
    const result = exitOf(report, this.#cause, { outOfMemoryKills: group.outOfMemoryKills(), refusal, left })
    await cleanUp()
    // the groups are empty; that the kernel takes a moment to let go of them need keep nobody waiting
    void group.close().catch(() => undefined)
    const planted = await plantedDuring(this.#parts.spec, this.startedAt)
    const note = [result.note, atEnd(), planted].filter((line) => line !== undefined).join('; ')
    return { ...result, durationMs, ...(note === '' ? {} : { note }) }
  }
}

function exitOf(
  report: Report | undefined,
  cause: { readonly reason: Cause; readonly note: string } | undefined,
  seen: { readonly outOfMemoryKills: number; readonly refusal: Report | undefined; readonly left: number },
): Omit<RunExit, 'durationMs'> {
  if (cause !== undefined) return { signal: 'SIGKILL', ...cause }
  if (seen.refusal?.type === 'error') {
    return { reason: 'sandbox-failed', note: `the command did not begin: ${seen.refusal.text}` }
  }
  if (report?.type === 'exit') return { code: report.code, reason: 'exited' }
  if (report?.type !== 'signal') {
    const note = `the keeper ended without saying how the command did; ${seen.left} processes are left`
    return { reason: 'sandbox-failed', note }
  }
  // as a shell and bubblewrap tell it
  const code = 128 + report.number
  if (seen.outOfMemoryKills > 0 && report.number === constants.signals.SIGKILL) {
    return { code, signal: 'SIGKILL', reason: 'memory', note: 'the kernel ended it at its memory limit' }
  }
  return { code, reason: 'exited' }
}
