import type { Action } from '../../core/action.ts'

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

/** Keeps budgets over restarts. */
export interface BudgetStore {
  read(): Budget[]
  /** Writes these, all or none. */
  write(budgets: readonly Budget[]): void
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

/** The budgets of a house. What is used is counted at once, and written when {@link flush} is called. */
export class Budgets {
  readonly #store: BudgetStore
  readonly #all = new Map<string, Budget>()
  readonly #changed = new Set<string>()

  constructor(store: BudgetStore) {
    this.#store = store
    for (const budget of store.read()) this.#all.set(keyOf(budget.agent, budget.task), budget)
  }

  /** Sets limits, keeping what was used in the same period; no limits at all end the budget. Written at once. */
  set(agent: string, task: string, limits: Amounts, per: BudgetPeriod, now: number): Budget {
    const key = keyOf(agent, task)
    const before = this.#all.get(key)
    const period = periodOf(per, now)
    const used = before !== undefined && before.per === per && before.period === period ? before.used : {}
    const budget: Budget = { agent, task, limits, per, used, period }
    this.#store.write([budget])
    if (Object.keys(limits).length === 0) this.#all.delete(key)
    else this.#all.set(key, budget)
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

  spend(agent: string, task: string | undefined, amounts: Amounts, now: number): void {
    for (const budget of this.#of(agent, task)) {
      const current = this.#current(budget, now)
      const used = { ...current.used }
      for (const unit of BUDGET_UNITS) {
        const amount = amounts[unit] ?? 0
        // what gives something back would undo a limit
        if (amount > 0) used[unit] = (used[unit] ?? 0) + amount
      }
      const key = keyOf(budget.agent, budget.task)
      this.#all.set(key, { ...current, used })
      this.#changed.add(key)
    }
  }

  list(now: number): readonly Budget[] {
    return [...this.#all.values()].map((budget) => this.#current(budget, now))
  }

  /** Writes what was used since the last time. */
  flush(): void {
    if (this.#changed.size === 0) return
    this.#store.write([...this.#changed].flatMap((key) => this.#all.get(key) ?? []))
    this.#changed.clear()
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

function keyOf(agent: string, task: string): string {
  return `${agent}\n${task}`
}
