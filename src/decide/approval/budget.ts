import type { Action } from '../../core/action.ts'
import { messageOf } from '../../core/error.ts'
import { ApprovalError } from './error.ts'

/** What can be used up. Money is in hundredths of whatever it is counted in. */
export const BUDGET_UNITS = [
  'steps',
  'toolCalls',
  'tokens',
  'seconds',
  'files',
  'outputBytes',
  'money',
] as const
export type BudgetUnit = (typeof BUDGET_UNITS)[number]
export type Amounts = Readonly<Partial<Record<BudgetUnit, number>>>

export const BUDGET_PERIODS = ['ever', 'day', 'month'] as const
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number]

/** One agent's budget, or that of one of its tasks. */
export interface Budget {
  readonly agent: string
  /** Empty: everything the agent does. */
  readonly task: string
  readonly limits: Amounts
  readonly per: BudgetPeriod
  readonly used: Amounts
  /** The period `used` was counted in. */
  readonly period: string
}

/** Every budget there is, as it was written last. */
export interface BudgetBook {
  /** Rises with every writing. */
  readonly version: number
  readonly budgets: readonly Budget[]
}

/** Keeps budgets over restarts. */
export interface BudgetStore {
  /** @throws Error when what is kept cannot be believed */
  read(): BudgetBook
  /** Writes all of them, or nothing. */
  write(book: BudgetBook): void
}

/** From here on a person is warned. */
const WARN_AT = 0.8

/** How far down the ladder a budget is: all is well, look at it, nothing more without a person. */
export type BudgetState = 'normal' | 'warning' | 'manual'

export function stateOf({ limits, used }: Pick<Budget, 'limits' | 'used'>): BudgetState {
  const shares = BUDGET_UNITS.flatMap((unit) => {
    const limit = limits[unit]
    return limit === undefined ? [] : [limit === 0 ? 1 : (used[unit] ?? 0) / limit]
  })
  const most = Math.max(0, ...shares)
  return most >= 1 ? 'manual' : most >= WARN_AT ? 'warning' : 'normal'
}

export function periodOf(per: BudgetPeriod, now: number): string {
  const iso = new Date(now).toISOString()
  return per === 'ever' ? '' : iso.slice(0, per === 'day' ? 10 : 7)
}

const WRITES = new Set(['write', 'mkdir', 'delete'])

/** What one allowed action uses up; every question is a step, allowed or not. */
export function costOf({ namespace, verb }: Pick<Action, 'namespace' | 'verb'>, isAllowed: boolean): Amounts {
  const isTool = namespace === 'tool' || (namespace === 'process' && verb === 'spawn')
  return {
    steps: 1,
    ...(isAllowed && isTool ? { toolCalls: 1 } : {}),
    ...(isAllowed && namespace === 'fs' && WRITES.has(verb) ? { files: 1 } : {}),
  }
}

export interface BudgetsOptions {
  readonly store: BudgetStore
  /** Told of each version a person made, for the ledger. */
  readonly changed?: (version: number) => void
}

/**
 * The budgets of a house. What is used is counted at once. On disk stands a little more than that, up to a hundredth of
 * each limit, and more is written before more is used: a crash can only take from an agent, never give to it.
 */
export class Budgets {
  readonly #options: BudgetsOptions
  readonly #all = new Map<string, Budget>()
  /** What the disk says is used, which is never less than what is. */
  readonly #written = new Map<string, Budget>()
  #version = 0
  #problem: string | undefined

  constructor(options: BudgetsOptions) {
    this.#options = options
    const { version, budgets, problem } = readOrWhy(options.store)
    this.#version = version
    this.#problem = problem
    for (const budget of budgets) {
      this.#all.set(keyOf(budget.agent, budget.task), budget)
      this.#written.set(keyOf(budget.agent, budget.task), budget)
    }
  }

  /** Why the budgets cannot be believed; then no agent has anything left. */
  problem(): string | undefined {
    return this.#problem
  }

  /** Begins again without budgets, above every version there was. */
  reset(seenVersion: number): void {
    this.#version = Math.max(this.#version, seenVersion)
    this.#write(new Map(), new Map())
    this.#problem = undefined
    this.#options.changed?.(this.#version)
  }

  /**
   * Sets limits, keeping what was used in the same period; no limits at all end the budget. Written at once.
   *
   * @throws ApprovalError `BUDGET_UNTRUSTED`
   */
  set(agent: string, task: string, limits: Amounts, per: BudgetPeriod, now: number): Budget {
    if (this.#problem !== undefined) throw untrusted(this.#problem)
    const key = keyOf(agent, task)
    const before = this.#all.get(key)
    const period = periodOf(per, now)
    const used = before !== undefined && before.per === per && before.period === period ? before.used : {}
    const budget: Budget = { agent, task, limits, per, used, period }
    const [all, written] = [new Map(this.#all), new Map(this.#written)]
    for (const [map, value] of [
      [all, budget],
      [written, aheadOf(budget)],
    ] as const) {
      if (Object.keys(limits).length === 0) map.delete(key)
      else map.set(key, value)
    }
    this.#write(all, written)
    this.#options.changed?.(this.#version)
    return budget
  }

  /** What is used up, if anything: an agent that has a budget does nothing beyond it. */
  exceeded(
    agent: string,
    task: string | undefined,
    now: number,
  ): { budget: Budget; unit: BudgetUnit } | undefined {
    for (const budget of this.#of(agent, task)) {
      const { limits, used } = this.#current(budget, now)
      const unit = BUDGET_UNITS.find(
        (each) => (used[each] ?? 0) >= (limits[each] ?? Number.POSITIVE_INFINITY),
      )
      if (unit !== undefined) return { budget, unit }
    }
    return undefined
  }

  /** @throws when it cannot be written: then it was not used either */
  spend(agent: string, task: string | undefined, amounts: Amounts, now: number): void {
    const all = new Map(this.#all)
    const written = new Map(this.#written)
    let isBeyond = false
    for (const budget of this.#of(agent, task)) {
      const next = spent(this.#current(budget, now), amounts)
      const key = keyOf(budget.agent, budget.task)
      all.set(key, next)
      if (isCovered(next, written.get(key))) continue
      written.set(key, aheadOf(next))
      isBeyond = true
    }
    if (isBeyond) this.#write(all, written)
    else this.#take(this.#all, all)
  }

  list(now: number): readonly Budget[] {
    return [...this.#all.values()].map((budget) => this.#current(budget, now))
  }

  /** Writes what was truly used, for an orderly end. */
  flush(): void {
    if (this.#problem === undefined && this.#all.size > 0) this.#write(new Map(this.#all), new Map(this.#all))
  }

  /** First the disk, then memory: what cannot be written did not happen. */
  #write(all: Map<string, Budget>, written: Map<string, Budget>): void {
    const version = this.#version + 1
    this.#options.store.write({ version, budgets: [...written.values()] })
    this.#version = version
    this.#take(this.#all, all)
    this.#take(this.#written, written)
  }

  #take(into: Map<string, Budget>, from: ReadonlyMap<string, Budget>): void {
    into.clear()
    for (const [key, budget] of from) into.set(key, budget)
  }

  #of(agent: string, task: string | undefined): Budget[] {
    const keys =
      task === undefined || task === '' ? [keyOf(agent, '')] : [keyOf(agent, ''), keyOf(agent, task)]
    return keys.flatMap((key) => this.#all.get(key) ?? [])
  }

  #current(budget: Budget, now: number): Budget {
    const period = periodOf(budget.per, now)
    return period === budget.period ? budget : { ...budget, used: {}, period }
  }
}

/** What can be read, or why it cannot be believed. */
function readOrWhy(store: BudgetStore): BudgetBook & { readonly problem?: string } {
  try {
    return store.read()
  } catch (error) {
    return { version: 0, budgets: [], problem: messageOf(error).slice(0, 200) }
  }
}

function keyOf(agent: string, task: string): string {
  return `${agent}\n${task}`
}

function spent(budget: Budget, amounts: Amounts): Budget {
  const used = { ...budget.used }
  for (const unit of BUDGET_UNITS) {
    const amount = amounts[unit] ?? 0
    // what gives something back would undo a limit
    if (amount > 0) used[unit] = (used[unit] ?? 0) + amount
  }
  return { ...budget, used }
}

function isCovered({ used, period }: Budget, written: Budget | undefined): boolean {
  return (
    written?.period === period && BUDGET_UNITS.every((unit) => (used[unit] ?? 0) <= (written.used[unit] ?? 0))
  )
}

const AHEAD = 100
const AHEAD_WITHOUT_LIMIT = 10

/** The same budget as it is written down: with what may be used before it is written again. */
function aheadOf(budget: Budget): Budget {
  const used: Partial<Record<BudgetUnit, number>> = {}
  for (const unit of BUDGET_UNITS) {
    const now = budget.used[unit]
    if (now === undefined) continue
    const limit = budget.limits[unit]
    used[unit] =
      limit === undefined
        ? Math.ceil(now + Math.max(AHEAD_WITHOUT_LIMIT, now / AHEAD))
        : Math.max(now, Math.min(limit, Math.ceil(now + Math.floor(limit / AHEAD))))
  }
  return { ...budget, used }
}

function untrusted(why: string): ApprovalError {
  return new ApprovalError('BUDGET_UNTRUSTED', {
    what: `the budgets cannot be believed: ${why}`,
    fix: 'put approvals.db back from a backup, or begin again without budgets: warder budget reset',
  })
}
