import { existsSync } from 'node:fs'
import { openDb, type Db, type Statement } from '../../platform/db.ts'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import {
  ENTRY_FIELDS,
  EVENT_TYPES,
  isDetail,
  isTextList,
  RESULTS,
  VERDICTS,
  type Entry,
  type EntryField,
} from './entry.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { differingFields } from './index-db.ts'

export interface Naming {
  readonly fields: readonly EntryField[]
  /** How it is known, for a person. */
  readonly how: string
}

/** Tells which fields of an entry were changed, from what the query index remembers and from what an entry may say. */
export class FieldWitness {
  readonly #db: Db | undefined
  readonly #prints: Statement | undefined

  constructor(indexPath: string) {
    try {
      if (!existsSync(indexPath)) return
      this.#db = openDb(indexPath, { readOnly: true })
      this.#prints = this.#db.prepare('SELECT prints FROM entry WHERE seq = ?')
    } catch {
      this.#prints = undefined // naming the field is a courtesy; that the entry was changed is known without
    }
  }

  /** Whether the index knows the entry exactly as it stands in the log. */
  agrees(seq: number, body: string): boolean {
    const entry = parsed(body)
    const prints = this.#stored(seq)
    return entry !== undefined && prints !== undefined && differingFields(entry, prints).length === 0
  }

  name(seq: number, body: string): Naming {
    const entry = parsed(body)
    if (entry === undefined) return { fields: [], how: 'it is not JSON any more' }
    const prints = this.#stored(seq)
    const differing = prints === undefined ? [] : differingFields(entry, prints)
    if (differing.length > 0) {
      const names = differing.map((field) => `\`${field}\``).join(', ')
      return {
        fields: differing,
        how: `${names} ${differing.length > 1 ? 'differ' : 'differs'} from the index copy`,
      }
    }
    const malformed = malformedFields(entry)
    if (malformed.length > 0) {
      return {
        fields: malformed,
        how: `${malformed.map((field) => `\`${field}\``).join(', ')} cannot be what was written`,
      }
    }
    if (!isCanonical(body, entry)) return { fields: [], how: 'it is not written the way the ledger writes' }
    return { fields: [], how: 'which field cannot be told without the query index' }
  }

  close(): void {
    this.#db?.close()
  }

  #stored(seq: number): Uint8Array | undefined {
    try {
      return (this.#prints?.get(seq) as { prints: Uint8Array } | undefined)?.prints
    } catch {
      return undefined
    }
  }
}

function parsed(body: string): Entry | undefined {
  try {
    const entry = JSON.parse(body) as unknown
    return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? (entry as Entry) : undefined
  } catch {
    return undefined
  }
}

function isCanonical(body: string, entry: Entry): boolean {
  try {
    return canonicalJson(entry as unknown as Json) === body
  } catch {
    return false
  }
}

/** The fields whose value no ledger would have written. */
export function malformedFields(entry: Entry): EntryField[] {
  const { details } = entry
  const flat = typeof details === 'object' && details !== null && !Array.isArray(details)
  const wrong: Partial<Record<EntryField, boolean>> = {
    capabilities_used: !isTextList(entry.capabilities_used),
    decision: !VERDICTS.includes(entry.decision),
    details: !flat || !Object.values(details).every(isDetail),
    event_type: !EVENT_TYPES.includes(entry.event_type),
    id: !/^audit-\d{8}-\d{9}-[0-9a-f]{6}$/.test(String(entry.id)),
    prev_hash: !/^[0-9a-f]{64}$/.test(String(entry.prev_hash)),
    result: !RESULTS.includes(entry.result),
    risk_level: !RISK_LEVELS.includes(entry.risk_level),
    seq: !Number.isSafeInteger(entry.seq) || entry.seq < 1,
    timestamp: !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(entry.timestamp)),
    v: entry.v !== 1,
  }
  return ENTRY_FIELDS.filter((field) => wrong[field] ?? typeof entry[field] !== 'string')
}
