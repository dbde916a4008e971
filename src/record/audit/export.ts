import { canonicalJson, type Json } from '../../core/canonical.ts'
import { CSV_HEADER, csvOf } from './csv.ts'
import type { Entry } from './entry.ts'
import { ocsfOf } from './ocsf.ts'
import { checkFilter, MAX_LIMIT, type Filter } from './query.ts'

export const EXPORT_FORMATS = ['jsonl', 'csv', 'ocsf'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** What an export reads from: the open ledger, or a reader while the daemon is dead. */
export interface EntrySource {
  query(filter: Filter): Entry[]
}

const PAGE = 500

/**
 * Entries as text, a page at a time, oldest first. A `limit` bounds the whole export; without one it goes to the end.
 *
 * @param origin the ledger's name, so that each exported line leads back to its original
 * @throws AuditError `AUDIT_INVALID`
 */
export function* exportEntries(
  source: EntrySource,
  format: ExportFormat,
  origin: string,
  { limit = Infinity, ...filter }: Omit<Filter, 'order'> = {},
): Generator<string, void, undefined> {
  checkFilter(limit === Infinity ? filter : { ...filter, limit: Math.min(limit, MAX_LIMIT) })
  if (format === 'csv') yield CSV_HEADER
  let after = filter.after
  for (let left = limit; left > 0;) {
    const page = source.query({
      ...filter,
      order: 'oldest',
      limit: Math.min(PAGE, left),
      ...(after === undefined ? {} : { after }),
    })
    const last = page.at(-1)
    if (last === undefined) return
    yield page.map((entry) => lineOf(entry, format, origin)).join('')
    after = last.seq
    left -= page.length
  }
}

function lineOf(entry: Entry, format: ExportFormat, origin: string): string {
  if (format === 'csv') return csvOf(entry)
  if (format === 'ocsf') return `${JSON.stringify(ocsfOf(entry, origin))}\n`
  return `${canonicalJson(entry as unknown as Json)}\n`
}
