import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { markOf } from './look.ts'

export const STORED = ['baseline', 'latch'] as const
export type Stored = (typeof STORED)[number]

/** Where the baseline and the state are kept. */
export interface IntegrityStore {
  /** @throws FileError `FILE_UNSAFE`, `FILE_UNREADABLE` */
  read(what: Stored): string | undefined
  write(what: Stored, text: string): void
  /** Changes when somebody else writes, removes or replaces one of them. */
  mark(): string
}

/** A baseline of half a million files fits. */
const MOST_BYTES = 512 * 1024 * 1024

export function integrityDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'integrity')
}

export function fileStore(stateDirectory: string): IntegrityStore {
  const directory = integrityDirectory(stateDirectory)
  const pathOf = (what: Stored): string => join(directory, `${what}.json`)
  return {
    read: (what) => readPrivateFile(pathOf(what), MOST_BYTES)?.toString('utf8'),
    write(what, text) {
      ensurePrivateDirectory(directory)
      writeFileAtomic(pathOf(what), text)
    },
    mark: () => STORED.map((what) => markOfPath(pathOf(what))).join('\n'),
  }
}

function markOfPath(path: string): string {
  try {
    return markOf(lstatSync(path, { bigint: true }))
  } catch {
    return 'absent'
  }
}
