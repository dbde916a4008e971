/** A record with as many entries as a busy house has after months, made before the daemon begins. */
import { performance } from 'node:perf_hooks'
import type { AuditEvent } from '../src/record/audit/index.ts'
import type { House } from '../test/kit/house.ts'
import { fillLedger } from '../test/kit/ledger-fill.ts'

/** So far apart that a page of the record is no single moment. */
export const APART_MS = 60
const TOLD_EVERY = 100_000

/** Writes `rows` entries to the record of a house, the newest of them of now. */
export async function manyEntries(home: House, rows: number): Promise<void> {
  const [start, now] = [performance.now(), Date.now()]
  await fillLedger(home, {
    rows,
    at: (nth) => now - (rows - nth) * APART_MS,
    event: eventOf,
    progress: (written) => {
      if (written % TOLD_EVERY > TOLD_EVERY - 1024 || written === rows) say(written, start)
    },
  })
}

function say(written: number, start: number): void {
  const seconds = Math.round((performance.now() - start) / 1000)
  console.error(`  ${written.toLocaleString('en')} entries after ${seconds} s`)
}

function eventOf(nth: number): AuditEvent {
  const isDenied = nth % 20 === 0
  return {
    ...{ event_type: 'file', agent: `agent-${nth % 50}`, action: 'fs:read' },
    ...{ target: `/srv/data/project/notes/${nth % 1000}.md`, capabilities_used: ['fs:read:/srv/data/**'] },
    ...{ decision: isDenied ? 'deny' : 'allow', decision_id: '019a5c1e-7b1a-7000-8000-000000000001' },
    details: { bytes: 'ab12cd34', domain: 'path_access', epoch: 12, input_hash: '0123456789abcdef' },
    ...{ layer: 'policy', permit_id: '', request_id: '019a5c1e-7b1a-7000-8000-000000000002' },
    reason: isDenied ? 'no rule allows it' : 'the role may read what lies in its workspace',
    ...{ result: isDenied ? 'denied' : 'allowed', risk_level: 'low', rule: 'policy.rules[3]' },
  }
}
