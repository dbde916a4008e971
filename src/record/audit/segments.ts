import { closeSync, constants, existsSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, systemCode } from '../../core/error.ts'
import { openDb, type Db, type Statement } from '../../platform/db.ts'
import { auditError } from './errors.ts'

/** A row as it is stored: what is hashed stands beside its hash, byte for byte. */
export interface Row {
  readonly seq: number
  /** 64 hex digits. */
  readonly hash: string
  readonly body: string
}

export interface Segment {
  readonly number: number
  readonly path: string
}

export function segmentName(number: number): string {
  return `segment-${String(number).padStart(8, '0')}.db`
}

/** The segments in a ledger directory, oldest first. */
export function listSegments(directory: string): Segment[] {
  return readdirSync(directory)
    .map((name) => ({ name, number: Number(/^segment-(\d{8})\.db$/.exec(name)?.[1] ?? 0) }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => a.number - b.number)
    .map(({ name, number }) => ({ number, path: join(directory, name) }))
}

/** Entries are about 700 bytes: twice SQLite's own page size wastes half as much and makes half as many writes. */
export const PAGE_BYTES = 8192

/** Opens a segment for appending, making it if it is not there. The triggers stop accidents; the chain shows attacks. */
export function openSegment(path: string): Db {
  if (!existsSync(path)) createPrivateFile(path)
  const db = openDb(path, { appendOnly: ['log'], pageBytes: PAGE_BYTES })
  try {
    db.exec(
      `CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, body TEXT NOT NULL) STRICT`,
    )
    for (const change of ['UPDATE', 'DELETE']) {
      db.exec(`CREATE TRIGGER IF NOT EXISTS log_no_${change.toLowerCase()} BEFORE ${change} ON log
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`)
    }
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Opens a segment for reading, also on a read-only medium and while a writer is at work on it.
 *
 * @returns undefined when the segment was made but holds no table yet: the writer died in between
 */
export function openForReading(path: string): Db | undefined {
  closeSync(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)) // SQLite would follow a link
  try {
    return withLog(openDb(path, { readOnly: true }))
  } catch (error) {
    // SQLite cannot make the -shm file of a WAL database on a read-only medium; without a -wal file nothing is in it
    if (existsSync(`${path}-wal`)) throw error
    const url = pathToFileURL(path)
    url.search = 'mode=ro&immutable=1'
    return withLog(new DatabaseSync(url, { readOnly: true, allowExtension: false, defensive: true }))
  }
}

function withLog(db: Db): Db | undefined {
  try {
    if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log'`).get()) return db
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return undefined
}

/** So that SQLite gives the -wal and -shm files the same mode, whatever the umask. */
export function createPrivateFile(path: string): void {
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    fsyncSync(fd)
    closeSync(fd)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

export type RawRow = [seq: number, hash: Uint8Array, body: string]

interface OpenSegment {
  readonly number: number
  readonly db: Db
  readonly page: Statement
}

/** Reads entries across segments, oldest first. Holds one open segment at a time. */
export class SegmentReader {
  readonly #directory: string
  readonly #firsts = new Map<number, number>()
  #current: OpenSegment | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Rows with `seq` above `after`, at most `limit`. @throws AuditError `AUDIT_UNREADABLE` */
  read(after: number, limit: number): Row[] {
    const rows: Row[] = []
    for (const segment of this.#from(after)) {
      const page = this.#open(segment)?.page
      if (page === undefined) continue
      const raw = page.all(rows.at(-1)?.seq ?? after, limit - rows.length) as unknown as RawRow[]
      for (const [seq, hash, body] of raw) rows.push({ seq, hash: hexOf(hash), body })
      if (rows.length >= limit) break
    }
    return rows
  }

  /** The one row, if it is here. */
  get(seq: number): Row | undefined {
    return this.read(seq - 1, 1).find((row) => row.seq === seq)
  }

  last(): Row | undefined {
    for (const segment of this.#segments().reverse()) {
      const row = this.#open(segment)
        ?.db.prepare('SELECT seq, hash, body FROM log ORDER BY seq DESC LIMIT 1')
        .get()
      if (row === undefined) continue
      const { seq, hash, body } = row as unknown as { seq: number; hash: Uint8Array; body: string }
      return { seq, hash: hexOf(hash), body }
    }
    return undefined
  }

  close(): void {
    this.#current?.db.close()
    this.#current = undefined
    this.#firsts.clear()
  }

  #segments(): Segment[] {
    return listSegments(this.#directory)
  }

  /** The segments that may hold entries above `after`. */
  #from(after: number): Segment[] {
    const segments = this.#segments()
    let start = segments.length - 1
    while (start > 0 && (this.#firstOf(segments[start]!) ?? Infinity) > after + 1) start--
    return segments.slice(Math.max(start, 0))
  }

  #firstOf(segment: Segment): number | undefined {
    const known = this.#firsts.get(segment.number)
    if (known !== undefined) return known
    const row = this.#open(segment)?.db.prepare('SELECT min(seq) AS first FROM log').get() as
      | { first: number | null }
      | undefined
    const first = row?.first ?? undefined
    if (first !== undefined) this.#firsts.set(segment.number, first)
    return first
  }

  #open(segment: Segment): OpenSegment | undefined {
    if (this.#current?.number === segment.number) return this.#current
    this.#current?.db.close()
    this.#current = undefined
    try {
      const db = openForReading(segment.path)
      if (db === undefined) return undefined
      const page = db.prepare('SELECT seq, hash, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?')
      page.setReturnArrays(true)
      this.#current = { number: segment.number, db, page }
      return this.#current
    } catch (cause) {
      throw unreadable(segment.path, cause)
    }
  }
}

export function unreadable(path: string, cause: unknown): Error {
  return auditError(
    'AUDIT_UNREADABLE',
    `${path} cannot be read as a ledger segment: ${messageOf(cause)}`,
    'put the file back from a backup, then: warder audit verify',
    cause,
  )
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
