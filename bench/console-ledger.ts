/** A record with as many entries as a busy house has after months, made before the daemon begins. */
import { setTimeout } from 'node:timers/promises'
import { openRecord } from '../src/daemon/record.ts'
import { systemClock } from '../src/platform/clock.ts'
import { loadConfig } from '../src/platform/config.ts'
import type { AuditEvent } from '../src/record/audit/index.ts'
import type { House } from '../test/kit/house.ts'

const AT_ONCE = 4000
/** So far apart that a page of the record is no single moment. */
export const APART_MS = 60

/** Writes `rows` entries to the record of a house, the newest of them of now. */
export async function fillLedger(home: House, rows: number): Promise<void> {
  const { environment, workspace } = home
  const config = await loadConfig({ env: environment, flags: {}, cwd: workspace, home: home.home })
  const clock = { ...systemClock, nowMs: Date.now() - rows * APART_MS }
  const { ledger } = await openRecord(config, {
    now: () => (clock.nowMs = Math.min(Date.now(), clock.nowMs + APART_MS)),
    monotonicMs: systemClock.monotonicMs,
  })
  for (let written = 0; written < rows; written += AT_ONCE) {
    const many = Math.min(AT_ONCE, rows - written)
    await Promise.all(Array.from({ length: many }, (_none, nth) => ledger.append(eventOf(written + nth))))
  }
  // the index for queries follows the writing; whoever wrote for months has it
  while (ledger.health().indexed < ledger.head().seq) await setTimeout(50)
  await ledger.close()
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
