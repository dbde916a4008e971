import type { Finding } from '../../core/incident.ts'
import type { KnownRun } from './boundary.ts'

/** Whoever ends runs gets this long; killing hundreds of processes on a busy machine takes seconds. */
const GRACE_MS = 10_000

/** Runs that go on though they may not: what should have ended them did not. */
export class Overdue {
  readonly #since = new Map<string, number>()

  /** @param why why it may not go on; undefined while it may */
  look(run: KnownRun, why: string | undefined, now: number): Finding | undefined {
    if (why === undefined) {
      this.#since.delete(run.runId)
      return undefined
    }
    const since = this.#since.get(run.runId) ?? now
    this.#since.set(run.runId, since)
    const overMs = now - since
    if (overMs < GRACE_MS) return undefined
    return {
      ...{
        rule: 'boundary.overdue',
        source: 'boundary',
        severity: 'critical',
        class: 'policy_bypass_attempt',
      },
      summary: `the run of ${run.agent} goes on though it may not: ${why}`,
      ...{ at: now, key: `boundary:overdue:${run.runId}`, agent: run.agent, run: run.runId },
      evidence: { why, over_ms: overMs },
    }
  }

  forget(runId: string): void {
    this.#since.delete(runId)
  }
}
