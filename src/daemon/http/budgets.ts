import type { OutputOf, ParsedInputOf } from '../../api/endpoints.ts'
import type { BudgetAnswer } from '../../api/approvals.ts'
import type { Json } from '../../core/canonical.ts'
import { RATE_CLASSES, type RateClass } from '../../core/rate.ts'
import { EVERYBODY, stateOf, type Budget } from '../../decide/approval/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { Spending } from '../spending.ts'
import type { Handlers } from './app.ts'

export interface BudgetHandlerOptions {
  readonly spending: Spending
  readonly acts: Acts
  readonly now: () => number
}

/** What agents may use up. Setting and spending are the owner's, or of a program that acts as the owner. */
export function budgetHandlers({
  spending,
  acts,
  now,
}: BudgetHandlerOptions): Pick<Handlers, 'budgetList' | 'budgetSet' | 'budgetSpend' | 'budgetReset'> {
  const { budgets } = spending
  const asking = (credential: Credential, resource: string, risk: 'low' | 'high', input: Json) => ({
    ...{ credential, namespace: 'config', verb: 'write', resource, risk, input },
  })
  return {
    budgetList: () => {
      const problem = budgets.problem()
      return {
        budgets: budgets.list(now()).map(budgetAnswer),
        rates: ratesAnswer(spending),
        ...(problem === undefined ? {} : { problem }),
      }
    },
    async budgetReset({ reason }, { credential }) {
      const asked = { ...asking(credential, 'budgets', 'high', { reason }), reason }
      await acts.act(asked, 'policy', () => spending.reset())
      return { budgets: budgets.list(now()).map(budgetAnswer) }
    },
    async budgetSet({ agent, task, limits, per }, { credential }) {
      const asked = asking(credential, `budget/${agent}`, 'high', { agent, task, per, limits: plain(limits) })
      const { value } = await acts.act(asked, 'policy', () =>
        budgets.set(agent, task, present(limits), per, now()),
      )
      return budgetAnswer(value)
    },
    async budgetSpend({ agent, task, amounts }, { credential }) {
      const asked = asking(credential, `budget/${agent}`, 'low', {
        agent,
        task: task ?? null,
        amounts: plain(amounts),
      })
      await acts.act(asked, 'policy', () => budgets.spend(agent, task, present(amounts), now()))
      return {
        budgets: budgets
          .list(now())
          .filter((each) => each.agent === agent)
          .map(budgetAnswer),
      }
    },
  }
}

type Limits = ParsedInputOf<'budgetSet'>['limits']

function plain(amounts: Limits): Json {
  return { ...present(amounts) } as Json
}

function present(amounts: Limits): Budget['limits'] {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined))
}

function budgetAnswer(budget: Budget): BudgetAnswer {
  const { agent, task, limits, used, per } = budget
  return { agent, task, limits: { ...limits }, used: { ...used }, per, state: stateOf(budget) }
}

/** Counts of the last minute beside their limits: of all agents together first, then of each that did anything. */
function ratesAnswer({ rates, limits }: Spending): OutputOf<'budgetList'>['rates'] {
  const { agent, all } = limits()
  return rates.list().map(({ of, used }) => {
    const most = of === EVERYBODY ? all : agent
    const shown = RATE_CLASSES.map((each) => [each, Math.min(used[each], most[each])] as const)
    const inWindow = Object.fromEntries(shown) as Record<RateClass, number>
    return { agent: of, seconds: 60, used: inWindow, limits: { ...most } }
  })
}
