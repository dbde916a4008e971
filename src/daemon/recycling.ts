import { KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import { formatDuration } from '../core/quantity.ts'
import {
  stillHeld,
  temporaryPlaces,
  ticksNow,
  type Recycle,
  type RunExit,
  type Running,
  type SandboxSpec,
  type TemporaryPlaces,
} from '../enforce/sandbox/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'

export const RECYCLING_ERRORS = {
  WORKER_USED_UP: {
    kind: 'conflict',
    meaning: 'a worker has served as often as its profile lets it, and is about to be started afresh',
  },
} as const satisfies ErrorCatalogue

export class RecyclingError extends KnownError<typeof RECYCLING_ERRORS> {
  override readonly name = 'RecyclingError'
}

export interface RecyclingOptions {
  /** Never throws. */
  readonly record: (event: GateEvent) => Promise<unknown>
  readonly log: Pick<Log, 'error'>
  /** How long uses under way may finish when the time of a worker is up, milliseconds. */
  readonly graceMs?: number
}

interface Begun {
  readonly running: Running
  readonly spec: SandboxSpec
}

/** How a run is told to have ended: of a worker it is known besides that it was recycled, and is to be started afresh. */
export type ToldExit = Omit<RunExit, 'reason'> & { readonly reason: RunExit['reason'] | 'recycled' }

interface Worker {
  readonly running: Running
  readonly recycle: Recycle
  readonly places: TemporaryPlaces
  uses: number
  atOnce: number
  /** Why it ends; nobody uses it any more. */
  why?: string
  readonly timers: Set<NodeJS.Timeout>
  readonly end: PromiseWithResolvers<ToldExit>
}

const GRACE_MS = 30_000
/** The kernel takes a moment to let go of a namespace nobody is in any more. */
const LOOKS = 100
const LOOK_EVERY_MS = 20

/**
 * Ends workers that have served long enough, so that nothing one task left in memory is there for the next, and looks
 * that their places in memory are really gone before anybody hears that the worker has ended. Whoever started the
 * worker starts it afresh: under a new permit, for what was allowed then may not be now.
 */
export class Recycling {
  readonly #options: RecyclingOptions
  readonly #workers = new Map<string, Worker>()
  readonly #ended = new WeakMap<Running, Promise<ToldExit>>()

  constructor(options: RecyclingOptions) {
    this.#options = options
  }

  /** For each run that begins: `tell` first, then us. */
  after<Rest extends unknown[]>(
    tell: (running: Running, ...rest: Rest) => void,
    live: () => readonly Begun[],
  ): (running: Running, ...rest: Rest) => void {
    return (running, ...rest) => {
      tell(running, ...rest)
      this.began(live().find((each) => each.running === running))
    }
  }

  /** A run has begun. One whose profile says nothing of recycling is none of ours. */
  began(live: Begun | undefined): void {
    const recycle = live?.spec.recycle
    if (live === undefined || recycle === undefined) return
    const { running, spec } = live
    const end = Promise.withResolvers<ToldExit>()
    const places = this.#placesOf(running, spec)
    const worker: Worker = { running, recycle, places, uses: 0, atOnce: 0, timers: new Set(), end }
    this.#workers.set(running.runId, worker)
    this.#ended.set(running, end.promise)
    if (recycle.afterMs !== undefined) {
      const why = `it ran for ${formatDuration(recycle.afterMs)}`
      this.#in(worker, recycle.afterMs, () => this.#wearOut(worker, why))
    }
    void this.#follow(worker)
  }

  /**
   * Counts one command or connection.
   *
   * @returns to be called when it is over
   * @throws RecyclingError `WORKER_USED_UP`
   */
  use(runId: string): () => void {
    const worker = this.#workers.get(runId)
    if (worker === undefined) return () => undefined
    if (worker.why !== undefined) throw usedUp(worker.running.agent, worker.why)
    worker.uses += 1
    worker.atOnce += 1
    const { uses } = worker.recycle
    if (uses !== undefined && worker.uses >= uses)
      worker.why = `it served ${uses} ${uses === 1 ? 'use' : 'uses'}`
    const over = { isTold: false }
    return () => {
      if (over.isTold) return
      over.isTold = true
      worker.atOnce -= 1
      this.#rested(worker)
    }
  }

  /** How a run ended, told once its places in memory are known to be gone; as it is for runs that are no workers. */
  async ended(running: Running): Promise<ToldExit> {
    return await (this.#ended.get(running) ?? running.exit)
  }

  /** Where nobody can tell afterwards whether they are gone, it does not go on; that it ends is told like any end. */
  #placesOf(running: Running, { mounts }: SandboxSpec): TemporaryPlaces {
    try {
      return temporaryPlaces(running.init, mounts)
    } catch (error) {
      void running
        .kill(`its places in memory cannot be looked at: ${messageOf(error)}`)
        .catch(() => undefined)
      return { byDevice: new Map() }
    }
  }

  #rested(worker: Worker): void {
    if (worker.atOnce > 0) return
    if (worker.why !== undefined) {
      this.#end(worker, worker.why)
      return
    }
    const { idleMs } = worker.recycle
    if (idleMs === undefined) return
    const seen = worker.uses
    this.#in(worker, idleMs, () => {
      if (worker.atOnce === 0 && worker.uses === seen)
        this.#end(worker, `nobody used it for ${formatDuration(idleMs)}`)
    })
  }

  /** Nobody begins to use it any more; who does may finish, but not for ever. */
  #wearOut(worker: Worker, why: string): void {
    worker.why ??= why
    if (worker.atOnce === 0) return this.#end(worker, worker.why)
    this.#in(worker, this.#options.graceMs ?? GRACE_MS, () => this.#end(worker, why))
  }

  #in(worker: Worker, ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      worker.timers.delete(timer)
      act()
    }, ms).unref()
    worker.timers.add(timer)
  }

  #end(worker: Worker, why: string): void {
    worker.why = why
    worker.running.kill(`recycled: ${why}`).catch((error: unknown) => {
      this.#options.log.error(`a worker was not ended: ${messageOf(error)}`)
    })
  }

  /** From its beginning to the proof that nothing of it is left. */
  async #follow(worker: Worker): Promise<void> {
    const { running, timers, end, places } = worker
    const exit = await running.exit
    for (const timer of timers) clearTimeout(timer)
    const left = await whatIsLeft(places)
    // one that ended by itself, or was stopped, is not recycled, however worn it was
    const wasRecycled = exit.reason === 'killed' && exit.note?.startsWith('recycled: ') === true
    const why = wasRecycled ? (worker.why ?? '') : `it ended: ${exit.reason}`
    await this.#options.record(recycledEvent(worker, why, left))
    this.#workers.delete(running.runId)
    end.resolve(told(exit, wasRecycled, left))
  }
}

interface Left {
  readonly paths: readonly string[]
  readonly processes: number
}

async function whatIsLeft(places: TemporaryPlaces): Promise<Left> {
  const endedAt = ticksNow()
  for (let look = 0; ; look += 1) {
    const { held, processes } = stillHeld(places, endedAt)
    const paths = held.map(({ pid, path }) => `${path} (held by process ${pid})`)
    if (paths.length === 0 || look === LOOKS) return { paths, processes }
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS))
  }
}

/** What a worker left behind must not be met by the next one: then it is not started afresh. */
function told(exit: RunExit, wasRecycled: boolean, { paths }: Left): ToldExit {
  if (paths.length > 0)
    return { ...exit, reason: 'sandbox-failed', note: `what it held is not gone: ${paths.join(', ')}` }
  return wasRecycled ? { ...exit, reason: 'recycled' } : exit
}

function usedUp(agent: string, why: string): RecyclingError {
  return new RecyclingError(RECYCLING_ERRORS, 'WORKER_USED_UP', {
    what: `${agent} takes no more work: ${why}`,
    fix: 'ask again in a moment: it is started afresh',
  })
}

function recycledEvent(
  { running, uses, places }: Worker,
  why: string,
  { paths, processes }: Left,
): GateEvent {
  const { runId, agent, profile } = running
  return {
    event_type: 'system',
    agent,
    action: 'agent:recycle',
    target: agent,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'sandbox',
    permit_id: '',
    reason: why,
    request_id: '',
    result: paths.length === 0 ? 'success' : 'failure',
    risk_level: 'low',
    rule: 'sandbox.recycle',
    details: {
      ...{ run: runId, profile, uses, places: [...places.byDevice.values()].join(' ') },
      ...{ left: paths.join(', '), tables: processes },
    },
  }
}
