import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { sha256 } from './digest.ts'

/** Whether entries are what was written, as far as they themselves can tell: each hash, and each link to the one before. */
export interface ChainAnswer {
  readonly checked: number
  readonly from: number
  readonly to: number
  /** The first entry that is not as it was written, or does not follow on the one before. */
  readonly broken?: { readonly seq: number; readonly why: string }
}

/** Reckons every hash anew, in this browser. @param entries any order; gaps are told, not passed over */
export async function checkChain(entries: readonly EntryAnswer[]): Promise<ChainAnswer> {
  const inOrder = entries.toSorted((a, b) => a.seq - b.seq)
  const span = { checked: inOrder.length, from: inOrder[0]?.seq ?? 0, to: inOrder.at(-1)?.seq ?? 0 }
  let before: EntryAnswer | undefined
  for (const entry of inOrder) {
    const why = (await wrongIn(entry)) ?? linkWrong(entry, before)
    if (why !== undefined) return { ...span, broken: { seq: entry.seq, why } }
    before = entry
  }
  return span
}

async function wrongIn({ hash, ...rest }: EntryAnswer): Promise<string | undefined> {
  return (await sha256(canonicalJson(rest))) === hash ? undefined : 'its hash is not the hash of what it says'
}

function linkWrong(entry: EntryAnswer, before: EntryAnswer | undefined): string | undefined {
  if (before === undefined) return undefined
  if (entry.seq !== before.seq + 1) return `the entries between ${before.seq} and it are missing`
  return entry['prev_hash'] === before['hash'] ? undefined : `it does not follow on entry ${before.seq}`
}

/** Canonical JSON (RFC 8785), as the ledger hashes it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
