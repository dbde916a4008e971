import { RESTARTS, RestartBudget, type RestartLimits } from './restarts.ts'

/** How much of each thing a run may do before somebody has to look; absent: as much as its profile lets it. */
export interface ProgressBudget {
  /** Questions it asks through its own socket. */
  readonly actions?: number | undefined
  /** Programs that begin inside. */
  readonly programs?: number | undefined
  /** Bytes on both of its output streams together. */
  readonly outputBytes?: number | undefined
}

export interface WatchedRun {
  readonly runId: string
  readonly agent: string
  readonly budget: ProgressBudget
  /** Whether whoever started it starts it again when it fails. */
  readonly restarts: boolean
}

export interface WatchdogOptions {
  readonly monotonicMs: () => number
  /** Without a sign of life for so long it counts as dead. */
  readonly deadAfterMs?: number
  readonly restarts?: RestartLimits
}

/** AI agents hang and loop; this long is longer than any pause of process 1 that a busy machine explains. */
const DEAD_AFTER_MS = 120_000

interface Watched extends WatchedRun {
  aliveAt: number
  actions: number
  programs: number
}

/** Why an agent has to be stopped, in words for its owner. */
export type Finding = string | undefined

/**
 * Watches runs for what no single decision shows: that nothing moves any more, that one does far more than it was
 * started for, and that one fails again and again. Judges only; whoever asks it has to act.
 */
export class Watchdog {
  readonly #options: Required<WatchdogOptions>
  readonly #runs = new Map<string, Watched>()
  readonly #failures = new Map<string, RestartBudget>()

  constructor({ monotonicMs, deadAfterMs = DEAD_AFTER_MS, restarts = RESTARTS }: WatchdogOptions) {
    this.#options = { monotonicMs, deadAfterMs, restarts }
  }

  began(run: WatchedRun): void {
    this.#runs.set(run.runId, { ...run, aliveAt: this.#options.monotonicMs(), actions: 0, programs: 0 })
  }

  /** The agent asked something; which of its runs cannot be told, so it counts for each. */
  asked(agent: string): Finding {
    const runs = [...this.#runs.values()].filter((run) => run.agent === agent)
    for (const run of runs) run.actions += 1
    return runs.map((run) => tooMany('questions were asked', run.actions, run.budget.actions)).find(isFound)
  }

  spawned(runId: string): Finding {
    const run = this.#runs.get(runId)
    if (run === undefined) return undefined
    run.programs += 1
    return tooMany('programs were started', run.programs, run.budget.programs)
  }

  wrote(runId: string, outputBytes: number): Finding {
    return tooMany('bytes were written', outputBytes, this.#runs.get(runId)?.budget.outputBytes)
  }

  /** @param isAlive whether it gave a sign of life just now */
  looked(runId: string, isAlive: boolean): Finding {
    const run = this.#runs.get(runId)
    if (run === undefined) return undefined
    const now = this.#options.monotonicMs()
    if (isAlive) run.aliveAt = now
    const silentMs = now - run.aliveAt
    return silentMs < this.#options.deadAfterMs
      ? undefined
      : `it gave no sign of life for ${Math.round(silentMs / 1000)} s`
  }

  /** @param hasFailed whether it ended in a way that has whoever started it start it again */
  ended(runId: string, hasFailed: boolean): Finding {
    const run = this.#runs.get(runId)
    this.#runs.delete(runId)
    if (run === undefined || !run.restarts || !hasFailed) return undefined
    const { restarts } = this.#options
    if (this.#budgetOf(run.agent).take()) return undefined
    this.#failures.delete(run.agent) // resumed, it begins with a full budget
    return `it failed again after ${restarts.most} restarts within ${restarts.windowMs / 1000} s`
  }

  /** Runs that have something to be looked at. */
  watched(): readonly WatchedRun[] {
    return [...this.#runs.values()]
  }

  #budgetOf(agent: string): RestartBudget {
    const { monotonicMs, restarts } = this.#options
    const budget = this.#failures.get(agent) ?? new RestartBudget(monotonicMs, restarts)
    this.#failures.set(agent, budget)
    return budget
  }
}

function tooMany(what: string, count: number, most: number | undefined): Finding {
  return most === undefined || count <= most ? undefined : `more than ${most} ${what}`
}

function isFound(finding: Finding): finding is string {
  return finding !== undefined
}
