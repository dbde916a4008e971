import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createStopStore, StopError } from '../contain/stop/index.ts'
import { systemClock } from '../platform/clock.ts'
import { entryPoint } from '../platform/entry.ts'
import type { Log } from '../platform/log.ts'
import { endRecordedAgents } from './end-agents.ts'
import { SUPERVISED } from './failing.ts'
import { openGroups } from './supervisor-group.ts'
import { handedOn, TAKEN, TAKEN_FD, type Taken } from './secrets-environment.ts'
import { noteForDaemon } from './supervisor-notes.ts'
import { SUPERVISOR_FD, type Place } from './supervisor-words.ts'
import { Supervisor } from './supervisor.ts'

/** Where a supervisor starts: it takes the daemon's arguments and reads none of them. @returns its exit code */
export async function supervise(
  args: readonly string[],
  log: Log,
  taken: Taken = new Map(),
): Promise<number> {
  const groups = openGroups()
  const supervisor = new Supervisor({
    start: () => {
      const words = taken.size === 0 ? args : [TAKEN, ...args]
      const program = [...process.execArgv, fileURLToPath(entryPoint('warderd')), SUPERVISED, ...words]
      const more = taken.size === 0 ? [] : (['pipe'] as const)
      const child = spawn(process.execPath, program, {
        stdio: ['ignore', 'inherit', 'inherit', 'pipe', ...more],
      })
      if (taken.size > 0) handOn(child.stdio[TAKEN_FD] as Duplex, taken)
      if (child.pid !== undefined) groups?.place(child.pid)
      return { child, socket: child.stdio[SUPERVISOR_FD] as Duplex }
    },
    endAgents: ({ runtimeDirectory }, whenFrozen) => endRecordedAgents(runtimeDirectory, whenFrozen),
    note: ({ stateDirectory }, note) => noteForDaemon(stateDirectory, note),
    stopAll,
    noteStop: ({ stateDirectory }, reason, receipts) =>
      createStopStore(stateDirectory).note({ reason, at: now(), receipts, told: false }),
    clock: systemClock,
    log,
  })
  process.on('SIGTERM', () => supervisor.end())
  process.on('SIGINT', () => supervisor.end())
  process.on('SIGHUP', () => supervisor.signal('SIGHUP'))
  process.on('SIGUSR2', () => void supervisor.stopAll('the signal USR2 was sent to the supervisor'))
  return await supervisor.run()
}

/** What was taken out of the environment goes to each daemon that is started, and is wiped when it is through. */
function handOn(pipe: Duplex, taken: Taken): void {
  const bytes = handedOn(taken)
  pipe.on('error', () => undefined) // a daemon that ended before it read them shows as that
  pipe.end(bytes, () => bytes.fill(0))
}

function stopAll({ stateDirectory }: Place, by: string, reason: string): void {
  const store = createStopStore(stateDirectory)
  const stop = { since: now(), by, reason }
  try {
    store.stop(undefined, stop)
  } catch (error) {
    if (!(error instanceof StopError)) throw error
    store.stopAll(stop) // a stop file that cannot be understood becomes one that stops all
  }
}

function now(): string {
  return new Date(systemClock.now()).toISOString()
}
