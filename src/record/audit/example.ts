import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { RISK_LEVELS } from '../../core/risk.ts'
import type { CheckpointSigner } from './checkpoint.ts'
import { EVENT_TYPES, RESULTS, VERDICTS, type AuditEvent } from './entry.ts'
import { openLedger, type Ledger } from './ledger.ts'
import type { LedgerOptions } from './options.ts'
import { listSegments, SegmentReader, type Row } from './segments.ts'
import { verifyLedger, type Verification, type VerifyOptions } from './verify.ts'

/** Events and ledgers for this room's tests. */
export const READ: AuditEvent = {
  event_type: 'file',
  agent: 'coder',
  action: 'fs:read',
  target: '/srv/data/plan.txt',
  capabilities_used: ['fs:read:/srv/data/**'],
  decision: 'allow',
  decision_id: 'd-1',
  details: { bytes: 'ab12', epoch: 3, tainted: false },
  layer: 'policy',
  permit_id: 'p-1',
  reason: 'the role may read',
  request_id: 'r-1',
  result: 'allowed',
  risk_level: 'low',
  rule: 'policy.rules[3]',
}

export const START = Date.UTC(2026, 0, 31, 12, 0, 0)

export function testSigner(): CheckpointSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey, sign: (bytes) => sign(null, bytes, privateKey) }
}

export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-audit-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A place for a ledger and its witness, with a clock that only moves when told. */
export function place(t: TestContext) {
  const root = temporaryDirectory(t)
  const time = { ms: START }
  const signer = testSigner()
  const directory = join(root, 'ledger')
  const witnessPath = join(root, 'witness')
  const clock = { now: () => time.ms, monotonicMs: () => time.ms }
  const base = { directory, hostId: 'test-host', signer, witnessPath, clock }
  return {
    root,
    directory,
    witnessPath,
    signer,
    time,
    open: async (more: Partial<LedgerOptions> = {}): Promise<Ledger> => {
      const ledger = await openLedger({ ...base, ...more })
      t.after(() => ledger.close())
      return ledger
    },
    verify: (more: Partial<VerifyOptions> = {}): Promise<Verification> =>
      verifyLedger({ directory, witnessPath, keys: [signer.publicKey] as KeyObject[], ...more }),
  }
}

/** Appends `count` reads with different targets and details. */
export async function appendReads(ledger: Ledger, count: number, from = 1): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, at) =>
      ledger.append({ ...READ, target: `/srv/data/${from + at}`, permit_id: `p-${from + at}` }),
    ),
  )
}

/** A closed, indexed ledger of 40 reads behind the entries it began with. */
export async function closed(t: TestContext, count = 40) {
  const at = place(t)
  const ledger = await at.open()
  await appendReads(ledger, count)
  await until(() => ledger.health().indexed === ledger.head().seq)
  await ledger.close()
  return { ...at, head: ledger.head() }
}

/** Every row there is. */
export function rowsOf(directory: string): Row[] {
  const reader = new SegmentReader(directory)
  try {
    return reader.read(0, 100_000)
  } finally {
    reader.close()
  }
}

/** What an attacker with the user's rights does: open the file and write, triggers or not. */
export function tamper(directory: string, sql: string, ...values: (string | number | Uint8Array)[]): void {
  const db = new DatabaseSync(listSegments(directory).at(-1)!.path)
  try {
    db.exec('DROP TRIGGER IF EXISTS log_no_update; DROP TRIGGER IF EXISTS log_no_delete')
    db.prepare(sql).run(...values)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}

/** Waits until `holds`, a turn of the event loop at a time; the test's own limit ends it when it never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\u2028', '","prev_hash":"', ',"seq":7,', '\\ud800', '\n', '=1+1'),
)

export const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  event_type: fc.constantFrom(...EVENT_TYPES),
  agent: anyText,
  action: anyText.filter((text) => text !== ''),
  result: fc.constantFrom(...RESULTS),
  risk_level: fc.constantFrom(...RISK_LEVELS),
  target: anyText,
  capabilities_used: fc.array(anyText, { maxLength: 4 }),
  decision: fc.constantFrom(...VERDICTS),
  decision_id: anyText,
  details: fc.dictionary(
    fc.oneof(anyText, fc.constantFrom('10', '9', '__proto__', 'prev_hash', 'seq', 'constructor')),
    fc.oneof(anyText, fc.maxSafeInteger(), fc.boolean()),
    { maxKeys: 6 },
  ),
  layer: anyText,
  permit_id: anyText,
  reason: anyText,
  request_id: anyText,
  rule: anyText,
})
