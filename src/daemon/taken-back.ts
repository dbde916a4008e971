import type { Ledger } from '../record/audit/index.ts'

/** No grant lasts longer, so older revocations are of no grant that could still be in force. */
const LONGEST_GRANT_MS = 24 * 3_600_000
const PAGE = 1000

/** The grants that the record says were taken back: the witness against a book of grants whose end was cut off. */
export function takenBack(ledger: Pick<Ledger, 'query'>, now: number): ReadonlySet<string> {
  const ids = new Set<string>()
  const filter = {
    action: 'grant:revoke',
    decision: 'allow',
    since: now - 2 * LONGEST_GRANT_MS, // one to wait for its beginning, one to last
  } as const
  for (let after = 0; ;) {
    const page = ledger.query({ ...filter, after, limit: PAGE })
    for (const { target } of page) ids.add(target)
    if (page.length < PAGE) return ids
    after = page.at(-1)!.seq
  }
}
