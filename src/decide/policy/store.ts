import { transaction, type Db } from '../../platform/db.ts'

/** One signed line of the book of grants, as stored: a grant given or taken back. */
export interface SignedRecord {
  /** From 1, without gaps. */
  readonly seq: number
  /** Canonical JSON: the bytes that were signed. */
  readonly body: string
  readonly signature: Uint8Array
}

export type UnsavedRecord = Omit<SignedRecord, 'seq'>

/** Append-only: nothing in it is ever changed or removed. */
export interface GrantStore {
  /** Appends in one transaction: `make` sees the true last record, and nothing can come between. */
  append(make: (last: SignedRecord | undefined) => UnsavedRecord): SignedRecord
  /** Records with `seq` above `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): SignedRecord[]
}

/** The table name, for `openDb(path, { appendOnly: [GRANT_TABLE] })`. */
export const GRANT_TABLE = 'grant_book'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS ${GRANT_TABLE} (
  seq INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
  signature BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS ${GRANT_TABLE}_no_update BEFORE UPDATE ON ${GRANT_TABLE}
BEGIN SELECT RAISE(ABORT, 'the book of grants is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ${GRANT_TABLE}_no_delete BEFORE DELETE ON ${GRANT_TABLE}
BEGIN SELECT RAISE(ABORT, 'the book of grants is append-only'); END;
`

export function sqliteGrantStore(db: Db): GrantStore {
  db.exec(SCHEMA)
  const last = db.prepare(`SELECT seq, body, signature FROM ${GRANT_TABLE} ORDER BY seq DESC LIMIT 1`)
  const page = db.prepare(
    `SELECT seq, body, signature FROM ${GRANT_TABLE} WHERE seq > ? ORDER BY seq LIMIT ?`,
  )
  const insert = db.prepare(`INSERT INTO ${GRANT_TABLE} (seq, body, signature) VALUES (?, ?, ?)`)
  return {
    append: (make) =>
      transaction(db, () => {
        const before = last.all().map(parseRow)[0]
        const record = { seq: (before?.seq ?? 0) + 1, ...make(before) }
        insert.run(record.seq, record.body, record.signature)
        return record
      }),
    read: (after, limit) => page.all(after, limit).map(parseRow),
  }
}

function parseRow(row: unknown): SignedRecord {
  const { seq, body, signature } = row as Record<string, unknown>
  if (typeof seq !== 'number' || typeof body !== 'string' || !(signature instanceof Uint8Array)) {
    throw new TypeError('a row of the book of grants is not of its shape')
  }
  return { seq, body, signature }
}
