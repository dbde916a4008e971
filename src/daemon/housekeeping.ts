import { isStopped, type StopStore } from '../contain/stop/index.ts'
import { KnownError, messageOf } from '../core/error.ts'
import type { PolicyEngine } from '../decide/policy/index.ts'
import type { Running } from '../enforce/sandbox/index.ts'
import type { GateEvent } from '../gate/index.ts'
import { bugFields, type Log } from '../platform/log.ts'
import type { Ledger } from '../record/audit/index.ts'
import { noteEvent } from './events.ts'
import type { Outcomes } from './outcomes.ts'
import type { Runs } from './runs.ts'

export interface HousekeepingOptions {
  readonly engine: PolicyEngine
  readonly ledger: Ledger
  readonly stops: StopStore
  readonly runs: Runs
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly outcomes: Outcomes
  readonly now: () => number
  readonly log: Log
  /** age recipients; without any, nothing is archived by itself. */
  readonly archiveRecipients: readonly string[]
}

const EVERY_MS = 1000
const ARCHIVE_EVERY_MS = 3_600_000

/**
 * Once a second: takes over what was done without us, ends what outlived its grant, and ends what a stop overtook.
 *
 * @returns how to end it
 */
export async function keepHouse(options: HousekeepingOptions): Promise<() => void> {
  await tick(options)
  const timer = setInterval(() => {
    tick(options).catch((error: unknown) =>
      options.log.error(`housekeeping: ${messageOf(error)}`, bugFields(error)),
    )
  }, EVERY_MS)
  const archive = () =>
    archiveLastMonth(options).catch((error: unknown) =>
      options.log.error(`not archived: ${messageOf(error)}`),
    )
  void archive()
  const archiving = setInterval(() => void archive(), ARCHIVE_EVERY_MS)
  return () => {
    clearInterval(timer)
    clearInterval(archiving)
  }
}

/** Once a month is over it is set aside, encrypted; its segments stay until somebody removes them. */
async function archiveLastMonth({ ledger, archiveRecipients, now }: HousekeepingOptions): Promise<void> {
  if (archiveRecipients.length === 0) return
  const date = new Date(now())
  const month = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1)).toISOString().slice(0, 7)
  try {
    await ledger.archive({ month, recipients: archiveRecipients })
  } catch (error) {
    const isDone = error instanceof KnownError && ['AUDIT_ARCHIVED', 'AUDIT_MISSING'].includes(error.code)
    if (!isDone) throw error
  }
}

/** What has to end is ended first, each for itself: no note that cannot be read, and no run that will not die, holds it up. */
async function tick(options: HousekeepingOptions): Promise<void> {
  const { engine, stops, runs, now } = options
  const done = await Promise.allSettled([
    ...engine.sweep(now()).map((id) => runs.endUsersOf(id, 'a grant this run was given has expired')),
    ...runs.live().map(({ running }) => endIfStopped(running, stops)),
    writeLate(options),
    writeStops(options),
  ])
  for (const each of done) {
    if (each.status === 'rejected')
      options.log.error(`housekeeping: ${messageOf(each.reason)}`, bugFields(each.reason))
  }
}

/** What cannot be written was told when the stop was made, and is in force all the while. */
async function writeStops({ stops }: HousekeepingOptions): Promise<void> {
  try {
    stops.writeLate()
  } catch {
    return // and tried again with the next round
  }
}

async function writeLate({ ledger, stops, append, outcomes }: HousekeepingOptions): Promise<void> {
  if (!ledger.health().ok) return
  await outcomes.writeLate()
  await stops.takeNotes(async (line) => void (await append(noteEvent(line))))
}

/** Ends a run that a stop is in force for, however it slipped through. */
export async function endIfStopped(run: Running, stops: StopStore): Promise<void> {
  const reason = stopReason(stops, run.agent)
  if (reason !== undefined) await run.kill(reason)
}

/** Why an agent must not run now; a stop file that cannot be read stops everything. */
export function stopReason(stops: StopStore, agent: string): string | undefined {
  try {
    const stop = isStopped(stops.read(), agent)
    return stop === undefined ? undefined : `stopped by ${stop.by}: ${stop.reason}`
  } catch (error) {
    return messageOf(error)
  }
}
