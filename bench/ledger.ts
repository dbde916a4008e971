/**
 * The ledger beside the least that could do the same: durable appends against the raw multi-row insert of the same
 * driver, one append at a time against the flush of a page by the disk alone, verification against reading and hashing alone. Both
 * sides of a ratio are measured in turns, round by round; a figure is the median of the rounds.
 */
import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { openLedger, verifyLedger, type Ledger } from '../src/record/audit/index.ts'
import {
  eventOf,
  flushesInPlace,
  median,
  plainCommits,
  quantile,
  rawInserts,
  readAndHash,
  type Flush,
} from './ledger-limits.ts'
import type { BenchResult } from './result.ts'

const CLIENTS = [1, 16, 256] as const
const ROUNDS = 5
const APPEND_MS = 1000
const INDEX_PATIENCE_MS = 4000

interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** The longest the caller's event loop was held, ms. */
  readonly heldMs: number
}

interface Round {
  readonly raw: number
  /** Milliseconds for a commit of one row, the median. */
  readonly plain: number
  readonly flush: Flush
  readonly loads: ReadonlyMap<number, Load>
  /** The longest an event loop with nothing but short turns was held: what the machine does by itself. */
  readonly heldAnyway: number
}

interface Verifying {
  readonly verify: number
  readonly read: number
}

export async function run(): Promise<BenchResult[]> {
  const root = mkdtempSync(join(tmpdir(), 'warder-bench-'))
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signer = { publicKey, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) }
  const directory = join(root, 'ledger')
  const witnessPath = join(root, 'witness')
  try {
    const ledger = await openLedger({ directory, witnessPath, hostId: 'bench', signer })
    await load(ledger, 256, APPEND_MS) // warm
    const rounds: Round[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(ledger, root, round))
    await ledger.close()
    const verifying: Verifying[] = []
    for (let round = 0; round < ROUNDS; round++) {
      verifying.push(await measureVerifying(directory, witnessPath, publicKey))
    }
    return [...appendResults(rounds), verifyResult(verifying)]
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function measure(ledger: Ledger, root: string, round: number): Promise<Round> {
  const loads = new Map<number, Load>()
  await indexed(ledger)
  const raw = rawInserts(join(root, `raw-${round}.db`))
  const plain = plainCommits(join(root, `plain-${round}.db`))
  const flush = flushesInPlace(join(root, 'flush'))
  const heldAnyway = await holdsOf(shortTurns)
  for (const clients of CLIENTS) loads.set(clients, await load(ledger, clients, APPEND_MS))
  return { raw, plain, flush, loads, heldAnyway }
}

async function measureVerifying(directory: string, witnessPath: string, key: KeyObject): Promise<Verifying> {
  const read = readAndHash(join(directory, 'segment-00000001.db'))
  const started = performance.now()
  const { entries, ok, first } = await verifyLedger({ directory, keys: [key], witnessPath })
  if (!ok) throw new Error(first?.what ?? 'the ledger of the benchmark does not verify')
  return { verify: (entries / (performance.now() - started)) * 1000, read }
}

/** The query index goes on for a while after a load; what is measured next is to have the machine to itself. */
async function indexed(ledger: Ledger): Promise<void> {
  const until = performance.now() + INDEX_PATIENCE_MS
  while (performance.now() < until && ledger.health().indexed < ledger.head().seq) await sleep(20)
}

function appendResults(rounds: readonly Round[]): BenchResult[] {
  const held = (round: Round) => Math.max(...[...round.loads.values()].map(({ heldMs }) => heldMs))
  const heldMs = round3(median(rounds.map(held)))
  return [
    {
      bench: 'ledger',
      name: 'raw insert, 32 rows per statement',
      unit: 'rows/s',
      value: Math.round(median(rounds.map(({ raw }) => raw))),
    },
    {
      bench: 'ledger',
      name: 'plain commit of one row',
      unit: 'commits/s',
      value: Math.round(median(rounds.map(({ plain }) => 1000 / plain))),
      p50: round3(median(rounds.map(({ plain }) => plain))),
    },
    {
      bench: 'ledger',
      name: 'flush of one page in place, no database',
      unit: 'flushes/s',
      value: Math.round(median(rounds.map(({ flush }) => 1000 / flush.p50))),
      p50: round3(median(rounds.map(({ flush }) => flush.p50))),
      p99: round3(median(rounds.map(({ flush }) => flush.p99))),
    },
    ...CLIENTS.map((clients) => appendResult(clients, rounds)),
    {
      bench: 'ledger',
      name: "longest hold of the caller's event loop",
      unit: 'ms',
      value: heldMs,
      ratio: round3(median(rounds.map((round) => held(round) / round.heldAnyway))),
      against: 'an event loop without a ledger',
      goal: '< 10 ms',
      ok: heldMs < 10,
    },
  ]
}

function appendResult(clients: number, rounds: readonly Round[]): BenchResult {
  const of = (pick: (load: Load, round: Round) => number) =>
    median(rounds.map((round) => pick(round.loads.get(clients)!, round)))
  const p50 = round3(of((load) => load.p50))
  const ratio = of((load, { raw }) => load.perSecond / raw)
  const base = {
    bench: 'ledger',
    name: `durable append, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    unit: 'entries/s',
    value: Math.round(of((load) => load.perSecond)),
    p50,
    p99: round3(of((load) => load.p99)),
  }
  if (clients === 1) {
    const slower = of((load, { flush }) => load.p50 / flush.p50)
    const against = 'p50 of the disk alone'
    return { ...base, ratio: round3(slower), against, goal: 'p50 < 0.25 ms', ok: p50 < 0.25 }
  }
  const goal = clients === 256 ? { goal: '>= 0.55 of the raw insert', ok: ratio >= 0.55 } : {}
  return { ...base, ratio: round3(ratio), against: 'raw insert', ...goal }
}

function verifyResult(rounds: readonly Verifying[]): BenchResult {
  const ratio = median(rounds.map(({ verify, read }) => verify / read))
  return {
    bench: 'ledger',
    name: 'verification',
    unit: 'entries/s',
    value: Math.round(median(rounds.map(({ verify }) => verify))),
    ratio: round3(ratio),
    against: 'reading and hashing alone',
    goal: '>= 0.6',
    ok: ratio >= 0.6,
  }
}

/** Clients that each append the next entry when the last one is durable. */
async function load(ledger: Ledger, clients: number, forMs: number): Promise<Load> {
  const times: number[] = []
  let seconds = 0
  const heldMs = await holdsOf(async () => {
    const start = performance.now()
    const client = async (id: number) => {
      for (let round = 0; performance.now() - start < forMs; round++) {
        const before = performance.now()
        await ledger.append(eventOf(id, round))
        times.push(performance.now() - before)
      }
    }
    await Promise.all(Array.from({ length: clients }, (_, id) => client(id)))
    seconds = (performance.now() - start) / 1000
  })
  return { perSecond: times.length / seconds, p50: median(times), p99: quantile(times, 0.99), heldMs }
}

async function holdsOf(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await work()
  delay.disable()
  return delay.max / 1e6
}

async function shortTurns(): Promise<void> {
  const end = performance.now() + APPEND_MS
  while (performance.now() < end) {
    hash('sha256', 'x'.repeat(10_000), 'hex')
    await nextTurn()
  }
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000
}
