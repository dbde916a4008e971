import { transaction, type Db } from '../../platform/db.ts'

/** One signed line of the book: an allowance given or ended, a trust stage, the autonomy level. */
export interface SignedLine {
  /** From 1, without gaps. */
  readonly seq: number
  /** Canonical JSON: the bytes that were signed. */
  readonly body: string
  readonly signature: Uint8Array
}

export type UnsavedLine = Omit<SignedLine, 'seq'>

/** Append-only: nothing in it is ever changed or removed. */
export interface BookStore {
  /** Appends in one transaction: `make` sees the true last line, and nothing can come between. */
  append(make: (last: SignedLine | undefined) => UnsavedLine): SignedLine
  /** Lines with `seq` above `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): SignedLine[]
}

/** The table name, for `openDb(path, { appendOnly: [BOOK_TABLE] })`. */
export const BOOK_TABLE = 'approval_book'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS ${BOOK_TABLE} (
  seq INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
  signature BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS ${BOOK_TABLE}_no_update BEFORE UPDATE ON ${BOOK_TABLE}
BEGIN SELECT RAISE(ABORT, 'the book of approvals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ${BOOK_TABLE}_no_delete BEFORE DELETE ON ${BOOK_TABLE}
BEGIN SELECT RAISE(ABORT, 'the book of approvals is append-only'); END;
`

export function sqliteBookStore(db: Db): BookStore {
  db.exec(SCHEMA)
  const last = db.prepare(`SELECT seq, body, signature FROM ${BOOK_TABLE} ORDER BY seq DESC LIMIT 1`)
  const page = db.prepare(`SELECT seq, body, signature FROM ${BOOK_TABLE} WHERE seq > ? ORDER BY seq LIMIT ?`)
  const insert = db.prepare(`INSERT INTO ${BOOK_TABLE} (seq, body, signature) VALUES (?, ?, ?)`)
  return {
    append: (make) =>
      transaction(db, () => {
        const before = last.all().map(parseRow)[0]
        const line = { seq: (before?.seq ?? 0) + 1, ...make(before) }
        insert.run(line.seq, line.body, line.signature)
        return line
      }),
    read: (after, limit) => page.all(after, limit).map(parseRow),
  }
}

function parseRow(row: unknown): SignedLine {
  const { seq, body, signature } = row as Record<string, unknown>
  if (typeof seq !== 'number' || typeof body !== 'string' || !(signature instanceof Uint8Array)) {
    throw new TypeError('a row of the book of approvals is not of its shape')
  }
  return { seq, body, signature }
}
