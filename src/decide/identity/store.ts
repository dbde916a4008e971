import { transaction, type Db } from '../../platform/db.ts'

/** One sealed row: what it says, and the MAC over kind, key and text. */
export interface Row {
  readonly kind: string
  readonly key: string
  readonly body: string
  readonly mac: Uint8Array
}

/** The seal over all rows together, which shows a row that is missing or older than the others. */
export interface Seal {
  readonly version: number
  readonly mac: Uint8Array
}

/** One step of the book, written as a whole or not at all. */
export interface Change {
  readonly put: readonly Row[]
  readonly remove: readonly Pick<Row, 'kind' | 'key'>[]
  readonly seal: Seal
}

export interface PeopleStore {
  rows(): Row[]
  seal(): Seal | undefined
  write(change: Change): void
  /** Marks a number as used until `expiresAt`, and forgets those past `now`. @returns false when it was used before */
  spend(nonce: string, expiresAt: number, now: number): boolean
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS people_row (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  mac BLOB NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT;
CREATE TABLE IF NOT EXISTS people_seal (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  mac BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS people_nonce (
  nonce TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS people_nonce_expiry ON people_nonce (expires_at);
`

/** The book of people on disk. */
export function sqlitePeopleStore(db: Db): PeopleStore {
  db.exec(SCHEMA)
  const all = db.prepare('SELECT kind, key, body, mac FROM people_row')
  const seal = db.prepare('SELECT version, mac FROM people_seal')
  const put = db.prepare('INSERT OR REPLACE INTO people_row (kind, key, body, mac) VALUES (?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM people_row WHERE kind = ? AND key = ?')
  const setSeal = db.prepare('INSERT OR REPLACE INTO people_seal (id, version, mac) VALUES (1, ?, ?)')
  const spend = db.prepare('INSERT OR IGNORE INTO people_nonce (nonce, expires_at) VALUES (?, ?)')
  const forget = db.prepare('DELETE FROM people_nonce WHERE expires_at < ?')
  return {
    rows: () => all.all().map(parseRow),
    seal: () => seal.all().map(parseSeal)[0],
    write: (change) =>
      transaction(db, () => {
        for (const { kind, key, body, mac } of change.put) put.run(kind, key, body, mac)
        for (const { kind, key } of change.remove) remove.run(kind, key)
        setSeal.run(change.seal.version, change.seal.mac)
      }),
    spend: (nonce, expiresAt, now) =>
      transaction(db, () => {
        forget.run(now)
        return Number(spend.run(nonce, expiresAt).changes) === 1
      }),
  }
}

function parseRow(row: unknown): Row {
  const { kind, key, body, mac } = row as Record<string, unknown>
  const isRow = typeof kind === 'string' && typeof key === 'string' && typeof body === 'string'
  if (!isRow || !(mac instanceof Uint8Array)) throw new TypeError('a row of people is not of its shape')
  return { kind, key, body, mac }
}

function parseSeal(row: unknown): Seal {
  const { version, mac } = row as Record<string, unknown>
  if (typeof version !== 'number' || !(mac instanceof Uint8Array)) {
    throw new TypeError('the seal of the book of people is not of its shape')
  }
  return { version, mac }
}
