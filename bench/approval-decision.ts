import type { Action } from '../src/core/action.ts'
import type { Principal } from '../src/core/principal.ts'
import { Approvals, type ApprovalsParts } from '../src/daemon/approvals.ts'
import { Prompts } from '../src/daemon/approvals-prompts.ts'
import { Watchers } from '../src/daemon/approvals-watch.ts'
import { ApprovalDesk, SessionYes, TrustBook, type Subject } from '../src/decide/approval/index.ts'
import { PolicyEngine } from '../src/decide/policy/index.ts'
import { pass, type Rooms } from '../src/gate/index.ts'
import { NOW, STORED as RULES, stored, subject } from './approval-book.ts'
import type { BenchResult } from './result.ts'

/**
 * A whole decision where a rule asks: who, policy, what an allowance covers, and policy again. The ledger is left out,
 * which has a table of its own, and so is the reading of files that seals a command.
 */

const BLOCKS = 200
const BLOCK = 100
const WHO: Principal = Object.freeze({ id: 'builder', role: 'agent', channel: 'agent-socket' })
const POLICY = `version: 1
rules:
  - {id: asked, agents: ["*"], effect: ask, capabilities: ["process:spawn:/usr/bin/tool-*"], reason: it is asked for here}
  - {id: free, agents: ["*"], effect: allow, capabilities: ["process:spawn:/usr/bin/free-*"], reason: it is not}
`

interface Case {
  readonly name: string
  readonly decide: (i: number) => Promise<string>
  /** What every one of its decisions must be. */
  readonly effect: 'allow' | 'deny'
}

export async function wholeDecisions(): Promise<BenchResult[]> {
  const of = (i: number, cwd = '/work'): Subject => ({
    ...subject(`/usr/bin/tool-${i}`, ['run', `--seed=${i}`]),
    cwd,
  })
  const cases: Case[] = [
    { name: `covered by one of ${RULES} allowances`, decide: house(RULES, of), effect: 'allow' },
    { name: 'no allowance is stored', decide: house(0, of), effect: 'deny' },
    { name: `covered by none of ${RULES}`, decide: house(RULES, (i) => of(i, '/elsewhere')), effect: 'deny' },
    { name: 'allowed by policy, nothing to ask', decide: house(0, of, 'free'), effect: 'allow' },
  ]
  const times = cases.map((): number[] => [])
  for (let block = -20; block < BLOCKS; block++) {
    // taking turns, so that what else the machine does falls on all of them
    for (const [at, each] of cases.entries()) await timed(each, block, times[at]!)
  }
  const sorted = times.map((all) => all.toSorted((a, b) => a - b))
  const bare = sorted[1]![sorted[1]!.length >> 1]!
  return cases.map(({ name }, at) => resultOf(name, sorted[at]!, at === 0 ? bare : undefined))
}

async function timed({ name, decide, effect }: Case, block: number, times: number[]): Promise<void> {
  for (let i = 0; i < BLOCK; i++) {
    const which = (((block + 20) * BLOCK + i) * 7919) % RULES
    const begin = process.hrtime.bigint()
    const found = await decide(which)
    const tookUs = Number(process.hrtime.bigint() - begin) / 1000
    if (found !== effect) throw new Error(`${name}: ${found}`)
    if (block >= 0) times.push(tookUs)
  }
}

function resultOf(name: string, sorted: readonly number[], bare: number | undefined): BenchResult {
  const p50 = sorted[sorted.length >> 1]!
  const p99 = sorted[Math.floor(sorted.length * 0.99)]!
  const beside =
    bare === undefined
      ? {}
      : {
          ratio: p50 / bare,
          against: 'no allowance',
          goal: 'p99 below 100 µs',
          ok: p99 < 100,
        }
  return { bench: 'approval', name: `a whole decision, ${name}`, unit: 'µs', value: p50, p50, p99, ...beside }
}

/** A gate with these approvals, and nobody there to ask. */
function house(count: number, of: (i: number) => Subject, kind: 'tool' | 'free' = 'tool'): Case['decide'] {
  const engine = new PolicyEngine({ monotonicMs: () => performance.now(), home: '/home/dev' })
  engine.load(POLICY, 'bench.yaml')
  const subjects = Array.from({ length: RULES }, (_, i) => of(i))
  const approvals = approvalsOver(count, (bytes) => subjects[Number(bytes)])
  const rooms: Rooms = {
    identify: () => WHO,
    inspect: async (_who, action) => action,
    contained: () => undefined,
    decide: (who, action) => approvals.weigh(who, action, engine.decide(who, action, NOW)),
    ask: (who, action, decision) => approvals.ask(who, action, decision),
    record: async ({ id }, who, action, decision) => ({ request: id, id, who, action, decision }),
  }
  const actions = subjects.map((_, i): Action => ({
    ...{ namespace: 'process', verb: 'spawn', resource: `/usr/bin/${kind}-${i}` },
    ...{ risk: 'medium', bytes: String(i) },
  }))
  return async (i) => {
    const request = { id: 'r', credential: { kind: 'agent', name: 'builder' }, action: actions[i]! } as const
    return (await pass(request, rooms)).decision.effect
  }
}

function approvalsOver(count: number, subjectOf: (bytes: string) => Subject | undefined): Approvals {
  const now = () => NOW
  const plans: Pick<ApprovalsParts['plans'], 'subject' | 'stand' | 'of' | 'holds' | 'isOvertaken'> = {
    subject: async (bytes) => subjectOf(bytes),
    stand: () => undefined,
    of: () => undefined,
    holds: () => true,
    isOvertaken: () => false,
  }
  const record = async (): Promise<undefined> => undefined
  const ids = { now, monotonicMs: now, newId: () => 'q', newWord: () => 'w' }
  return new Approvals({
    desk: new ApprovalDesk({ ...ids, lifetimeMs: 1000, record, changed: () => undefined }),
    allowances: stored((i) => subject(`/usr/bin/tool-${i}`, ['run', `--seed=${i}`]), false, count),
    sessions: new SessionYes(),
    trust: new TrustBook({ append: () => undefined, changed: () => undefined }, []),
    plans: plans as ApprovalsParts['plans'],
    watchers: new Watchers(() => undefined),
    prompts: new Prompts(),
    autonomy: () => 'supervised',
    mode: { security: 'allowlist', ask: 'on-miss' },
    ...{ waits: false, canReach: () => false, askerGone: () => undefined, isStaged: () => false },
    ...{ sessionMs: 3_600_000, now, allowForGood: async () => '' },
  })
}
