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
  readonly p50: number
  readonly p99: number
  readonly seen: number
  readonly wrong: number
}

/** How many requests are alive at once: the time of an engine must not be that of collecting the workload. */
const BATCH = 2000

function measureOwn(engine: PolicyEngine, { requests, truth }: Workload): Measured {
  let wrong = 0
  const rates: number[] = []
  for (let pass = 0; pass <= PASSES; pass++) {
    let spent = 0
    wrong = 0
    for (let at = 0; at < requests.length; at += BATCH) {
      const fresh = ownRequests(requests.slice(at, at + BATCH))
      const started = performance.now()
      for (let i = 0; i < fresh.length; i++) {
        const { who, action } = fresh[i]!
        const decision = engine.decide(who, action, NOW)
        if ((decision.effect === 'allow') !== truth[at + i] || decision.evidence.epoch === 0) wrong++
      }
      spent += performance.now() - started
    }
    if (pass > 0) rates.push(requests.length / spent)
  }
  const times = ownRequests(requests.slice(0, SAMPLED)).map(({ who, action }) => {
    const started = performance.now()
    engine.decide(who, action, NOW)
    return performance.now() - started
  })
  return { perSecond: median(rates) * 1000, ...percentiles(times), seen: requests.length, wrong }
}

const SAMPLED = 20_000

function measurePeer(engine: Engine, { requests, truth }: Workload): Measured {
  let wrong = 0
  let seen = 0
  const rates: number[] = []
  for (let pass = 0; pass <= PASSES; pass++) {
    let spent = 0
    wrong = 0
    seen = 0
    for (let at = 0; at < requests.length && spent < engine.budgetMs / (PASSES + 1); at += BATCH) {
      const fresh = JSON.parse(JSON.stringify(requests.slice(at, at + BATCH))) as BenchRequest[]
      const started = performance.now()
      for (let i = 0; i < fresh.length; i++) {
        if (engine.decide(fresh[i]!) !== truth[at + i]) wrong++
        seen++
        // the clock is asked seldom: it costs as much as a look-up
        if ((i & 15) === 15 && spent + performance.now() - started > engine.budgetMs / (PASSES + 1)) break
      }
      spent += performance.now() - started
    }
    if (pass > 0) rates.push(seen / spent)
  }
  const sample = requests.slice(0, Math.min(seen, SAMPLED))
  const times = (JSON.parse(JSON.stringify(sample)) as BenchRequest[]).map((request) => {
    const started = performance.now()
    engine.decide(request)
    return performance.now() - started
  })
  return { perSecond: median(rates) * 1000, ...percentiles(times), seen, wrong }
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
    const ours = measureOwn(ownEngine(workload), workload)
    own.set(`${grants}/${agents}`, ours.perSecond)
    results.push({
      ...line(workload, 'warder', ours),
      goal: 'p99 under 5 µs, no answer wrong',
      ok: ours.p99 < 5 && ours.wrong === 0,
    })
    const bound = measurePeer(bareMap(workload), workload)
    results.push(beside(line(workload, 'bare Map look-up', { ...bound, wrong: 0 }), ours, bound))
    for (const peer of PEERS) {
      if (grants > peer.most) continue
      const measured = await tryPeer(peer, workload)
      if (typeof measured === 'string') {
        results.push({
          bench: BENCH,
          name: `${workload.name}: ${peer.name} ${measured}`,
          unit: 'decisions/s',
          value: 0,
          ok: false,
        })
        continue
      }
      const compared = beside(line(workload, peer.name, measured), ours, measured)
      const goal =
        grants === 10_000 && agents === 1000 ? { CASL: 2, 'Cedar (wasm)': 100 }[peer.name] : undefined
      const isRight = measured.wrong === 0
      results.push(
        goal === undefined
          ? { ...compared, ok: isRight }
          : {
              ...compared,
              goal: `warder at least ${goal} times as fast`,
              ok: isRight && (compared.ratio ?? 0) >= goal,
            },
      )
    }
  }
  return [...results, ...shapes(own)]
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

async function tryPeer(peer: (typeof PEERS)[number], workload: Workload): Promise<Measured | string> {
  try {
    return measurePeer(await peer.load(workload), workload)
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    return isAbsent ? 'is not installed: npm ci --prefix bench' : `failed: ${String(error)}`
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
  return { ...result, ratio: ours.perSecond / theirs.perSecond, against: 'warder' }
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
