import type { Finding } from '../../core/incident.ts'
import type { SandboxSpec } from '../../enforce/sandbox/index.ts'
import {
  boundaryFinding,
  Lookout,
  Overdue,
  type Followed,
  type KnownRun,
  type Seen,
} from '../../watch/host/index.ts'
import type { LiveRun } from '../runs.ts'
import type { BuiltRun, RunWatcher } from './run-watcher.ts'

export interface BoundaryOptions {
  readonly live: () => readonly LiveRun[]
  /** Why an agent must not run now; undefined when it may. */
  readonly whyNot: (agent: string) => string | undefined
  /** Whether a grant is still in force. */
  readonly holds: (grant: string) => boolean
  readonly raise: (finding: Finding) => void
  /** Told of everything that was seen, for whoever looks at the host as well. */
  readonly onSeen: (seen: Seen) => void
  readonly openProgram: () => number
  readonly own: readonly string[]
  readonly now: () => number
  readonly everyMs?: number
}

/** How often it is looked whether runs began or ended that nobody told of, and whether one should have. */
const LOOK_MS = 200
/** What is seen of a run may be told a while after its end. */
const REMEMBER_MS = 60_000

interface Known extends KnownRun {
  /** Told of before it counts as one that goes on. */
  isStarting: boolean
  overAt?: number
}

/** The alarm at the border of every run: begins before its first act, ends with it, and tells what no permit explains. */
export class Boundary implements RunWatcher {
  readonly #options: BoundaryOptions
  readonly #known = new Map<string, Known>()
  readonly #overdue = new Overdue()
  readonly lookout: Lookout
  #timer: NodeJS.Timeout | undefined

  constructor(options: BoundaryOptions) {
    this.#options = options
    const { raise, now } = options
    this.lookout = new Lookout({
      open: options.openProgram,
      own: options.own,
      onSeen: (seen) => this.#see(seen),
      onEnded: (why) => raise(endedFinding(why, now())),
    })
  }

  begin(): void {
    this.#timer = setInterval(() => this.look(), this.#options.everyMs ?? LOOK_MS).unref()
  }

  begins(): void {
    this.lookout.getReady()
  }

  async built(run: BuiltRun): Promise<void> {
    await this.#begin(run, true)
  }

  over(runId: string): void {
    const known = this.#known.get(runId)
    if (known !== undefined && known.overAt === undefined) this.#over(known)
  }

  close(): void {
    clearInterval(this.#timer)
    this.lookout.close()
  }

  /** Takes note of runs that began or ended, and of those that should have. */
  look(): void {
    const { live, now } = this.#options
    const runs = live()
    if (runs.length === 0 && this.#known.size === 0) return
    const going = new Set(runs.map(({ running }) => running.runId))
    for (const { running, spec, workspace } of runs) {
      const known = this.#known.get(running.runId)
      if (known !== undefined) known.isStarting = false
      else void this.#begin({ ...identityOf(running), spec, workspace, temporary: [] }, false)
    }
    for (const [runId, known] of this.#known) {
      if (going.has(runId) || (known.isStarting && known.overAt === undefined)) continue
      if (known.overAt === undefined) this.#over(known)
      else if (now() - known.overAt > REMEMBER_MS) this.#known.delete(runId)
    }
    this.#lookForOverdue(runs)
  }

  async #begin(run: BuiltRun, isStarting: boolean): Promise<void> {
    const { runId, agent, workspace } = run
    this.#known.set(runId, { runId, agent, workspace, isStarting })
    await this.lookout.follow(followed(run))
  }

  #over(known: Known): void {
    known.overAt = this.#options.now()
    this.#overdue.forget(known.runId)
    this.lookout.forget(known.runId)
  }

  #lookForOverdue(runs: readonly LiveRun[]): void {
    const { whyNot, holds, raise, now } = this.#options
    for (const { running, workspace, grants } of runs) {
      const why = whyNot(running.agent) ?? lostGrant(grants, holds)
      const run = { runId: running.runId, agent: running.agent, workspace }
      const finding = this.#overdue.look(run, why, now())
      if (finding !== undefined) raise(finding)
    }
  }

  #see(seen: Seen): void {
    const finding = boundaryFinding(seen, (id) => this.#known.get(id))
    if (finding !== undefined) this.#options.raise(finding)
    this.#options.onSeen(seen)
  }
}

function identityOf({ runId, agent, init }: LiveRun['running']): Pick<BuiltRun, 'runId' | 'agent' | 'init'> {
  return { runId, agent, init }
}

function lostGrant(grants: readonly string[], holds: (grant: string) => boolean): string | undefined {
  const lost = grants.find((grant) => !holds(grant))
  return lost === undefined ? undefined : `grant ${lost}, which made it wider, is over`
}

function followed({ runId, init, spec, workspace, temporary }: BuiltRun): Followed {
  const writable = writableOf(spec)
  // what it changes goes aside: then its workspace is for nobody else either, and its own permit does not name it
  const trees = writable.length === 0 ? temporary : [workspace, ...writable, ...temporary]
  return { runId, init, may: [...writable, ...temporary], trees: [...new Set(trees)] }
}

/** As paths of the host. Devices and sockets are no trees. */
function writableOf({ mounts }: SandboxSpec): string[] {
  return mounts.flatMap((mount) => {
    if (mount.type === 'overlay') return [mount.upper, mount.work]
    if (mount.type !== 'bind' || mount.access !== 'write') return []
    const kind = mount.identity?.kind
    return kind === 'socket' || kind === 'device' ? [] : [mount.source]
  })
}

function endedFinding(why: string, at: number): Finding {
  return {
    ...{ rule: 'boundary.lookout-ended', source: 'boundary', severity: 'high' },
    summary: `the lookout at the borders of runs was ended from outside: ${why}; it is started again`,
    ...{ at, key: 'boundary:lookout-ended', evidence: { why } },
  }
}
