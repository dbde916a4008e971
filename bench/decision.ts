import { PolicyEngine } from '../src/decide/policy/index.ts'
import type { Action } from '../src/core/action.ts'
import type { Principal } from '../src/core/principal.ts'
import { bareMap, PEERS, type Engine } from './decision-peers.ts'
import { makeWorkload, NOW, type BenchRequest, type Workload } from './decision-workload.ts'
import type { BenchResult } from './result.ts'

const SIZES = [
  { grants: 10, agents: 1 },
  { grants: 1000, agents: 100 },
  { grants: 10_000, agents: 1000 },
  { grants: 100_000, agents: 1000 },
  { grants: 10_000, agents: 1 },
] as const
const PASSES = 3
const BENCH = 'decision'

interface OwnRequest {
  readonly who: Principal
  readonly action: Action
}

/** The engine with the workload in it: allows as grants, denies as rules of the policy file. */
function ownEngine({ grants }: Workload): PolicyEngine {
  const engine = new PolicyEngine({ monotonicMs: () => performance.now(), home: '/home/dev' })
  const rules = grants
    .filter(({ deny }) => deny)
    .map(({ agent, operation, pattern }, i) => ({
      id: `deny-${i}`,
      agents: [agent],
      effect: 'deny',
      capabilities: [`${operation}:${pattern}`],
      reason: 'private',
    }))
  engine.load(JSON.stringify({ version: 1, rules }), 'bench.json')
  for (const [i, { agent, operation, pattern, deny, from, until }] of grants.entries()) {
    if (deny) continue
    engine.admit({
      id: `g-${i}`,
      principal: agent,
      capability: `${operation}:${pattern}`,
      grantor: 'owner',
      reason: 'bench',
      notBefore: from,
      expiresAt: until,
    })
  }
  return engine
}

/** Fresh strings for every pass: a string that was looked up before carries its hash with it. */
function ownRequests(requests: readonly BenchRequest[]): OwnRequest[] {
  const whole = requests.map(({ agent, operation, resource }) => {
    const [namespace, verb] = operation.split(':')
    return {
      who: { id: agent, role: 'agent', channel: 'agent-socket' },
      action: { namespace, verb, resource, risk: 'low', bytes: 'b'.repeat(64) },
    }
  })
  return JSON.parse(JSON.stringify(whole)) as OwnRequest[]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

interface Measured {
  readonly perSecond: number
  /** The rate of each round, to compare rounds that ran beside each other. */
  readonly rates: readonly number[]
  readonly p50: number
  readonly p99: number
  readonly seen: number
  readonly wrong: number
}

/** How many requests are alive at once: the time of an engine must not be that of collecting the workload. */
const BATCH = 2000
const SAMPLED = 20_000

/** One engine ready to be asked: fresh requests, and one question. */
interface Subject {
  readonly name: string
  readonly fresh: (requests: readonly BenchRequest[]) => readonly unknown[]
  readonly isAllowed: (request: never) => boolean
  readonly budgetMs: number
}

function ownSubject(engine: PolicyEngine): Subject {
  return {
    name: 'warder',
    fresh: ownRequests,
    isAllowed: ({ who, action }: OwnRequest) => {
      const decision = engine.decide(who, action, NOW)
      return decision.effect === 'allow' && decision.evidence.epoch > 0
    },
    budgetMs: Number.POSITIVE_INFINITY,
  }
}

function peerSubject({ name, decide, budgetMs }: Engine): Subject {
  const fresh = (requests: readonly BenchRequest[]) => JSON.parse(JSON.stringify(requests)) as BenchRequest[]
  return { name, fresh, isAllowed: (request: BenchRequest) => decide(request), budgetMs }
}

/** One round of one engine. */
function pass({ fresh, isAllowed, budgetMs }: Subject, { requests, truth }: Workload) {
  const ask = isAllowed as (request: unknown) => boolean
  const budget = budgetMs / (PASSES + 1)
  let spent = 0
  let wrong = 0
  let seen = 0
  for (let at = 0; at < requests.length && spent < budget; at += BATCH) {
    const batch = fresh(requests.slice(at, at + BATCH))
    const started = performance.now()
    for (let i = 0; i < batch.length; i++) {
      if (ask(batch[i]) !== truth[at + i]) wrong++
      seen++
      // the clock is asked seldom: it costs as much as a look-up
      if ((i & 63) === 63 && spent + performance.now() - started > budget) break
    }
    spent += performance.now() - started
  }
  return { rate: (seen / spent) * 1000, seen, wrong }
}

/** Rounds in turn, so that a bad spell of the machine meets all engines; the first round warms up. */
function measure(subjects: readonly Subject[], workload: Workload): Measured[] {
  const rounds = Array.from({ length: PASSES + 1 }, () => subjects.map((subject) => pass(subject, workload)))
  return subjects.map((subject, i) => {
    const own = rounds.slice(1).map((round) => round[i]!)
    const rates = own.map(({ rate }) => rate)
    const { seen, wrong } = own.at(-1)!
    return { perSecond: median(rates), rates, ...latencies(subject, workload, seen), seen, wrong }
  })
}

function latencies({ fresh, isAllowed }: Subject, { requests }: Workload, seen: number) {
  const ask = isAllowed as (request: unknown) => boolean
  const times: number[] = []
  for (const request of fresh(requests.slice(0, Math.min(seen, SAMPLED)))) {
    const started = performance.now()
    ask(request)
    times.push(performance.now() - started)
  }
  return percentiles(times)
}

function percentiles(timesMs: readonly number[]): { p50: number; p99: number } {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0) * 1000
  return { p50: at(0.5), p99: at(0.99) }
}

/** Every size, every engine, one truth table. Peers that are not installed are named and left out. */
export async function run(): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  const own = new Map<string, number>()
  for (const { grants, agents } of SIZES) {
    const workload = makeWorkload(`${grants} grants / ${agents} agents`, grants, agents)
    const peers = await Promise.all(PEERS.map((peer) => tryPeer(peer, workload)))
    const loaded = peers.filter((peer) => typeof peer !== 'string')
    const subjects = [
      ownSubject(ownEngine(workload)),
      peerSubject(bareMap(workload)),
      ...loaded.map(peerSubject),
    ]
    const [ours, bound, ...others] = measure(subjects, workload)
    if (ours === undefined || bound === undefined) throw new Error('nothing was measured')
    own.set(`${grants}/${agents}`, ours.perSecond)
    const isRight = ours.wrong === 0
    results.push({
      ...line(workload, 'warder', ours),
      goal: 'p99 under 5 µs, no answer wrong',
      ok: ours.p99 < 5 && isRight,
    })
    results.push(beside(line(workload, 'bare Map look-up', { ...bound, wrong: 0 }), ours, bound))
    for (const [i, measured] of others.entries()) {
      const name = loaded[i]?.name ?? ''
      results.push(
        judged(beside(line(workload, name, measured), ours, measured), name, grants, agents, measured),
      )
    }
    for (const problem of peers.filter((peer) => typeof peer === 'string')) {
      const name = `${workload.name}: ${problem}`
      results.push({ bench: BENCH, name, unit: 'decisions/s', value: 0, ok: false })
    }
  }
  return [...results, ...shapes(own)]
}

function judged(
  result: BenchResult,
  name: string,
  grants: number,
  agents: number,
  measured: Measured,
): BenchResult {
  const times = grants === 10_000 && agents === 1000 ? { CASL: 2, 'Cedar (wasm)': 100 }[name] : undefined
  const isRight = measured.wrong === 0
  return times === undefined
    ? { ...result, ok: isRight }
    : {
        ...result,
        goal: `warder at least ${times} times as fast`,
        ok: isRight && (result.ratio ?? 0) >= times,
      }
}

/** How the cost grows, all within this run. */
function shapes(own: ReadonlyMap<string, number>): BenchResult[] {
  const rate = (size: string) => own.get(size) ?? 0
  const growth = rate('10/1') / rate('100000/1000')
  const one = rate('10000/1') / rate('10000/1000')
  return [
    {
      bench: BENCH,
      name: '10 grants beside 100,000',
      unit: 'times as fast',
      value: growth,
      goal: 'at most 6',
      ok: growth <= 6,
    },
    {
      bench: BENCH,
      name: '10,000 grants on one agent beside a thousand agents',
      unit: 'of the rate',
      value: one,
      goal: 'at least 0.5',
      ok: one >= 0.5,
    },
  ]
}

async function tryPeer(peer: (typeof PEERS)[number], workload: Workload): Promise<Engine | string> {
  try {
    return await peer.load(workload)
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    return `${peer.name} ${isAbsent ? 'is not installed: npm ci --prefix bench' : `failed: ${String(error)}`}`
  }
}

function line(workload: Workload, name: string, measured: Measured): BenchResult {
  const part = measured.seen < workload.requests.length ? `, saw ${measured.seen} requests` : ''
  const wrong = measured.wrong > 0 ? `, ${measured.wrong} answers differ` : ''
  return {
    bench: BENCH,
    name: `${workload.name}: ${name}${part}${wrong}`,
    unit: 'decisions/s',
    value: Math.round(measured.perSecond),
    p50: measured.p50,
    p99: measured.p99,
  }
}

function beside(result: BenchResult, ours: Measured, theirs: Measured): BenchResult {
  return {
    ...result,
    ratio: median(ours.rates.map((rate, i) => rate / (theirs.rates[i] ?? rate))),
    against: 'warder',
  }
}

/** The results as a table; times in microseconds, `ratio` is warder's rate over this line's. */
export function table(results: readonly BenchResult[]): string {
  const number = (value: number | undefined, digits: number) =>
    value === undefined ? '' : value.toFixed(digits)
  return results
    .map(({ name, value, p50, p99, ratio, goal, ok }) =>
      [
        name.padEnd(72),
        number(value, value < 100 ? 2 : 0).padStart(10),
        number(p50, 2).padStart(9),
        number(p99, 2).padStart(9),
        number(ratio, 1).padStart(9),
        goal === undefined ? (ok === false ? ' WRONG' : '') : ` ${ok === true ? 'met' : 'MISSED'}: ${goal}`,
      ].join(' '),
    )
    .join('\n')
}

if (import.meta.main) process.stdout.write(`${table(await run())}\n`)
