import { loadavg } from 'node:os'
import { PolicyEngine } from '../src/decide/policy/index.ts'
import type { Action } from '../src/core/action.ts'
import type { Principal } from '../src/core/principal.ts'
import { systemClock } from '../src/platform/clock.ts'
import { bareMap, PEERS, type Engine } from './decision-peers.ts'
import { measure, median, type Measured, type Subject } from './decision-measure.ts'
import { makeWorkload, NOW, type BenchRequest, type Workload } from './decision-workload.ts'
import type { BenchResult } from './result.ts'

const SIZES = [
  { grants: 10, agents: 1 },
  { grants: 1000, agents: 100 },
  { grants: 10_000, agents: 1000 },
  { grants: 100_000, agents: 1000 },
  { grants: 10_000, agents: 1 },
] as const
const BENCH = 'decision'
interface OwnRequest {
  readonly who: Principal
  readonly action: Action
}

/** The engine with the workload in it: allows as grants, denies as rules of the policy file. */
function ownEngine({ grants }: Workload): PolicyEngine {
  const engine = new PolicyEngine({ monotonicMs: systemClock.monotonicMs, home: '/home/dev' })
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

function ownSubject(workload: Workload): Subject {
  const engine = ownEngine(workload)
  return {
    name: 'warder',
    workload,
    fresh: ownRequests,
    isAllowed: ({ who, action }: OwnRequest) => {
      const decision = engine.decide(who, action, NOW)
      return decision.effect === 'allow' && decision.evidence.epoch > 0
    },
  }
}

function peerSubject({ name, decide }: Engine, workload: Workload): Subject {
  const fresh = (requests: readonly BenchRequest[]) => JSON.parse(JSON.stringify(requests)) as BenchRequest[]
  return { name, workload, fresh, isAllowed: (request: BenchRequest) => decide(request) }
}

/** Every size, every engine, one truth table. Peers that are not installed are named and left out. */
export async function run(): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  const own: Subject[] = []
  for (const { grants, agents } of SIZES) {
    const workload = makeWorkload(`${grants} grants / ${agents} agents`, grants, agents)
    const peers = await Promise.all(
      PEERS.filter(({ mostGrants }) => grants <= mostGrants).map((peer) => tryPeer(peer, workload)),
    )
    const loaded = peers.filter((peer) => typeof peer !== 'string')
    const mine = ownSubject(workload)
    own.push(mine)
    const others = [bareMap(workload), ...loaded].map((engine) => peerSubject(engine, workload))
    const [ours, bound, ...rest] = measure([mine, ...others])
    if (ours === undefined || bound === undefined) throw new Error('nothing was measured')
    results.push({
      ...line(workload, 'warder', ours),
      goal: 'p99 under 5 µs, no answer wrong',
      ok: ours.p99 < 5 && ours.wrong === 0,
    })
    results.push(beside(line(workload, 'bare Map look-up', { ...bound, wrong: 0 }), ours, bound))
    for (const [i, measured] of rest.entries()) {
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
        ok: isRight && (result.ratio ?? Number.POSITIVE_INFINITY) <= 1 / times,
      }
}

/** How the cost grows: our engine at every size, the sizes in turn. */
function shapes(own: readonly Subject[]): BenchResult[] {
  const measured = measure(own)
  const rates = (grants: number, agents: number) =>
    measured[SIZES.findIndex((size) => size.grants === grants && size.agents === agents)]?.rates ?? []
  const ratio = (above: readonly number[], below: readonly number[]) =>
    median(above.map((rate, i) => rate / (below[i] ?? Number.NaN)))
  const growth = ratio(rates(10, 1), rates(100_000, 1000))
  const one = ratio(rates(10_000, 1), rates(10_000, 1000))
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
    ratio: median(theirs.rates.map((rate, i) => rate / (ours.rates[i] ?? Number.NaN))),
    against: 'warder',
  }
}

/** The results as a table; times in microseconds, the last figure is this line's rate over warder's. */
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
        number(ratio, 4).padStart(9),
        goal === undefined ? (ok === false ? ' WRONG' : '') : ` ${ok === true ? 'met' : 'MISSED'}: ${goal}`,
      ].join(' '),
    )
    .join('\n')
}

if (import.meta.main) {
  const before = loadavg()[0]
  const results = await run()
  const load = [before, loadavg()[0]].map((value) => value?.toFixed(1)).join(' before, ')
  process.stdout.write(`${table(results)}\nload of the machine: ${load} after\n`)
}
