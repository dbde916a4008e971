/**
 * The ledger beside the least that could do the same: durable appends against the raw multi-row insert of the same
 * driver, verification against reading and hashing alone. Both sides of a ratio are measured in the same run.
 */
import { generateKeyPairSync, hash, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openDb, transaction } from '../src/platform/db.ts'
import { openLedger, verifyLedger, type AuditEvent, type Ledger } from '../src/record/audit/index.ts'
import type { BenchResult } from './result.ts'

const CLIENTS = [1, 16, 256] as const
const APPEND_MS = 2000
const RAW_ROWS = 20_000
const RAW_ROUNDS = 5
const PAGE = 1000

interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** The longest the caller's event loop was held, ms. */
  readonly heldMs: number
}

export async function run(): Promise<BenchResult[]> {
  const root = mkdtempSync(join(tmpdir(), 'warder-bench-'))
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signer = { publicKey, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) }
  const directory = join(root, 'ledger')
  const witnessPath = join(root, 'witness')
  try {
    const ledger = await openLedger({ directory, witnessPath, hostId: 'bench', signer })
    await load(ledger, 16, 500) // warm
    const loads = new Map<number, Load>()
    const raw: number[] = [rawInserts(join(root, 'raw-0.db'))]
    for (const clients of CLIENTS) {
      loads.set(clients, await load(ledger, clients, APPEND_MS))
      raw.push(rawInserts(join(root, `raw-${clients}.db`)))
    }
    await ledger.close()
    const limit = median(raw)
    const reading = readAndHash(join(directory, 'segment-00000001.db'))
    const started = performance.now()
    const verified = await verifyLedger({ directory, keys: [publicKey], witnessPath })
    const verifying = (verified.entries / (performance.now() - started)) * 1000
    if (!verified.ok) throw new Error(verified.first?.what ?? 'the ledger of the benchmark does not verify')
    return [
      {
        bench: 'ledger',
        name: 'raw insert, 32 rows per statement',
        unit: 'rows/s',
        value: Math.round(limit),
      },
      ...[...loads].map(([clients, measured]) => appendResult(clients, measured, limit)),
      heldResult(loads),
      ratioResult('verification', verifying, reading, 'reading and hashing alone', 0.6),
    ]
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function appendResult(clients: number, { perSecond, p50, p99 }: Load, limit: number): BenchResult {
  const ratio = perSecond / limit
  const goals: Partial<Record<number, { goal: string; ok: boolean }>> = {
    1: { goal: 'p50 < 0.25 ms', ok: p50 < 0.25 },
    256: { goal: '>= 0.55 of the raw insert', ok: ratio >= 0.55 },
  }
  return {
    bench: 'ledger',
    name: `durable append, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    unit: 'entries/s',
    value: Math.round(perSecond),
    p50: round(p50),
    p99: round(p99),
    ratio: round(ratio),
    against: 'raw insert',
    ...goals[clients],
  }
}

function heldResult(loads: ReadonlyMap<number, Load>): BenchResult {
  const value = round(Math.max(...[...loads.values()].map(({ heldMs }) => heldMs)))
  return {
    bench: 'ledger',
    name: "longest hold of the caller's event loop",
    unit: 'ms',
    value,
    goal: '< 10 ms',
    ok: value < 10,
  }
}

function ratioResult(name: string, value: number, against: number, what: string, goal: number): BenchResult {
  const ratio = value / against
  return {
    bench: 'ledger',
    name,
    unit: 'entries/s',
    value: Math.round(value),
    ratio: round(ratio),
    against: what,
    goal: `>= ${goal}`,
    ok: ratio >= goal,
  }
}

/** Clients that each append the next entry when the last one is durable. */
async function load(ledger: Ledger, clients: number, forMs: number): Promise<Load> {
  const times: number[] = []
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const client = async (id: number) => {
    for (let round = 0; performance.now() - start < forMs; round++) {
      const before = performance.now()
      await ledger.append(eventOf(id, round))
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, id) => client(id)))
  const seconds = (performance.now() - start) / 1000
  delay.disable()
  times.sort((a, b) => a - b)
  return {
    perSecond: times.length / seconds,
    p50: times[Math.floor(times.length / 2)] ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    heldMs: delay.max / 1e6,
  }
}

/** An entry of about 700 bytes, such as the gate writes for a verdict. */
function eventOf(client: number, round: number): AuditEvent {
  return {
    event_type: 'file',
    agent: `agent-${client}`,
    action: 'fs:read',
    target: `/srv/data/project/notes/${client}/${round}.md`,
    capabilities_used: ['fs:read:/srv/data/**'],
    decision: 'allow',
    decision_id: '019a5c1e-7b1a-7000-8000-000000000001',
    details: { bytes: 'ab12cd34', domain: 'path_access', epoch: 12, input_hash: '0123456789abcdef' },
    layer: 'policy',
    permit_id: '',
    reason: 'the role may read what lies in its workspace',
    request_id: '019a5c1e-7b1a-7000-8000-000000000002',
    result: 'allowed',
    risk_level: 'low',
    rule: 'policy.rules[3]',
  }
}

/** The most the driver can do: bodies and hashes ready, many rows per statement, one flush per 20,000 rows. */
function rawInserts(path: string): number {
  const db = openDb(path)
  try {
    db.exec('CREATE TABLE log (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, body TEXT NOT NULL) STRICT')
    const places = Array.from({ length: 32 }, () => '(?, ?, ?)').join(', ')
    const insert = db.prepare(`INSERT INTO log VALUES ${places}`)
    const body = JSON.stringify({
      ...eventOf(1, 1),
      id: 'x'.repeat(32),
      prev_hash: 'y'.repeat(64),
      time: 'z'.repeat(40),
    })
    const digest = hash('sha256', body, 'buffer')
    const rates: number[] = []
    let seq = 0
    for (let round = 0; round < RAW_ROUNDS; round++) {
      const start = performance.now()
      transaction(db, () => {
        for (let row = 0; row < RAW_ROWS; row += 32) {
          const values: (number | Uint8Array | string)[] = []
          for (let at = 0; at < 32; at++) values.push(++seq, digest, body)
          insert.run(...values)
        }
      })
      rates.push((RAW_ROWS / (performance.now() - start)) * 1000)
    }
    return median(rates)
  } finally {
    db.close()
  }
}

/** What any verification must do: read every row and hash its body. */
function readAndHash(path: string): number {
  const db = openDb(path, { readOnly: true })
  try {
    const page = db.prepare('SELECT seq, hash, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?')
    page.setReturnArrays(true)
    const start = performance.now()
    let last = 0
    for (;;) {
      const rows = page.all(last, PAGE) as unknown as [number, Uint8Array, string][]
      if (rows.length === 0) break
      for (const [, , body] of rows) hash('sha256', body, 'hex')
      last = rows.at(-1)![0]
    }
    return (last / (performance.now() - start)) * 1000
  } finally {
    db.close()
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
