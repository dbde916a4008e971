import { useInfiniteQuery } from '@tanstack/react-query'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { call, callLines } from './calls.ts'
import type { Filter } from './filter.ts'
import { heads } from './inbox.ts'
import { queries } from './queries.ts'

const PAGE_ROWS = 500

/** The record backwards, a page at a time; how much of it there is costs nothing until it is scrolled to. */
export function useRecord(filter: Filter | undefined) {
  return useInfiniteQuery({
    queryKey: ['auditList', 'pages', filter],
    enabled: filter !== undefined,
    initialPageParam: undefined as number | undefined,
    staleTime: Infinity, // what is written stays as it is; what is new comes by the stream
    queryFn: async ({ pageParam: oldest, signal }) => {
      const asOf = heads.get().head
      // by number and not by time: more may be of one moment than a page holds
      const before = oldest === undefined ? {} : { before: oldest }
      const { entries } = await call('auditList', { ...filter, ...before, limit: PAGE_ROWS }, signal)
      return { entries: entries.toReversed(), isLast: entries.length < PAGE_ROWS, asOf }
    },
    getNextPageParam: (last) => (last.isLast ? undefined : last.entries.at(-1)?.seq),
  })
}

/** Reads a filter's part of the record anew, from its newest entry. */
export async function readNewest(filter: Filter): Promise<void> {
  await queries.resetQueries({ queryKey: ['auditList', 'pages', filter] })
}

interface Page {
  readonly entries: readonly EntryAnswer[]
}

/** Entries that were read already, for words to offer; nothing is asked. */
export function knownEntries(): readonly EntryAnswer[] {
  const found = queries.getQueriesData<Page | { readonly pages: readonly Page[] }>({
    queryKey: ['auditList'],
  })
  return found.flatMap(([, data]) =>
    data === undefined ? [] : 'pages' in data ? data.pages.flatMap(({ entries }) => entries) : data.entries,
  )
}

const RISKS: readonly string[] = ['low', 'medium', 'high', 'critical']

/** Whether an entry that came by the stream belongs to what is shown. */
export function fits(entry: EntryAnswer, filter: Filter): boolean {
  const { agent, action, decision, result, risk, type, since, until, unsettled } = filter
  if (unsettled !== undefined) return false // only the daemon can tell
  return (
    (agent === undefined || entry.agent === agent) &&
    (action === undefined || entry.action.startsWith(action)) &&
    (decision === undefined || entry.decision === decision) &&
    (result === undefined || entry.result === result) &&
    (risk === undefined || RISKS.indexOf(entry.risk_level) >= RISKS.indexOf(risk)) &&
    (type === undefined || entry.event_type === type) &&
    (since === undefined || entry.timestamp >= since) &&
    (until === undefined || entry.timestamp < until)
  )
}

export type ExportFormat = 'jsonl' | 'csv' | 'ocsf'

/** Everything the filter lets through, shown or not, as a file. */
export async function exportRecord(filter: Filter, format: ExportFormat): Promise<Blob> {
  const parts: string[] = []
  for await (const { text } of callLines('auditExport', { ...filter, format })) parts.push(text)
  return new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/x-ndjson' })
}

const AROUND_MS = 3_600_000
const NEAR_ROWS = 1000

/** What else belongs to the same request, permit or run: among the nearest entries on both sides. */
export async function related(entry: EntryAnswer, signal: AbortSignal): Promise<EntryAnswer[]> {
  const at = Date.parse(entry.timestamp)
  const near = {
    since: new Date(at - AROUND_MS).toISOString(),
    until: new Date(at + AROUND_MS).toISOString(),
    limit: NEAR_ROWS,
  }
  const [older, newer] = await Promise.all([
    call('auditList', { ...near, before: entry.seq }, signal),
    call('auditList', { ...near, after: entry.seq }, signal),
  ])
  const mine = idsOf(entry)
  return [...older.entries, ...newer.entries].filter((each) => idsOf(each).some((id) => mine.includes(id)))
}

function idsOf(entry: EntryAnswer): string[] {
  const details = entry['details']
  const run = typeof details === 'object' && details !== null && 'run' in details ? details.run : undefined
  return [entry['request_id'], entry['permit_id'], entry['decision_id'], run].filter(
    (id): id is string => typeof id === 'string' && id !== '',
  )
}
