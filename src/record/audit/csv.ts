import type { Entry } from './entry.ts'

/** The columns, in order; a new one is only ever added at the end. */
const COLUMNS = [
  'seq',
  'id',
  'timestamp',
  'event_type',
  'agent',
  'action',
  'target',
  'decision',
  'result',
  'risk_level',
  'layer',
  'rule',
  'reason',
  'capabilities_used',
  'request_id',
  'decision_id',
  'permit_id',
  'details',
  'prev_hash',
  'hash',
] as const satisfies readonly (keyof Entry)[]

/** RFC 4180: comma, CRLF, quotes doubled. */
export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`

export function csvOf(entry: Entry): string {
  return `${COLUMNS.map((column) => cell(entry[column])).join(',')}\r\n`
}

function cell(value: Entry[keyof Entry]): string {
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // a spreadsheet runs what begins with one of these: an agent that names a file "=cmd()" must not reach the reader's
  const inert = /^[\s]*[=+\-@\t\r|]/.test(text) ? `'${text}` : text
  return /[",\r\n\t']/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
