import { timingSafeEqual } from 'node:crypto'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { transaction, type Db } from '../../platform/db.ts'

/** A text with the MAC that says it is ours. */
export interface SealedText {
  readonly body: string
  readonly mac: Uint8Array
}

/** Keeps one such text: it is replaced as a whole, so that no part of it can be put back alone. */
export interface SealedStore {
  read(): SealedText | undefined
  write(text: SealedText): void
}

/** A MAC under a key that is for this alone. */
export type Mac = (text: string) => Uint8Array

/** A text for `name`; the same text under another name is not ours. */
export function seal(name: string, value: Json, mac: Mac): SealedText {
  const body = canonicalJson(value)
  return { body, mac: mac(macText(name, body)) }
}

/** What the text says. @throws Error when it is not ours */
export function unseal(name: string, { body, mac: said }: SealedText, mac: Mac): unknown {
  const right = mac(macText(name, body))
  if (said.length !== right.length || !timingSafeEqual(said, right)) {
    throw new Error('it was written by something else than Warder, or changed')
  }
  return JSON.parse(body)
}

function macText(name: string, body: string): string {
  return canonicalJson(['warder-sealed', 1, name, body])
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS sealed (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  mac BLOB NOT NULL
) STRICT;
`

export function sqliteSealedStore(db: Db, name: string): SealedStore {
  db.exec(SCHEMA)
  const one = db.prepare('SELECT body, mac FROM sealed WHERE name = ?')
  const put = db.prepare('INSERT OR REPLACE INTO sealed (name, body, mac) VALUES (?, ?, ?)')
  return {
    read() {
      const row = one.get(name)
      if (row === undefined) return undefined
      const { body, mac } = row
      if (typeof body === 'string' && mac instanceof Uint8Array) return { body, mac }
      throw new TypeError(`the sealed row ${name} is not of its shape`)
    },
    write: ({ body, mac }) => transaction(db, () => void put.run(name, body, mac)),
  }
}

export function memorySealedStore(kept: { text?: SealedText } = {}): SealedStore {
  return { read: () => kept.text, write: (text) => void (kept.text = text) }
}
