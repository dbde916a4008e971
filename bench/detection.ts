/**
 * Detection over a real ledger on the disk, with every shipped rule: from the moment an event is handed to the ledger to
 * the moment its alert stands in the feed, alone and among 1,000 events a second, and what these cost in processor time
 * beside the same ledger without anybody reading it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { AlertFile } from '../src/daemon/watch/alerts-file.ts'
import { Alerts } from '../src/daemon/watch/alerts.ts'
import { Detecting } from '../src/daemon/watch/detect.ts'
import { systemClock } from '../src/platform/clock.ts'
import { openLedger, type AuditEvent, type Ledger } from '../src/record/audit/index.ts'
import { openKeys } from '../src/record/sign/index.ts'
import { Detector } from '../src/watch/detect/index.ts'
import { SHIPPED_RULES } from '../src/watch/detect/shipped.ts'
import type { BenchResult } from './result.ts'

const BENCH = 'detection'
const ROUNDS = 300
const PER_SECOND = 1000
const SECONDS = 10
const GOAL_MS = 1000
const GOAL_PERCENT = 25

/** What a session asks for, one of many agents. */
function ordinary(nth: number): AuditEvent {
  return {
    ...{ event_type: 'file', agent: `agent-${nth % 50}`, action: nth % 5 === 0 ? 'fs:write' : 'fs:read' },
    ...{
      target: `/home/you/app/src/file-${nth % 500}.ts`,
      decision: 'allow',
      result: 'allowed',
      layer: 'policy',
    },
    ...{
      risk_level: 'low',
      rule: 'rule.own-workspace',
      details: { role: 'agent', cwd: '/home/you/app', tool: 'Read' },
    },
  }
}

/** One event is enough for its rule, and each is an alert of its own. */
function attack(nth: number): AuditEvent {
  return {
    ...{ event_type: 'file', agent: `attacker-${nth}`, action: 'fs:write', target: '/home/you/.bashrc' },
    ...{ decision: 'deny', result: 'denied', layer: 'policy', risk_level: 'medium', rule: 'default' },
    details: { role: 'agent' },
  }
}

interface Watched {
  readonly ledger: Ledger
  /** When the alert about an agent stood in the feed. */
  readonly seen: Map<string, number>
  close(): Promise<void>
}

async function open(isWatched: boolean): Promise<Watched> {
  const home = mkdtempSync(join(tmpdir(), 'bench-detection-'))
  const keys = openKeys(join(home, 'keys'))
  const ledger = await openLedger({
    directory: join(home, 'audit'),
    hostId: 'bench',
    signer: keys.signer('checkpoint'),
  })
  const seen = new Map<string, number>()
  const lost = (error: unknown): never => {
    throw error
  }
  const file = new AlertFile({ directory: join(home, 'alerts'), maxBytes: 100_000_000, keep: 1 })
  const now = () => Date.now()
  const alerts = new Alerts({
    ...{ file, lost, now, groupMs: 300_000, redact: (text) => text },
    record: (event) => ledger.append(event),
    tell: ({ principal }) => void seen.set(principal, performance.now()),
  })
  const detecting = new Detecting({
    ...{
      ledger,
      lost,
      now,
      raise: alerts.raise,
      sync: () => alerts.sync(),
      told: () => 0,
      labelsOf: () => [],
    },
    ...{ monotonicMs: systemClock.monotonicMs, everyMs: 30_000, cursorFile: join(home, 'watch/cursor.json') },
    detector: new Detector(SHIPPED_RULES, '/home/you'),
  })
  if (isWatched) detecting.begin()
  await setTimeout(50)
  return {
    ...{ ledger, seen },
    async close() {
      if (isWatched) await detecting.close()
      alerts.close()
      if (isWatched && readFileSync(file.path, 'utf8').split('\n').length <= seen.size)
        throw new Error('alerts that were told of do not stand in the feed')
      await ledger.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** @returns milliseconds from handing it to the ledger to its alert */
async function once({ ledger, seen }: Watched, nth: number): Promise<number> {
  const began = performance.now()
  await ledger.append(attack(nth))
  while (!seen.has(`attacker-${nth}`)) await new Promise((done) => setImmediate(done))
  return seen.get(`attacker-${nth}`)! - began
}

/** @returns processor seconds of one second, and the latency of an attack in each half second */
async function load(
  watched: Watched,
  isWatched: boolean,
): Promise<{ readonly cpu: number; readonly latencies: number[] }> {
  const latencies: Promise<number>[] = []
  const [startCpu, start] = [process.cpuUsage(), performance.now()]
  const total = PER_SECOND * SECONDS
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * PER_SECOND) / 1000))
    for (; sent < due; sent += 1) {
      void watched.ledger.append(ordinary(sent))
      if (isWatched && sent % (PER_SECOND / 2) === 250) latencies.push(once(watched, 1_000_000 + sent))
    }
    await setTimeout(5)
  }
  const { user, system } = process.cpuUsage(startCpu)
  const seconds = (performance.now() - start) / 1000
  return { cpu: (user + system) / 1e6 / seconds, latencies: await Promise.all(latencies) }
}

export async function run(): Promise<BenchResult[]> {
  const alone = await open(true)
  const idle: number[] = []
  for (let nth = 0; nth < ROUNDS; nth += 1) idle.push(await once(alone, nth))
  await alone.close()
  const bare = await open(false)
  const without = await load(bare, false)
  await bare.close()
  const busy = await open(true)
  const withIt = await load(busy, true)
  await busy.close()
  const percent = Math.max(0, (withIt.cpu - without.cpu) * 100)
  return [
    latency('one event, nothing else going on', idle),
    latency(`among ${PER_SECOND} events a second`, withIt.latencies),
    {
      ...{
        bench: BENCH,
        name: `processor at ${PER_SECOND} events a second, beyond the ledger's own`,
        unit: '% of a core',
      },
      ...{ value: round(percent), goal: `at most ${GOAL_PERCENT} %`, ok: percent <= GOAL_PERCENT },
    },
    {
      ...{ bench: BENCH, name: `the ledger alone at ${PER_SECOND} events a second`, unit: '% of a core' },
      value: round(without.cpu * 100),
    },
  ]
}

function latency(name: string, values: readonly number[]): BenchResult {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (part: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!)
  return {
    ...{
      bench: BENCH,
      name: `from the ledger to the feed: ${name}`,
      unit: 'ms',
      value: at(0.5),
      p50: at(0.5),
      p99: at(0.99),
    },
    ...{ goal: `p99 at most ${GOAL_MS} ms`, ok: at(0.99) <= GOAL_MS },
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
