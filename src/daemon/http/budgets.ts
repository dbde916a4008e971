import type { ParsedInputOf } from '../../api/endpoints.ts'
import type { BudgetAnswer } from '../../api/approvals.ts'
import type { Json } from '../../core/canonical.ts'
import { stateOf, type Budget, type Budgets } from '../../decide/approval/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { Handlers } from './app.ts'

export interface BudgetHandlerOptions {
  readonly budgets: Budgets
  readonly acts: Acts
  readonly now: () => number
}

/** What agents may use up. Setting and spending are the owner's, or of a program that acts as the owner. */
export function budgetHandlers({
  budgets,
  acts,
  now,
}: BudgetHandlerOptions): Pick<Handlers, 'budgetList' | 'budgetSet' | 'budgetSpend'> {
  const asking = (credential: Credential, resource: string, risk: 'low' | 'high', input: Json) => ({
    ...{ credential, namespace: 'config', verb: 'write', resource, risk, input },
  })
  return {
    budgetList: () => ({ budgets: budgets.list(now()).map(budgetAnswer) }),
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
      await acts.act(asked, 'policy', () => {
        budgets.spend(agent, task, present(amounts), now())
        budgets.flush()
      })
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
