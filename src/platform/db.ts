import { constants, DatabaseSync, type StatementSync } from 'node:sqlite'

export type Db = DatabaseSync
export type Statement = StatementSync

export interface OpenOptions {
  readonly readOnly?: boolean
  /** Refuse UPDATE and DELETE on these tables, whatever SQL arrives. */
  readonly appendOnly?: readonly string[]
  /** For a database that is made now; SQLite's own (4,096) unless given. A power of two. */
  readonly pageBytes?: number
}

/**
 * Opens a database the way Warder keeps its own: write-ahead log, every commit durable (`synchronous=FULL`, read back),
 * defensive mode, and no way to reach another file (ATTACH is refused). Call with `umask(0o077)` in force: SQLite gives
 * its -wal and -shm files the umask's mode.
 *
 * @throws Error when the file cannot be opened, is not a database, or the settings did not take
 */
export function openDb(path: string, { readOnly = false, appendOnly = [], pageBytes }: OpenOptions = {}): Db {
  const db = new DatabaseSync(path, { readOnly, allowExtension: false, defensive: true, timeout: 2000 })
  try {
    if (!readOnly) {
      if (pageBytes !== undefined) db.exec(`PRAGMA page_size=${pageBytes}`)
      db.exec('PRAGMA journal_mode=WAL')
      demandFlushes(db)
    }
    db.exec('PRAGMA trusted_schema=OFF')
    db.setAuthorizer((code, table) => {
      if (code === constants.SQLITE_ATTACH || code === constants.SQLITE_DETACH) return constants.SQLITE_DENY
      const changes = code === constants.SQLITE_UPDATE || code === constants.SQLITE_DELETE
      return changes && table !== null && appendOnly.includes(table)
        ? constants.SQLITE_DENY
        : constants.SQLITE_OK
    })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Makes every commit durable from now on. @throws Error when that did not take */
export function demandFlushes(db: Db): void {
  db.exec('PRAGMA synchronous=FULL')
  const { synchronous } = db.prepare('PRAGMA synchronous').get() as { synchronous: number }
  if (synchronous !== 2) throw new Error(`${db.location() ?? 'a database'}: synchronous=FULL did not take`)
}

/** Runs `work` in one transaction that is written as a whole or not at all. */
export function transaction<T>(db: Db, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
