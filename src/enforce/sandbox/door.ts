import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import type { Outcome, Permit, PermitDesk } from '../../core/permit.ts'
import type { Clock } from '../../platform/clock.ts'
import { openPort, portDigest, type InsidePort, type PortForward } from './door-forward.ts'
import { enterSandbox, insideDigest, type InsideCommand } from './door-inside.ts'
import { SandboxError } from './errors.ts'
import { specDigest, type SandboxSpec } from './spec.ts'
import { sweepRegistry, type RunRegistry } from './registry.ts'
import type { StandIn } from './standin.ts'
import type {
  KillReceipt,
  ProcessIdentity,
  RunExit,
  Running,
  RunningCommand,
  SandboxDriver,
  StartOptions,
} from './driver.ts'

/** The most that closing waits for ends to be put on record. */
const RECORD_WAIT_MS = 5000

export interface DoorOptions {
  readonly driver: SandboxDriver
  readonly desk: PermitDesk
  readonly clock: Clock
  readonly registry: RunRegistry
  /** Told of each run when its process 1 is there and before its command begins; when it throws, nothing begins. */
  readonly onBuilt?: (
    runId: string,
    init: ProcessIdentity,
    temporary: readonly string[],
  ) => void | Promise<void>
  /** Told of each run that has begun. */
  readonly onStart?: (run: Running) => void
  /** Told when a run has ended and its outcome is on record. */
  readonly onEnd?: (run: Running, exit: RunExit) => void
}

export interface HaltReceipt extends KillReceipt {
  readonly agent: string
  readonly runId: string
}

/** Which runs; absent fields mean any. */
export interface RunFilter {
  readonly agent?: string
  readonly runId?: string
}

/** The only way to start something: with a permit for exactly this spec. */
export class SandboxDoor {
  readonly #options: DoorOptions
  readonly #running = new Map<string, Running>()
  readonly #starting = new Set<Promise<unknown>>()
  /** Of runs whose end is not on record yet. */
  readonly #following = new Set<Promise<void>>()
  #closed: string | undefined

  constructor(options: DoorOptions) {
    this.#options = options
    sweepRegistry(options.registry)
  }

  /**
   * Spends the permit, starts the run, and records how it ended.
   *
   * @throws PermitError when the permit is not for exactly this; SandboxError when the sandbox cannot be built
   */
  async open(permit: Permit, spec: SandboxSpec, options: StartOptions): Promise<Running> {
    this.#refuseWhenClosed()
    // computed here, from what will really be done: a digest that came along could be another spec's
    const digest = specDigest(spec)
    this.#options.desk.redeem(permit, 'sandbox', digest)
    const start = this.#start(permit, { ...spec, digest }, options)
    this.#starting.add(start)
    try {
      return await start
    } finally {
      this.#starting.delete(start)
    }
  }

  /**
   * Spends the permit, runs a further command in a sandbox that runs, and records how it ended.
   *
   * @throws PermitError when the permit is not for exactly this; SandboxError when it did not begin
   */
  async enter(permit: Permit, command: InsideCommand): Promise<RunningCommand> {
    this.#refuseWhenClosed()
    this.#options.desk.redeem(permit, 'sandbox', insideDigest(command))
    return await enterSandbox(this.#options, permit, command, this.#running.get(command.runId))
  }

  /** Spends the permit and opens a way in to one port, until it is closed or the run ends. @throws as {@link enter} */
  async forward(permit: Permit, way: InsidePort): Promise<PortForward> {
    this.#refuseWhenClosed()
    this.#options.desk.redeem(permit, 'sandbox', portDigest(way))
    return await openPort(this.#options, permit, way, this.#running.get(way.runId))
  }

  #refuseWhenClosed(): void {
    if (this.#closed === undefined) return
    throw new SandboxError('SANDBOX_STOPPED', `nothing is started: ${this.#closed}`, 'lift the stop first')
  }

  async #start(permit: Permit, spec: SandboxSpec, options: StartOptions): Promise<Running> {
    const { driver, desk, registry, clock } = this.#options
    const began = clock.monotonicMs()
    const made: StandIn[] = []
    const record = {
      runId: options.runId,
      agent: options.agent,
      profile: spec.profile,
      startedAt: clock.now(),
    }
    let run: Running
    try {
      run = await driver.start(spec, {
        ...options,
        onStandIns: (standIns) => {
          made.splice(0, made.length, ...standIns) // what was planned is known by now
          registry.put({ ...record, standIns: made })
        },
        // on record before the command begins: `stop` must find it even if we are gone by then
        onBuilt: async ({ init, pidNamespace, temporary = [] }) => {
          registry.put({ ...record, init, pidNamespace, standIns: made })
          await this.#options.onBuilt?.(options.runId, init, temporary)
        },
      })
    } catch (error) {
      registry.remove(options.runId)
      await desk.settle(permit, {
        result: 'error',
        durationMs: clock.monotonicMs() - began,
        note: error instanceof SandboxError ? `${error.code}: ${messageOf(error)}` : messageOf(error),
      })
      throw error
    }
    this.#running.set(run.runId, run)
    // an outcome that could not be written is kept by the desk; what else fails here must not end the daemon
    const followed = this.#follow(permit, run).catch(() => undefined)
    this.#following.add(followed)
    void followed.then(() => this.#following.delete(followed))
    try {
      // a stop that came while this was being built found nothing to end
      if (this.#closed !== undefined) await run.kill(this.#closed)
      this.#options.onStart?.(run)
      return run
    } catch (error) {
      // whoever asked for it is told that there is no run, so there must be none
      await run.kill(`it could not be watched over: ${messageOf(error)}`)
      await followed
      throw error
    }
  }

  async #follow(permit: Permit, run: Running): Promise<void> {
    const exit = await run.exit
    this.#running.delete(run.runId)
    this.#options.registry.remove(run.runId)
    await this.#options.desk.settle(permit, outcomeOf(exit))
    this.#options.onEnd?.(run, exit)
  }

  /** Runs that have not ended, oldest first. */
  running(filter: RunFilter = {}): readonly Running[] {
    return [...this.#running.values()].filter(
      (run) =>
        (filter.agent === undefined || run.agent === filter.agent) &&
        (filter.runId === undefined || run.runId === filter.runId),
    )
  }

  /** Stops the runs where they are, then ends them; resolves when none of their processes is left. */
  async halt(filter: RunFilter, reason: string): Promise<readonly HaltReceipt[]> {
    const runs = this.running(filter)
    return Promise.all(
      runs.map(async (run) => ({
        agent: run.agent,
        runId: run.runId,
        ...(await run.kill(reason)),
      })),
    )
  }

  /** Refuses every start from now on, waits for those under way, and ends what runs. */
  async close(reason: string): Promise<readonly HaltReceipt[]> {
    this.#closed = reason
    const receipts = await this.halt({}, reason)
    await Promise.allSettled(this.#starting)
    const later = await this.halt({}, reason)
    // the ledger closes after us: who ended a moment ago must have said how by then
    await Promise.race([Promise.all(this.#following), sleep(RECORD_WAIT_MS, undefined, { ref: false })])
    return [...receipts, ...later]
  }
}

function outcomeOf(exit: RunExit): Outcome {
  const result = {
    exited: exit.code === 0 ? 'success' : 'failure',
    timeout: 'timeout',
    output: 'violation',
    memory: 'violation',
    killed: 'cancelled',
    'sandbox-failed': 'error',
  } as const
  return {
    result: result[exit.reason],
    durationMs: exit.durationMs,
    ...(exit.code === undefined ? {} : { exitCode: exit.code }),
    ...(exit.note === undefined ? {} : { note: exit.note }),
  }
}

export function createSandboxDoor(options: DoorOptions): SandboxDoor {
  return new SandboxDoor(options)
}
