import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EmergencyAnswer } from '../../api/emergency.ts'
import { calls } from '../../client/calls.ts'
import { systemCode } from '../../core/error.ts'
import { openDb, type Db } from '../../platform/db.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import type { Context } from '../command.ts'
import { holderOf, isWarder } from './daemon-stop.ts'

/** Nobody waits longer for a daemon in an emergency. */
const ANSWER_MS = 2000
const END_MS = 5000
const LOOK_MS = 25

/** What the daemon answers, or nothing when none answers in time; a hanging one is none. */
export async function askDaemon(
  context: Context,
  call: 'emergencyShow' | 'emergencyLock',
  reason: string,
): Promise<EmergencyAnswer | undefined> {
  const signal = AbortSignal.timeout(ANSWER_MS)
  try {
    const api = calls(await context.client({ start: false }))
    return call === 'emergencyLock'
      ? await api.call('emergencyLock', { reason }, signal)
      : await api.call('emergencyShow', {}, signal)
  } catch {
    return undefined // whoever asked looks whether a process is there
  }
}

/** The processes of the daemon and of who watches over it. */
export function daemonProcesses({ config }: Context): number[] {
  const { pid, supervisor } = holderOf(config.values['paths.runtime'])
  return [supervisor, pid].filter((each) => each !== undefined && isWarder(each)) as number[]
}

/** Whether a daemon answers just now, so that nobody waits long for one that hangs. */
export async function answers(context: Context): Promise<boolean> {
  try {
    const api = calls(await context.client({ start: false }))
    await api.call('daemon', {}, AbortSignal.timeout(ANSWER_MS))
    return true
  } catch {
    return false
  }
}

/**
 * Asks both to end, the supervisor first so that it starts none anew, and kills what does not: one that hangs too.
 *
 * @param graceMs from being asked until being killed
 */
export async function endDaemon(context: Context, graceMs = END_MS): Promise<void> {
  const pids = daemonProcesses(context)
  const left = (): number[] => pids.filter(isWarder)
  const [leader] = pids
  if (leader !== undefined) signal(leader, 'SIGTERM')
  await until(context, () => left().length === 0, graceMs)
  for (const pid of left()) signal(pid, 'SIGKILL')
  await until(context, () => left().length === 0, END_MS)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

export async function until({ clock }: Context, isSo: () => boolean, forMs: number): Promise<boolean> {
  const end = clock.monotonicMs() + forMs
  while (!isSo() && clock.monotonicMs() < end) await sleep(LOOK_MS)
  return isSo()
}

/** The lock of the daemon, so that none begins while keys are destroyed. The kernel drops it with this process. */
export class DaemonPlace {
  readonly #directory: string
  #db: Db | undefined

  constructor(runtimeDirectory: string) {
    this.#directory = runtimeDirectory
  }

  get isHeld(): boolean {
    return this.#db?.isOpen === true
  }

  /** @throws Error when somebody else holds it */
  take(): void {
    if (this.isHeld) return
    ensurePrivateDirectory(this.#directory)
    const mask = process.umask(0o077)
    try {
      this.#db = openDb(join(this.#directory, 'daemon.lock'))
      this.#db.exec('PRAGMA busy_timeout=2000')
      this.#db.exec('BEGIN IMMEDIATE')
    } catch (error) {
      this.#db?.close()
      this.#db = undefined
      throw error
    } finally {
      process.umask(mask)
    }
  }

  release(): void {
    if (!this.isHeld) return
    this.#db?.exec('ROLLBACK')
    this.#db?.close()
    this.#db = undefined
  }
}
