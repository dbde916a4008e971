import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../core/error.ts'

/** Either what `work` returned, or why nobody could be sure to be alone. */
export type Locked<T> = { readonly value: T } | { readonly busy: string }

/**
 * Runs `work` while no other process does the same with this path. The lock is the write lock of an SQLite file that
 * holds nothing: the kernel drops it with the process, so a killed one leaves nothing behind and no process id is
 * trusted. A process that hangs keeps it, so the wait has an end.
 *
 * @throws what `work` throws
 */
export function alone<T>(path: string, waitMs: number, work: () => T): Locked<T> {
  let db: DatabaseSync
  try {
    db = lock(path, waitMs)
  } catch (error) {
    return { busy: messageOf(error) } // held by another, or on a disk that takes no file: either way we are not alone
  }
  try {
    return { value: work() }
  } finally {
    db.exec('ROLLBACK')
    db.close()
  }
}

// nothing is ever written to it, so that it takes no time before a stop, and needs no room on a full disk
function lock(path: string, waitMs: number): DatabaseSync {
  const mask = process.umask(0o077)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { allowExtension: false, defensive: true, timeout: Math.ceil(waitMs) })
    db.exec('BEGIN IMMEDIATE')
    return db
  } catch (error) {
    db?.close()
    throw error
  } finally {
    process.umask(mask)
  }
}
