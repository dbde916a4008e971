import type { HaltedRun } from '../contain/stop/index.ts'
import { freezeAll, type Running } from '../enforce/sandbox/index.ts'
import type { LiveRun } from './runs.ts'

export interface HaltingOptions {
  readonly live: () => readonly LiveRun[]
  readonly kill: (agent: string | undefined, why: string) => Promise<HaltedRun[]>
  readonly monotonicMs: () => number
}

/**
 * Freezes before it kills: process 1 does it first, then the control group, and it is looked at from outside. What
 * stands still cannot start others while it is killed, and does no harm however long that takes.
 */
export function freezing({ live, kill, monotonicMs }: HaltingOptions): HaltingOptions['kill'] {
  return async (agent, why) => {
    const start = monotonicMs()
    const runs = live()
      .map(({ running }) => running)
      .filter((running) => agent === undefined || running.agent === agent)
    const frozen = await freeze(runs, () => monotonicMs() - start)
    const beganMs = monotonicMs() - start
    const receipts = await kill(agent, why)
    return receipts.map((receipt) => {
      const frozenMs = frozen.get(receipt.runId)
      const ms = beganMs + receipt.ms
      return frozenMs === undefined ? { ...receipt, ms } : { ...receipt, frozenMs, ms }
    })
  }
}

/** @returns when each was seen to stand still; whatever goes wrong here, they are killed next */
async function freeze(
  runs: readonly Running[],
  elapsedMs: () => number,
): Promise<ReadonlyMap<string, number>> {
  await Promise.allSettled(runs.map((running) => running.freeze()))
  try {
    const areStill = await freezeAll(runs.map(({ init }) => init))
    const frozenMs = elapsedMs()
    return new Map(runs.filter((_, i) => areStill[i]).map(({ runId }) => [runId, frozenMs]))
  } catch {
    return new Map()
  }
}
