/**
 * The way out, beside none at all and beside the proxies Debian has, in one run: connections through a tunnel and requests
 * in TLS that is opened, as new connections and on kept ones, with one and with many under way. Every round takes all
 * ways, in turn, so that what else the machine does falls on all of them. Then what one decision takes, and what the
 * process holds in memory after many requests.
 */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { decisions } from './egress-decision.ts'
import type { Job, Load, LoadAnswer, Way } from './egress-load.ts'
import type { Origin } from './egress-origin.ts'
import { residentBytes, startPeers, startWarder, type Proxy } from './egress-proxies.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 3
const MANY = 32
const MANY_MS = 500
const ONE_MS = 250
const LEAST_RATIO = 0.8
const MOST_GROWTH_MIB = 16
const MIB = 1024 ** 2
const SETTLE_MS = 500

const OURS = 'Warder'
const FORGETFUL = 'Warder, keeping no record'
const TINYPROXY = 'tinyproxy'
/** What they write down they write once for each connection. */
const SAME_WHEN_KEPT: ReadonlySet<string> = new Set([FORGETFUL, 'tinyproxy, logging as installed'])
const DIRECT = 'no proxy'

type Ways = ReadonlyMap<string, Way>
type Connections = Job['connections']
/** One load of each round. */
type Loads = ReadonlyMap<string, readonly Load[]>
type Ask = (job: Job) => Promise<Load>

export async function run(): Promise<BenchResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'wbe-')) // short: socket paths have 107 bytes
  chmodSync(directory, 0o711) // one of the proxies runs as another user
  const closing: (() => Promise<unknown>)[] = []
  try {
    const [server, origin] = await thread<Origin>('./egress-origin.ts')
    closing.push(() => server.terminate())
    const asker = new Worker(new URL('./egress-load.ts', import.meta.url))
    closing.push(() => asker.terminate())
    const ask: Ask = (job) => answered(asker, job)
    return [
      ...decisions(),
      ...(await carried(ask, directory, origin)),
      ...(await remembered(ask, directory, origin)),
    ]
  } finally {
    for (const close of closing.toReversed()) await close()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

async function thread<T>(file: string): Promise<[Worker, T]> {
  const worker = new Worker(new URL(file, import.meta.url))
  const [ready] = (await once(worker, 'message')) as [T]
  return [worker, ready]
}

async function answered(asker: Worker, job: Job): Promise<Load> {
  asker.postMessage(job)
  const [answer] = (await once(asker, 'message')) as [LoadAnswer]
  if ('problem' in answer) throw new Error(`${JSON.stringify(job.way)}: ${answer.problem}`)
  return answer
}

async function carried(ask: Ask, directory: string, origin: Origin): Promise<BenchResult[]> {
  const kept = await startWarder(join(directory, 'kept'), origin, true)
  const forgetful = await startWarder(join(directory, 'forgetful'), origin, false)
  const peers: Proxy[] = []
  try {
    peers.push(...(await startPeers(directory, origin)))
    const port = origin.plainPort
    const tunnels = new Map<string, Way>([
      [OURS, { port, proxy: (await kept.open('tunnels')).address }],
      [FORGETFUL, { port, proxy: (await forgetful.open('tunnels')).address }],
      ...peers.map(({ name, address }): [string, Way] => [name, { port, proxy: address }]),
      [DIRECT, { port }],
    ])
    const { address, authorityPem = '' } = await kept.open('intercepts')
    const opened = new Map<string, Way>([
      [OURS, { port: origin.tlsPort, proxy: address, root: authorityPem }],
      [DIRECT, { port: origin.tlsPort, root: origin.root }],
    ])
    const lasting = new Map([...tunnels].filter(([name]) => !SAME_WHEN_KEPT.has(name)))
    return [
      ...(await compared(ask, 'tunnel, new connections', 'new', tunnels)),
      ...(await compared(ask, 'tunnel, kept connections', 'kept', lasting)),
      ...(await compared(ask, 'intercepted, new connections', 'new', opened)),
      ...(await compared(ask, 'intercepted, kept connections', 'kept', opened)),
    ]
  } finally {
    for (const proxy of [...peers, forgetful, kept]) await proxy.close()
  }
}

async function compared(
  ask: Ask,
  what: string,
  connections: Connections,
  ways: Ways,
): Promise<BenchResult[]> {
  const many = new Map<string, Load[]>([...ways.keys()].map((name) => [name, []]))
  const one = new Map<string, Load[]>([...ways.keys()].map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, way] of turned([...ways], round)) {
      const loads = [
        await ask({ way, connections, askers: MANY, ms: MANY_MS }),
        await ask({ way, connections, askers: 1, ms: ONE_MS }),
      ] as const
      if (round === 0) continue // warm
      many.get(name)!.push(loads[0])
      one.get(name)!.push(loads[1])
    }
  }
  return [...rates(what, many), ...added(what, one)]
}

function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

function rates(what: string, loads: Loads): BenchResult[] {
  const at = (name: string) => loads.get(name)?.map(({ perSecond }) => perSecond)
  return [...loads].map(([name, list]): BenchResult => {
    const against = name === OURS && loads.has(TINYPROXY) ? TINYPROXY : DIRECT
    const theirs = at(against) ?? []
    // of rounds that ran beside each other
    const ratio = median(list.map(({ perSecond }, round) => perSecond / (theirs[round] ?? NaN)))
    const goal = against === TINYPROXY ? { goal: `at least ${LEAST_RATIO}x`, ok: ratio >= LEAST_RATIO } : {}
    const { perSecond, p50, p99 } = middle(list)
    return {
      bench: 'egress',
      name: `${what}, ${MANY} at once: ${name}`,
      ...{ unit: '/s', value: Math.round(perSecond), p50, p99 },
      ...(name === DIRECT ? {} : { ratio, against }),
      ...goal,
    }
  })
}

/** What each way takes longer than none; both with nothing else under way. */
function added(what: string, loads: Loads): BenchResult[] {
  const without = middle(loads.get(DIRECT) ?? [])
  return [...loads].map(([name, list]): BenchResult => {
    const { p50, p99 } = middle(list)
    const bench = { bench: 'egress', unit: 'ms' }
    if (name === DIRECT) return { ...bench, name: `${what}, one at a time: ${name}`, value: p50, p50, p99 }
    const more = { p50: p50 - without.p50, p99: p99 - without.p99 }
    return { ...bench, name: `${what}, one at a time, added by ${name}`, value: more.p50, ...more }
  })
}

/** The median of each figure for itself. */
function middle(loads: readonly Load[]): Omit<Load, 'requests'> {
  const of = (figure: 'perSecond' | 'p50' | 'p99') => median(loads.map((load) => load[figure]))
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

const REMEMBERED = [20_000, 100_000] as const
const PART = 10_000

/** A process of its own: half of the requests in kept tunnels, a quarter each in new ones and where TLS is opened. */
async function remembered(ask: Ask, directory: string, origin: Origin): Promise<BenchResult[]> {
  const warder = await startWarder(join(directory, 'memory'), origin, false)
  try {
    const tunnels = await warder.open('tunnels')
    const intercepts = await warder.open('intercepts')
    const tunnel: Way = { port: origin.plainPort, proxy: tunnels.address }
    const opened = { port: origin.tlsPort, proxy: intercepts.address, root: intercepts.authorityPem ?? '' }
    const forAll = { askers: MANY, ms: 120_000 } // as long as it takes, and not for ever
    const held: number[] = []
    for (let done = 0; done < REMEMBERED[1]; done += PART) {
      await ask({ way: tunnel, connections: 'kept', most: PART / 2, ...forAll })
      await ask({ way: tunnel, connections: 'new', most: PART / 4, ...forAll })
      await ask({ way: opened, connections: 'kept', most: PART / 4, ...forAll })
      if ((REMEMBERED as readonly number[]).includes(done + PART)) {
        await sleep(SETTLE_MS)
        held.push(residentBytes(warder.pid()) / MIB)
      }
    }
    return memoryRows(held)
  } finally {
    await warder.close()
  }
}

function memoryRows([early = NaN, late = NaN]: readonly number[]): BenchResult[] {
  const after = (requests: number) => `memory after ${requests.toLocaleString('en')} requests`
  const row = { bench: 'egress', unit: 'MiB' }
  return [
    { ...row, name: after(REMEMBERED[0]), value: early },
    {
      ...{ ...row, name: after(REMEMBERED[1]), value: late },
      ...{ ratio: late / early, against: 'the former' },
      ...{ goal: `at most ${MOST_GROWTH_MIB} MiB more`, ok: late - early <= MOST_GROWTH_MIB },
    },
  ]
}
