/** What the ledger is measured against: the least that could do the same, and what the disk itself takes. */
import { hash } from 'node:crypto'
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { openDb, transaction } from '../src/platform/db.ts'
import type { AuditEvent } from '../src/record/audit/index.ts'

const RAW_ROWS = 20_000
const RAW_TRANSACTIONS = 3
const PLAIN_MS = 500
const FLUSH_MS = 500
/** A page of a segment with the header that goes before it in the write-ahead log, and a file with room for many. */
const FRAME_BYTES = 8192 + 24
const FRAMES = 500
const PAGE = 1000

/** An entry of about 700 bytes, such as the gate writes for a verdict. */
export function eventOf(client: number, round: number): AuditEvent {
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
export function rawInserts(path: string): number {
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
    for (let transactions = 0; transactions < RAW_TRANSACTIONS; transactions++) {
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

/** One row, one commit, nothing else: what a single client waits for at least. Milliseconds, the median. */
export function plainCommits(path: string): number {
  const db = openDb(path)
  try {
    db.exec('CREATE TABLE log (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, body TEXT NOT NULL) STRICT')
    const insert = db.prepare('INSERT INTO log VALUES (?, ?, ?)')
    const body = JSON.stringify(eventOf(1, 1))
    const digest = hash('sha256', body, 'buffer')
    const times: number[] = []
    for (let seq = 1, start = performance.now(); performance.now() - start < PLAIN_MS; seq++) {
      const before = performance.now()
      insert.run(seq, digest, body)
      times.push(performance.now() - before)
    }
    return median(times)
  } finally {
    db.close()
  }
}

/** What any verification must do: read every row and hash its body. */
export function readAndHash(path: string): number {
  const db = openDb(path, { readOnly: true })
  try {
    const page = db.prepare('SELECT seq, hash, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?')
    page.setReturnArrays(true)
    const start = performance.now()
    let last = 0
    for (;;) {
      const rows = page.all(last, PAGE) as unknown as [number, Uint8Array, string][]
      if (rows.length === 0) return (last / (performance.now() - start)) * 1000
      for (const [, , body] of rows) hash('sha256', body, 'hex')
      last = rows.at(-1)![0]
    }
  } finally {
    db.close()
  }
}

export interface Flush {
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/**
 * What the disk alone takes to keep one page: written over what stands there already, and flushed. No commit that
 * survives a power cut can be faster.
 */
export function flushesInPlace(path: string): Flush {
  const fd = openSync(path, 'w+', 0o600)
  try {
    const frame = Buffer.alloc(FRAME_BYTES, 1)
    for (let at = 0; at < FRAMES; at++) writeSync(fd, frame, 0, FRAME_BYTES, at * FRAME_BYTES)
    fsyncSync(fd)
    const times: number[] = []
    for (let at = 0, start = performance.now(); performance.now() - start < FLUSH_MS; at++) {
      const before = performance.now()
      writeSync(fd, frame, 0, FRAME_BYTES, (at % FRAMES) * FRAME_BYTES)
      fdatasyncSync(fd)
      times.push(performance.now() - before)
    }
    return { p50: median(times), p99: quantile(times, 0.99) }
  } finally {
    closeSync(fd)
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0
}
