import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDb, type Db } from '../../platform/db.ts'
import type { Entry } from './entry.ts'
import { auditError } from './errors.ts'
import { watermark } from './index-db.ts'
import { checkFilter, DEFAULT_LIMIT, isOutcome, passes, sqlOf, type Filter } from './query.ts'
import { SegmentReader } from './segments.ts'
import { parseEntry } from './serialise.ts'

const PAGE = 1000

/**
 * Answers questions about the ledger. The index only says where to look: what is returned is read from the log, and what
 * the index has not reached yet is found by reading the end of the log.
 */
export class Finder {
  readonly #indexPath: string
  readonly #reader: SegmentReader
  #index: Db | undefined

  constructor(directory: string) {
    this.#indexPath = join(directory, 'index.db')
    this.#reader = new SegmentReader(directory)
  }

  /** Entries with `seq` above `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): Entry[] {
    return this.#reader.read(after, limit).map(({ body, hash }) => parseEntry(body, hash))
  }

  /** @throws AuditError `AUDIT_INVALID` */
  query(filter: Filter): Entry[] {
    checkFilter(filter)
    const limit = filter.limit ?? DEFAULT_LIMIT
    const indexed = this.#watermark()
    const newest = filter.order === 'newest'
    const { matches, settled } = this.#scan(filter, indexed, newest ? Infinity : limit)
    const tail = newest ? matches.reverse() : matches
    const fromIndex = (wanted: number) => this.#fromIndex(filter, indexed, wanted, settled)
    if (newest) return [...tail.slice(0, limit), ...fromIndex(limit - tail.length)]
    return [...fromIndex(limit), ...tail].slice(0, limit)
  }

  /**
   * One entry, by number, by id, or by the start of an id that fits no other.
   *
   * @throws AuditError `AUDIT_MISSING`, `AUDIT_AMBIGUOUS`
   */
  get(idOrSeq: string | number): Entry {
    if (typeof idOrSeq === 'number' || /^\d{1,15}$/.test(idOrSeq)) {
      const row = this.#reader.get(Number(idOrSeq))
      if (row === undefined) throw missing(String(idOrSeq))
      return parseEntry(row.body, row.hash)
    }
    const found = this.#byPrefix(idOrSeq)
    if (found.length === 0) throw missing(idOrSeq)
    if (found.length === 1 || found[0]!.id === idOrSeq) return found[0]!
    throw auditError(
      'AUDIT_AMBIGUOUS',
      `"${idOrSeq}" is the start of more than one entry id`,
      'give more of the id',
    )
  }

  /** How far the index has come, as this reader sees it. */
  indexedUpTo(): number {
    return this.#watermark()
  }

  close(): void {
    this.#reader.close()
    this.#index?.close()
    this.#index = undefined
  }

  /** What passes in the part of the log that the index has not reached, and the permits settled there. */
  #scan(filter: Filter, indexed: number, limit: number): { matches: Entry[]; settled: Set<string> } {
    const matches: Entry[] = []
    const settled = new Set<string>()
    const { after, order, unsettled } = filter
    const isWanted = ({ seq }: Entry) =>
      after === undefined || (order === 'newest' ? seq < after : seq > after)
    for (let page = this.read(indexed, PAGE); page.length > 0; page = this.read(page.at(-1)!.seq, PAGE)) {
      for (const entry of page) {
        if (unsettled === true && isOutcome(entry)) settled.add(entry.permit_id)
        if (isWanted(entry) && passes(entry, filter)) matches.push(entry)
      }
      if (unsettled !== true && matches.length >= limit) break
    }
    return { matches: matches.filter(({ permit_id }) => !settled.has(permit_id)), settled }
  }

  #fromIndex(filter: Filter, upTo: number, wanted: number, settled: ReadonlySet<string>): Entry[] {
    if (wanted <= 0 || this.#index === undefined) return []
    const { text, values } = sqlOf(filter, upTo, wanted + settled.size)
    const rows = this.#index.prepare(text).all(...values) as { seq: number }[]
    const entries: Entry[] = []
    for (const { seq } of rows) {
      const row = this.#reader.get(seq)
      if (row === undefined) continue // its segment is in an archive
      const entry = parseEntry(row.body, row.hash)
      if (passes(entry, filter) && !(filter.unsettled === true && settled.has(entry.permit_id)))
        entries.push(entry)
      if (entries.length === wanted) break
    }
    return entries
  }

  #byPrefix(prefix: string): Entry[] {
    const indexed = this.#watermark()
    const rows = (this.#index
      ?.prepare('SELECT seq FROM entry WHERE id >= ? AND id < ? AND seq <= ? ORDER BY id LIMIT 2')
      .all(prefix, `${prefix}\u{10ffff}`, indexed) ?? []) as { seq: number }[]
    const found = rows.map(({ seq }) => this.#reader.get(seq)).filter((row) => row !== undefined)
    const entries = found.map(({ body, hash }) => parseEntry(body, hash))
    for (let page = this.read(indexed, PAGE); page.length > 0 && entries.length < 2;) {
      entries.push(...page.filter(({ id }) => id.startsWith(prefix)))
      page = this.read(page.at(-1)!.seq, PAGE)
    }
    return entries.filter(({ id }) => id.startsWith(prefix)).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** 0 when there is no index that can be read: then the log itself is searched. */
  #watermark(): number {
    try {
      if (this.#index === undefined && existsSync(this.#indexPath)) {
        this.#index = openDb(this.#indexPath, { readOnly: true })
      }
      return this.#index === undefined ? 0 : watermark(this.#index).seq
    } catch {
      this.#index?.close()
      this.#index = undefined
      return 0
    }
  }
}

function missing(name: string): Error {
  return auditError(
    'AUDIT_MISSING',
    `no entry "${name.slice(0, 80)}" is in the ledger`,
    'list entries with warder audit list; an old one may be in an archive',
  )
}
