import { readdirSync, readFileSync, statSync } from 'node:fs'
import { readProcess } from './processes.ts'
import type { ProcessIdentity } from './driver.ts'
import type { Mount } from './spec.ts'

/** The places in memory of one sandbox, by the number the kernel gave each file system. */
export interface TemporaryPlaces {
  /** Path inside by `major:minor`. */
  readonly byDevice: ReadonlyMap<string, string>
}

const MINOR_BITS = 8n

/** Looks, while the sandbox stands, which file systems in memory are its own. */
export function temporaryPlaces(init: ProcessIdentity, mounts: readonly Mount[]): TemporaryPlaces {
  const byDevice = new Map<string, string>()
  for (const mount of mounts) {
    if (mount.type !== 'memory') continue
    const { dev } = statSync(`/proc/${init.pid}/root${mount.path}`, { bigint: true })
    byDevice.set(deviceName(dev), mount.path)
  }
  return { byDevice }
}

/** As mountinfo writes it: Linux keeps the major number in bits 8 to 19, and the minor around it (makedev(3)). */
function deviceName(dev: bigint): string {
  const major = ((dev >> MINOR_BITS) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn)
  return `${major}:${minor}`
}

export interface StillHeld {
  readonly pid: number
  readonly path: string
}

export interface Looked {
  readonly held: readonly StillHeld[]
  /** How many processes' mounts were read; of others nothing is known. */
  readonly processes: number
}

/**
 * Looks in every process's mounts for file systems of a sandbox that has ended: as long as one of them is mounted
 * anywhere, what was in it can be read.
 *
 * @param endedAt from {@link ticksNow}, when it had ended. A number is given out again, so what a younger process has
 * mounted under it is something else
 */
export function stillHeld({ byDevice }: TemporaryPlaces, endedAt: number): Looked {
  const held: StillHeld[] = []
  let processes = 0
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const table = Number.isInteger(pid) ? readTable(pid) : undefined
    if (table === undefined) continue
    processes += 1
    const paths = table.split('\n').flatMap((line) => byDevice.get(line.split(' ')[2] ?? '') ?? [])
    const entry = paths.length === 0 ? undefined : readProcess(pid)
    if (entry === undefined || Number(entry.startTime) > endedAt) continue
    held.push(...paths.map((path) => ({ pid, path })))
  }
  return { held, processes }
}

function readTable(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  } catch {
    return undefined // gone, or somebody else's
  }
}

const TICKS_PER_SECOND = 100

/** Clock ticks since boot, as the start of a process is told in (USER_HZ is 100 everywhere Linux runs Node). */
export function ticksNow(): number {
  const [seconds = '0'] = readFileSync('/proc/uptime', 'latin1').split(' ')
  return Math.floor(Number(seconds) * TICKS_PER_SECOND)
}
