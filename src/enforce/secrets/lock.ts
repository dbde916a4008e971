import { openDb } from '../../platform/db.ts'
import { messageOf } from '../../core/error.ts'
import { FileError, readPrivateFile } from '../../platform/files.ts'
import { SecretsError } from './errors.ts'

const WAIT_MS = 5000

/**
 * Does `work` while nobody else, in this process or another, does the same with this path. The lock is the write lock
 * of an SQLite file: the kernel drops it with the process, so a killed one leaves nothing to clean up.
 *
 * @throws SecretsError `STORE_BUSY`; whatever `work` throws
 */
export function whileLocked<T>(path: string, work: () => T): T {
  const mask = process.umask(0o077)
  try {
    return lockedIn(path, work)
  } finally {
    process.umask(mask)
  }
}

function lockedIn<T>(path: string, work: () => T): T {
  const db = begin(path)
  try {
    return work()
  } finally {
    db.exec('ROLLBACK')
    db.close()
  }
}

function begin(path: string): ReturnType<typeof openDb> {
  let db: ReturnType<typeof openDb> | undefined
  try {
    readPrivateFile(path) // a link, or a file of somebody else's, is no lock of ours
    db = openDb(path)
    db.exec(`PRAGMA busy_timeout=${WAIT_MS}`)
    db.exec('BEGIN IMMEDIATE')
    return db
  } catch (cause) {
    db?.close()
    if (cause instanceof FileError) throw cause
    throw new SecretsError(
      'STORE_BUSY',
      `the lock ${path} cannot be had: ${messageOf(cause)}`,
      'see which program works with the store, and try again',
      { where: path, cause },
    )
  }
}
