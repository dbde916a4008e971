import { hasFailed } from '../api/restart.ts'
import { Watchdog, type HaltedRun, type StopStore } from '../contain/stop/index.ts'
import { messageOf } from '../core/error.ts'
import { readProcess, type Running } from '../enforce/sandbox/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import { haltEvent } from './http/stop.ts'
import type { LiveRun, RunRequest } from './runs.ts'

export interface AgentWatchOptions {
  readonly live: () => readonly LiveRun[]
  readonly stops: Pick<StopStore, 'stop'>
  readonly halt: (agent: string, why: string) => Promise<readonly HaltedRun[]>
  /** Never throws. */
  readonly record: (event: GateEvent) => Promise<unknown>
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly log: Log
  readonly lookEveryMs?: number
  readonly lifeEveryMs?: number
  readonly deadAfterMs?: number
}

const LOOK_EVERY_MS = 1000
const LIFE_EVERY_MS = 30_000

/** Asks the runs of a house how they are, and stops the agent of one that is not as it should be. */
export class AgentWatch {
  readonly #options: AgentWatchOptions
  readonly #dog: Watchdog
  readonly #stopping = new Set<string>()
  readonly #timers: readonly NodeJS.Timeout[]

  constructor(options: AgentWatchOptions) {
    this.#options = options
    const { monotonicMs, deadAfterMs } = options
    this.#dog = new Watchdog({ monotonicMs, ...(deadAfterMs === undefined ? {} : { deadAfterMs }) })
    const every = (ms: number, look: () => void): NodeJS.Timeout => setInterval(look, ms).unref()
    this.#timers = [
      every(options.lookEveryMs ?? LOOK_EVERY_MS, () => this.#lookAtOutput()),
      every(options.lifeEveryMs ?? LIFE_EVERY_MS, () => void this.#lookForLife()),
    ]
  }

  began(running: Running, { budget = {}, restart }: RunRequest): void {
    const { runId, agent } = running
    this.#dog.began({ runId, agent, budget, restarts: restart === 'on-failure' })
    void running.exit.then((exit) => this.#act(agent, this.#dog.ended(runId, hasFailed(exit))))
  }

  /** Counts what agents ask, before it is known whether they may. */
  counting(admit: (agent: string) => Promise<void>): (agent: string) => Promise<void> {
    return (agent) => {
      this.#act(agent, this.#dog.asked(agent))
      return admit(agent)
    }
  }

  /** Takes what goes on record anyway: programs that begin inside. */
  saw({ action, agent, details }: GateEvent): void {
    const run = details?.['run']
    if (action === 'process:spawn' && typeof run === 'string') this.#act(agent, this.#dog.spawned(run))
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #lookAtOutput(): void {
    const limited = this.#dog.watched().filter(({ budget }) => budget.outputBytes !== undefined)
    if (limited.length === 0) return
    for (const { running } of this.#options.live()) {
      if (!limited.some(({ runId }) => runId === running.runId)) continue
      this.#act(running.agent, this.#dog.wrote(running.runId, running.stats().outputBytes))
    }
  }

  async #lookForLife(): Promise<void> {
    await Promise.all(
      this.#options.live().map(async ({ running }) => {
        this.#act(running.agent, this.#dog.looked(running.runId, await isResponsive(running)))
      }),
    )
  }

  #act(agent: string, finding: string | undefined): void {
    if (finding === undefined || this.#stopping.has(agent)) return
    this.#stopping.add(agent)
    void this.#stop(agent, `the watchdog stopped ${agent}: ${finding}`)
      .catch((error: unknown) => this.#options.log.error(`not stopped: ${agent}: ${messageOf(error)}`))
      .finally(() => this.#stopping.delete(agent))
  }

  /** As the owner's own stop: what runs is ended, and nothing of it starts until the owner resumes. */
  async #stop(agent: string, reason: string): Promise<void> {
    const { stops, halt, record, now, log } = this.#options
    log.warn(reason)
    try {
      stops.stop(agent, { since: new Date(now()).toISOString(), by: 'warder', reason })
    } catch (error) {
      log.error(`the stop holds, but is not written yet: ${messageOf(error)}`)
    }
    const halted = await halt(agent, reason)
    await record(watchdogEvent(agent, reason, halted))
    for (const receipt of halted) await record(haltEvent(receipt, '', reason))
  }
}

/** A sign of life: process 1 answers; where it cannot be asked, it is at least not stopped or stuck. */
async function isResponsive(running: Running): Promise<boolean> {
  if (running.isAnswering !== undefined) return await running.isAnswering()
  const state = readProcess(running.init.pid)?.state
  return state !== undefined && 'RS'.includes(state)
}

function watchdogEvent(agent: string, reason: string, halted: readonly HaltedRun[]): GateEvent {
  const failed = halted.some(({ processesAfter }) => processesAfter !== 0)
  return {
    event_type: 'containment',
    agent: 'warder',
    action: 'agent:stop',
    target: agent,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'containment',
    permit_id: '',
    reason,
    request_id: '',
    result: failed ? 'failure' : 'success',
    risk_level: 'high',
    rule: 'containment.watchdog',
    details: { runs: halted.length },
  }
}
