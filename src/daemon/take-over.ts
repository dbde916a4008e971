import type { GateEvent } from '../gate/index.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Handlers } from './http/app.ts'
import { endRecordedAgents } from './end-agents.ts'
import type { Failures } from './supervised.ts'
import { noteForDaemon, recordNotes } from './supervisor-notes.ts'

export interface TakeOverOptions {
  readonly values: Pick<SettingValues, 'paths.runtime' | 'paths.state'>
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly now: () => number
}

/**
 * What is left of daemons before this one. Whoever holds the lock is the only daemon, so a run that goes on now has
 * nobody who watches over it: it is ended before anything new begins. What was done about it meanwhile goes on record.
 */
export async function takeOver({ values, append, now }: TakeOverOptions): Promise<void> {
  const { 'paths.runtime': runtimeDirectory, 'paths.state': stateDirectory } = values
  const receipts = await endRecordedAgents(runtimeDirectory)
  if (receipts.length > 0) {
    const why = 'its daemon had died'
    noteForDaemon(stateDirectory, { what: 'orphans', at: new Date(now()).toISOString(), why, receipts })
  }
  await recordNotes(stateDirectory, append)
}

/** `status` says when the daemon did not last. */
export function withFailures<H extends Pick<Handlers, 'status'>>(failures: Failures = [], handlers: H): H {
  return {
    ...handlers,
    async status(input, caller) {
      const answer = await handlers.status(input, caller)
      const told = failures.map(({ at, why }) => `the daemon was started again at ${at}: ${why}`)
      return { ...answer, degraded: [...answer.degraded, ...told] }
    },
  }
}
