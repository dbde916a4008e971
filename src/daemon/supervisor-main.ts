import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createStopStore, StopError } from '../contain/stop/index.ts'
import { systemClock } from '../platform/clock.ts'
import { entryPoint } from '../platform/entry.ts'
import type { Log } from '../platform/log.ts'
import { endRecordedAgents } from './end-agents.ts'
import { openGroups } from './supervisor-group.ts'
import { noteForDaemon } from './supervisor-notes.ts'
import { SUPERVISED, SUPERVISOR_FD, type Place } from './supervisor-words.ts'
import { Supervisor } from './supervisor.ts'

/** Where a supervisor starts: it takes the daemon's arguments and reads none of them. @returns its exit code */
export async function supervise(args: readonly string[], log: Log): Promise<number> {
  const groups = openGroups()
  const supervisor = new Supervisor({
    start: () => {
      const program = [...process.execArgv, fileURLToPath(entryPoint('warderd')), SUPERVISED, ...args]
      const child = spawn(process.execPath, program, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
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
