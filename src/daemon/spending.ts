import { join } from 'node:path'
import type { Action } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import { messageOf } from '../core/error.ts'
import type { Principal } from '../core/principal.ts'
import type { RateLimits } from '../core/rate.ts'
import {
  Budgets,
  costOf,
  dropUnsealed,
  Rates,
  sealedRateStore,
  sqliteBudgetStore,
  sqliteSealedStore,
  type Mac,
  type RateHit,
} from '../decide/approval/index.ts'
import { openDb, type Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Ledger } from '../record/audit/index.ts'
import { BUDGET_ACTIONS, budgetEvent } from './approvals-events.ts'

export interface SpendingOptions {
  /** Where budgets stand. */
  readonly db: Db
  /** Where the counts of the last minute do, in a file of their own. */
  readonly directory: string
  readonly mac: Mac
  readonly limits: () => RateLimits
  readonly ledger: Pick<Ledger, 'append' | 'query'>
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly log: Log
}

export type Spending = ReturnType<typeof openSpending>

/** How much and how often agents may act: asked before anybody is, counted with what was allowed. */
export function openSpending(options: SpendingOptions) {
  const { db, mac, ledger, now, monotonicMs, log, limits } = options
  const last = ledger.query({ action: BUDGET_ACTIONS, order: 'newest', limit: 1 })[0]
  const seen = Number(last?.details['version'] ?? 0)
  const tell = (version: number): void =>
    void ledger
      .append(budgetEvent(version))
      .catch((error: unknown) => log.error(`not recorded: ${messageOf(error)}`))
  const budgets = new Budgets({ store: sqliteBudgetStore(db, mac, seen), changed: tell })
  const counts = openCounts(join(options.directory, 'rates.db'))
  const beganAt = now() - monotonicMs()
  const problems: string[] = []
  const rates = new Rates({
    ...{ limits, store: sealedRateStore(sqliteSealedStore(counts, 'rates'), mac) },
    nowMs: () => beganAt + monotonicMs(),
    problem: (what) => problems.push(`${what}; for a minute agents do nothing that is counted`),
  })
  return {
    budgets,
    rates,
    limits,
    problems: (): readonly string[] => {
      const problem = budgets.problem()
      return problem === undefined ? problems : [...problems, `${untrusted(problem)}: ${RESET}`]
    },
    /** The same decision, or a no: for what is used up, or done too often. */
    within(who: Principal, action: Action, decided: Decision): Decision {
      const agent = agentOf(who, action)
      if (agent === undefined || decided.effect === 'deny') return decided
      const problem = budgets.problem()
      if (problem !== undefined) return refusal(decided, 'budget.untrusted', untrusted(problem), RESET)
      const over = budgets.exceeded(agent, action.task, now())
      if (over !== undefined) return overBudget(decided, agent, over.unit)
      const hit = who.role === 'agent' ? rates.hit(agent, action) : undefined
      return hit === undefined ? decided : overRate(decided, hit, now())
    },
    /** @throws when it cannot be written down: then nothing is allowed */
    took(who: Principal, action: Action, { effect }: Pick<Decision, 'effect'>): void {
      const agent = agentOf(who, action)
      if (agent === undefined) return
      budgets.spend(agent, action.task, costOf(action, effect === 'allow'), now())
      if (effect === 'allow' && who.role === 'agent') rates.count(agent, action)
    },
    reset(): void {
      dropUnsealed(db)
      budgets.reset(seen)
    },
    close(): void {
      budgets.flush()
      counts.close()
    },
  }
}

/** Not made durable with each act: a machine that fell over takes longer to come back than what is counted here. */
function openCounts(path: string): Db {
  const db = openDb(path)
  db.exec('PRAGMA synchronous=NORMAL')
  return db
}

/** Whose doing it is: the start of an agent is the agent's, whoever typed it. */
function agentOf(who: Principal, { namespace, verb, resource }: Action): string | undefined {
  if (who.role === 'agent') return who.id
  return namespace === 'agent' && verb === 'start' ? resource : undefined
}

const RESET = 'put approvals.db back from a backup, or begin again without budgets: warder budget reset'

function untrusted(problem: string): string {
  return `the budgets cannot be believed (${problem}), so no agent has anything left`
}

function refusal(decided: Decision, rule: string, reason: string, fix: string): Decision {
  return { ...decided, effect: 'deny', layer: 'approval', rule, reason, fix }
}

function overBudget(decided: Decision, agent: string, unit: string): Decision {
  const fix = `look at it: warder budget list; to give more: warder budget set ${agent}`
  return refusal(decided, `budget.${unit}`, `the budget of ${agent} is used up: ${unit}`, fix)
}

const WORDS: Readonly<Record<RateHit['what'], string>> = {
  calls: 'acts',
  writes: 'changes',
  destructive: 'destructive acts',
  network: 'uses of the network',
  installs: 'installations',
  second: 'acts',
  pause: 'installation',
}

function overRate(decided: Decision, hit: RateHit, now: number): Decision {
  const { of, scope, what, limit, windowMs, opensInMs } = hit
  const whom = scope === 'all' ? 'all agents together' : of
  const window = windowMs === 1000 ? 'a second' : `in ${windowMs / 1000} s`
  const opensAt = new Date(now + opensInMs).toISOString().slice(11, 19)
  const opens = `it opens again in ${Math.ceil(opensInMs / 1000)} s, at ${opensAt} UTC`
  return refusal(
    decided,
    `rate.${scope}.${what}`,
    `${limit} ${WORDS[what]} ${window} is the limit for ${whom}, and it is reached; ${opens}`,
    'wait until then; see: warder budget list; the limits are rates in the policy file',
  )
}
