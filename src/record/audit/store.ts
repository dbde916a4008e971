import { join } from 'node:path'
import { spareBytes, syncDirectory } from '../../platform/files.ts'
import { demandFlushes, type Db, type Statement } from '../../platform/db.ts'
import {
  createPrivateFile,
  listSegments,
  openSegment,
  PAGE_BYTES,
  segmentName,
  SegmentReader,
  type Row,
} from './segments.ts'

/** Where the writer keeps the chain. Disk and memory; both are held to `store.contract.ts`. */
export interface LogStore {
  /** The last durable row; undefined in an empty store. */
  last(): Row | undefined
  /** The segment rows go to; 0 before the first. */
  readonly segment: number
  /** The size of that segment, roughly. */
  readonly sizeBytes: number
  /** Whether that segment holds no row yet. */
  readonly isFresh: boolean
  /**
   * Writes all rows or none; durable on return.
   *
   * @throws Error when it cannot be known that the rows are durable; call {@link reopen} before anything else
   */
  append(rows: readonly Row[]): void
  /** Ends the segment and begins the next. */
  startSegment(): void
  /** Forgets what is in memory and looks again, after an error. */
  reopen(): void
  /**
   * Housekeeping, never before a commit that somebody waits for: a little of it when it is quiet, what must be when not.
   *
   * @throws Error when it did not work; what was appended is durable all the same
   */
  tidy(isQuiet: boolean): void
  read(after: number, limit: number): Row[]
  close(): void
}

const ROWS_PER_INSERT = 32
/**
 * The write-ahead log is brought into the file when it has grown to this size: in a quiet moment, or between two commits
 * when there is none. Not small, because the flush that goes with it costs as much as twenty commits; not large, because
 * whoever appends meanwhile waits for all of it, about 2 ms per MiB. After it the log is written over from its start, and
 * overwriting takes a third less time than growing.
 */
const WAL_BYTES_QUIET = 1024 * 1024
const WAL_BYTES_BUSY = 4 * 1024 * 1024
/**
 * Overwriting spares the file system its own record of new blocks: a commit takes half the time. So that the first
 * entries have this too, a new log is given its room in the first quiet moment, for a commit each: a little more than
 * what a checkpoint leaves.
 */
const WAL_ROOM_PAGES = 160
/** Of what is free on the disk: entries are worth more than their speed. */
const WAL_ROOM_SHARE = 0.01
/** SQLite's own checkpoint, inside of a commit: only when ours cannot keep up. */
const WAL_PAGES_FORCED = 8000

interface Current {
  readonly db: Db
  readonly begin: Statement
  readonly commit: Statement
  readonly one: Statement
  readonly many: Statement
}

/** Segments in a directory, one SQLite database each. The caller holds the ledger's lock. */
export class SegmentStore implements LogStore {
  readonly #directory: string
  readonly #reader: SegmentReader
  #current: Current | undefined
  #unmerged = 0
  #hasRoom = false
  segment = 0
  sizeBytes = 0
  isFresh = true

  constructor(directory: string) {
    this.#directory = directory
    this.#reader = new SegmentReader(directory)
    this.#openLatest()
  }

  last(): Row | undefined {
    return this.#reader.last()
  }

  read(after: number, limit: number): Row[] {
    return this.#reader.read(after, limit)
  }

  append(rows: readonly Row[]): void {
    const current = this.#current ?? this.#openLatest()
    if (current === undefined) throw new Error('no segment is open')
    if (rows.length === 1) insert(current, rows) // a statement by itself is a transaction, and a shorter one
    else inTransaction(current, rows)
    const bytes = rows.reduce((sum, { body }) => sum + body.length + 64, 0)
    this.#unmerged += bytes + PAGE_BYTES // the page that was begun before is written once more
    this.sizeBytes += bytes
    if (rows.length > 0) this.isFresh = false
  }

  startSegment(): void {
    this.#finish()
    const path = join(this.#directory, segmentName(this.segment + 1))
    createPrivateFile(path)
    syncDirectory(this.#directory)
    this.#open(this.segment + 1, path)
  }

  reopen(): void {
    this.#reader.close()
    this.#current?.db.close()
    this.#current = undefined
    this.#openLatest()
  }

  tidy(isQuiet: boolean): void {
    if (isQuiet && !this.#hasRoom && this.#current !== undefined && this.#isRoomSpare()) {
      this.#makeRoom(this.#current.db)
    }
    if (this.#unmerged < (isQuiet ? WAL_BYTES_QUIET : WAL_BYTES_BUSY)) return
    this.#unmerged = 0
    this.#current?.db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  #isRoomSpare(): boolean {
    return WAL_ROOM_PAGES * PAGE_BYTES <= WAL_ROOM_SHARE * spareBytes(this.#directory)
  }

  #makeRoom(db: Db): void {
    try {
      makeRoom(db)
    } catch (error) {
      this.reopen() // whether commits are flushed again is not known: with a new handle it is
      throw error
    } finally {
      this.#hasRoom = true // one try is enough: without it commits are slower, and right all the same
    }
  }

  close(): void {
    this.#reader.close()
    this.#finish()
  }

  /** Brings everything into the one file, so that the segment can be copied and archived as it is. */
  #finish(): void {
    const { db } = this.#current ?? {}
    this.#current = undefined
    if (db === undefined) return
    try {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      db.close()
    }
  }

  #openLatest(): Current | undefined {
    const latest = listSegments(this.#directory).at(-1)
    return latest === undefined ? undefined : this.#open(latest.number, latest.path)
  }

  #open(number: number, path: string): Current {
    const db = openSegment(path)
    db.exec(`PRAGMA wal_autocheckpoint=${WAL_PAGES_FORCED}`)
    const { pages, size, filled } = db
      .prepare(
        `SELECT page_count AS pages, page_size AS size, EXISTS (SELECT 1 FROM log) AS filled
         FROM pragma_page_count, pragma_page_size`,
      )
      .get() as { pages: number; size: number; filled: number }
    this.segment = number
    this.#unmerged = 0
    this.#hasRoom = false
    this.sizeBytes = pages * size
    this.isFresh = filled === 0
    const values = (rows: number) => Array.from({ length: rows }, () => '(?, ?, ?)').join(', ')
    this.#current = {
      db,
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      one: db.prepare('INSERT INTO log (seq, hash, body) VALUES (?, ?, ?)'),
      many: db.prepare(`INSERT INTO log (seq, hash, body) VALUES ${values(ROWS_PER_INSERT)}`),
    }
    return this.#current
  }
}

/** Lets the write-ahead log grow by pages that say nothing new, not one of them flushed by itself, and begin anew. */
export function makeRoom(db: Db): void {
  db.exec('PRAGMA synchronous=OFF')
  try {
    for (let page = 0; page < WAL_ROOM_PAGES; page++) db.exec('PRAGMA user_version=0')
  } finally {
    demandFlushes(db)
  }
  db.exec('PRAGMA wal_checkpoint(PASSIVE)')
}

function inTransaction(current: Current, rows: readonly Row[]): void {
  current.begin.run()
  try {
    insert(current, rows)
    current.commit.run()
  } catch (error) {
    if (current.db.isTransaction) current.db.exec('ROLLBACK')
    throw error
  }
}

function insert({ one, many }: Current, rows: readonly Row[]): void {
  let at = 0
  for (; at + ROWS_PER_INSERT <= rows.length; at += ROWS_PER_INSERT) {
    const values: (number | Buffer | string)[] = []
    for (let row = at; row < at + ROWS_PER_INSERT; row++) {
      const { seq, hash, body } = rows[row]!
      values.push(seq, Buffer.from(hash, 'hex'), body)
    }
    many.run(...values)
  }
  for (; at < rows.length; at++) {
    const { seq, hash, body } = rows[at]!
    one.run(seq, Buffer.from(hash, 'hex'), body)
  }
}
