import { existsSync, rmSync } from 'node:fs'
import { RISK_LEVELS } from '../../core/risk.ts'
import { openDb, transaction, type Db, type Statement } from '../../platform/db.ts'
import { ENTRY_FIELDS, type Entry, type EntryField } from './entry.ts'
import { isOutcome, isPermitted } from './query.ts'
import { createPrivateFile, type Row } from './segments.ts'
import { parseEntry } from './serialise.ts'

/** Rises when the tables change; an index of another version is thrown away and filled again. */
const VERSION = 1

const TABLES = `
CREATE TABLE IF NOT EXISTS entry (
  seq INTEGER PRIMARY KEY, ms INTEGER NOT NULL, id TEXT NOT NULL, agent TEXT NOT NULL, action TEXT NOT NULL,
  decision TEXT NOT NULL, result TEXT NOT NULL, risk INTEGER NOT NULL, event_type TEXT NOT NULL,
  permit_id TEXT NOT NULL, prints BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_id ON entry (id);
CREATE INDEX IF NOT EXISTS entry_agent ON entry (agent, seq);
CREATE INDEX IF NOT EXISTS entry_permit ON entry (permit_id) WHERE permit_id <> '';
CREATE TABLE IF NOT EXISTS unsettled (permit_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS follower (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
`

/** Where the index stands: everything up to `seq` is in it. */
export interface Watermark {
  readonly seq: number
  readonly hash: string
}

/**
 * Fills the query index from the log. The index is never authoritative: it can be thrown away and built again, and its
 * commits need not be durable. It also keeps 32 bits of every field, so that verification can name the one that changed.
 */
export class Indexer {
  readonly #db: Db
  readonly #insert: Statement
  readonly #open: Statement
  readonly #settle: Statement
  readonly #mark: Statement
  #at: Watermark

  constructor(path: string) {
    this.#db = openIndex(path)
    this.#insert = this.#db.prepare(`INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#open = this.#db.prepare('INSERT OR REPLACE INTO unsettled VALUES (?, ?)')
    this.#settle = this.#db.prepare('DELETE FROM unsettled WHERE permit_id = ?')
    this.#mark = this.#db.prepare('INSERT OR REPLACE INTO follower VALUES (1, ?, ?)')
    this.#at = watermark(this.#db)
  }

  get at(): Watermark {
    return this.#at
  }

  add(rows: readonly Row[]): void {
    const last = rows.at(-1)
    if (last === undefined) return
    transaction(this.#db, () => {
      for (const row of rows) this.#addOne(row)
      this.#mark.run(last.seq, last.hash)
    })
    this.#at = { seq: last.seq, hash: last.hash }
  }

  clear(): void {
    transaction(this.#db, () =>
      this.#db.exec('DELETE FROM entry; DELETE FROM unsettled; DELETE FROM follower'),
    )
    this.#at = watermark(this.#db)
  }

  close(): void {
    this.#db.close()
  }

  #addOne(row: Row): void {
    const entry = parseEntry(row.body, row.hash)
    this.#insert.run(
      row.seq,
      Date.parse(entry.timestamp),
      entry.id,
      entry.agent,
      entry.action,
      entry.decision,
      entry.result,
      RISK_LEVELS.indexOf(entry.risk_level),
      entry.event_type,
      entry.permit_id,
      fingerprints(entry),
    )
    if (isPermitted(entry)) this.#open.run(entry.permit_id, row.seq)
    else if (isOutcome(entry)) this.#settle.run(entry.permit_id)
  }
}

export function watermark(db: Db): Watermark {
  const row = db.prepare('SELECT seq, hash FROM follower').get() as { seq: number; hash: string } | undefined
  return row === undefined ? { seq: 0, hash: '' } : { seq: row.seq, hash: row.hash }
}

/** Opens the index; one that is damaged or of another version is made anew, as nothing is lost with it. */
function openIndex(path: string): Db {
  try {
    return openAs(path, VERSION)
  } catch {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
    return openAs(path, VERSION)
  }
}

function openAs(path: string, version: number): Db {
  const isNew = !existsSync(path)
  createPrivateFile(path)
  const db = openDb(path)
  try {
    db.exec('PRAGMA synchronous=NORMAL') // what a power cut takes is indexed again from the log
    if (isNew) db.exec(`PRAGMA user_version=${version}`)
    const found = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (found.user_version !== version) throw new Error('the index is of another version')
    db.exec(TABLES)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** 32 bits (FNV-1a) of each field's JSON, in the order of the fields: enough to name a field, not to prove anything. */
export function fingerprints(entry: Omit<Entry, 'hash'>): Uint8Array {
  const prints = new Uint32Array(ENTRY_FIELDS.length)
  for (let at = 0; at < ENTRY_FIELDS.length; at++) {
    const value = entry[ENTRY_FIELDS[at]!]
    prints[at] = fnv1a(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent'))
  }
  return new Uint8Array(prints.buffer)
}

/** The fields whose fingerprints differ. */
export function differingFields(entry: Omit<Entry, 'hash'>, stored: Uint8Array): EntryField[] {
  const own = fingerprints(entry)
  return ENTRY_FIELDS.filter((_, at) =>
    own.subarray(at * 4, at * 4 + 4).some((byte, offset) => byte !== stored[at * 4 + offset]),
  )
}

function fnv1a(text: string): number {
  let sum = 0x811c9dc5
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193)
  return sum >>> 0
}
