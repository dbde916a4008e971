import { join } from 'node:path'
import { KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import { openDb, type Db } from '../platform/db.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../platform/files.ts'

export const LOCK_ERRORS = {
  DAEMON_RUNNING: { kind: 'conflict', meaning: 'another daemon already works on this runtime directory' },
} as const satisfies ErrorCatalogue

export class LockError extends KnownError<typeof LOCK_ERRORS> {
  override readonly name = 'LockError'
}

/** What others are told of the holder. */
export interface HolderFacts {
  /** Whether commands may expect an answer from it; a library in process holds the lock without a socket. */
  readonly listens?: boolean
  /** Who watches over it. */
  readonly supervisor?: number
}

/**
 * Makes this process the only daemon of `directory` until {@link DaemonLock.close} or its death. The lock is the
 * write lock of an SQLite file that is never given back: the kernel drops it with the process, so a killed daemon
 * leaves nothing to clean up and no process id is ever trusted. `daemon.json` beside it names the holder, for messages
 * alone.
 *
 * @throws LockError `DAEMON_RUNNING`
 * @throws FileError when the directory is not ours alone
 */
export function lockDaemon(directory: string, holder: HolderFacts = {}): DaemonLock {
  ensurePrivateDirectory(directory)
  const mask = process.umask(0o077)
  try {
    return new DaemonLock(acquire(directory, holder))
  } finally {
    process.umask(mask)
  }
}

export class DaemonLock {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  close(): void {
    if (!this.#db.isOpen) return
    this.#db.exec('ROLLBACK')
    this.#db.close()
  }
}

function acquire(directory: string, { listens = true, supervisor }: HolderFacts): Db {
  let db: Db | undefined
  try {
    db = openDb(join(directory, 'daemon.lock'))
    db.exec('PRAGMA busy_timeout=200')
    db.exec('BEGIN IMMEDIATE')
    writeFileAtomic(holderFile(directory), `${JSON.stringify({ pid: process.pid, listens, supervisor })}\n`)
    return db
  } catch (cause) {
    db?.close()
    if (!isBusy(cause)) throw cause
    throw new LockError(LOCK_ERRORS, 'DAEMON_RUNNING', {
      what: `a daemon already runs on ${directory}${holder(directory)}`,
      fix: 'use it (warder status), or end it first: kill that process',
      where: directory,
      cause,
    })
  }
}

function isBusy(thrown: unknown): boolean {
  // SQLITE_BUSY is 5 and its extended codes end in 5
  const code = thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : undefined
  return code === 5 || /database is locked/.test(messageOf(thrown))
}

function holder(directory: string): string {
  const text = readPrivateFile(holderFile(directory), 4096)?.toString('utf8') ?? ''
  const [, pid] = /"pid":\s*(\d{1,10})\b/.exec(text) ?? []
  return pid === undefined ? '' : ` (process ${pid})`
}

function holderFile(directory: string): string {
  return join(directory, 'daemon.json')
}
