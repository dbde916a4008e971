import { readFileSync } from 'node:fs'
import { isAlive, readProcess } from '../enforce/sandbox/index.ts'
import type { HarnessProcess } from '../enforce/session/index.ts'
import type { Credential } from '../gate/index.ts'

/** Every harness runs its hooks in a shell, and some in more than one. */
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'busybox', 'zsh', 'ksh', 'fish'])
const MOST_SHELLS = 8

export interface ProcessTable {
  readonly read: (pid: number) => { readonly parent: number; readonly startTime: string } | undefined
  /** What it is called; undefined when it is gone. */
  readonly name: (pid: number) => string | undefined
}

const HERE: ProcessTable = { read: readProcess, name: nameOf }

/**
 * The harness behind a hook that asks just now: the first process above the hook that is no shell. Undefined when the
 * kernel names none, as on another system, or when it is gone already.
 */
export function harnessBehind(
  pid: number | undefined,
  table: ProcessTable = HERE,
): HarnessProcess | undefined {
  let above = pid === undefined ? undefined : table.read(pid)?.parent
  for (let shells = 0; above !== undefined && above > 1 && shells <= MOST_SHELLS; shells++) {
    const entry = table.read(above)
    if (entry === undefined) return undefined
    if (!SHELLS.has(table.name(above) ?? '')) return { pid: above, startTime: entry.startTime }
    above = entry.parent
  }
  return undefined
}

/** Who is behind a hook's call; inside a sandbox the run is, which is known and waited for as such. */
export function behind(credential: Credential): HarnessProcess | 'run' | undefined {
  if (credential.kind === 'agent') return 'run'
  return credential.kind === 'peer' ? harnessBehind(credential.pid) : undefined
}

export function isHarnessAlive(harness: HarnessProcess): boolean {
  return isAlive(harness)
}

function nameOf(pid: number): string | undefined {
  try {
    // a login shell calls itself -bash
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim().replace(/^-/, '')
  } catch {
    return undefined
  }
}
