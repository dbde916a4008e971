import type { ReportAt } from './read.ts'
import type { EgressDocument } from './schema.ts'

/** What the shape of an `egress` entry cannot say: entries that contradict themselves would silently allow nothing, or too much. */
export function checkEgress(entries: readonly EgressDocument[], report: ReportAt): void {
  const seen = new Set<string>()
  for (const [i, entry] of entries.entries()) {
    const at: ReportAt = (path, what, fix) => report(['egress', i, ...path], what, fix)
    if (seen.has(entry.id))
      at(['id'], `there is an entry ${entry.id} before`, 'give each entry an id of its own')
    seen.add(entry.id)
    checkEntry(entry, at)
  }
}

/** Only where TLS is opened is there anything to hold these to. */
const NEED_INSPECT = ['methods', 'paths', 'pins', 'outgoing', 'incoming'] as const

function checkEntry(entry: EgressDocument, report: ReportAt): void {
  const isPlain = entry.ports?.every((port) => port === 80) === true
  for (const key of NEED_INSPECT) {
    if (entry[key] === undefined || entry.inspect === true) continue
    if (isPlain && key !== 'pins') continue // without TLS everything is seen
    report([key], 'in a tunnel nobody sees this', 'add inspect: true, or leave it out')
  }
  if (entry.opaque === true && entry.inspect === true) {
    report(['opaque'], 'what is opaque cannot be inspected', 'leave one of the two out')
  }
}
