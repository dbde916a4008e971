import type { StopStore } from '../contain/stop/index.ts'
import type { AttachedRun } from './attach.ts'
import { attachedRun } from './attached.ts'
import type { Inside } from './exec.ts'
import { stopReason } from './housekeeping.ts'
import type { Recycling } from './recycling.ts'
import type { Runs } from './runs.ts'

export interface AttachmentsOptions {
  readonly runs: Runs
  readonly inside: Inside
  readonly stops: StopStore
  readonly recycling: Pick<Recycling, 'ended'>
}

/** What a client attaches to with what it was given: a run, a command inside one, a forward, or a connection of that. */
export function attachments({
  runs,
  inside,
  stops,
  recycling,
}: AttachmentsOptions): (token: string) => Promise<AttachedRun> {
  return async (token) => {
    const within = await inside.open(token)
    if (within !== undefined) return within
    const running = await runs.open(token)
    return attachedRun(
      running,
      (agent) => stopReason(stops, agent),
      () => runs.isRecorded(running),
      recycling.ended(running),
    )
  }
}
