import type { BudgetAnswer } from '../../api/approvals.ts'
import type { OutputOf } from '../../api/endpoints.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const budgetList = command({
  name: 'budget list',
  about: 'list what agents may use up, and what they have',
  details: [
    'Budgets first; then how often agents acted in the last minute, beside the limits of the policy (rates). What is full opens again by itself.',
    'The state is normal, warning from four fifths of any limit on, or manual: used up, and the agent is allowed nothing more until you give more or the day or month is over.',
  ],
  examples: [{ run: 'warder budget list', does: 'each agent, and each task with limits of its own' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('budgetList', {})
    if (answer.problem !== undefined) {
      out.note(`the budgets cannot be believed: ${answer.problem}; begin again: warder budget reset`)
    }
    out.table(
      [...answer.budgets.map(budgetRow), ...answer.rates.map(rateRow)],
      [
        { title: 'AGENT', value: ({ agent }) => agent },
        { title: 'TASK', value: ({ task }) => task },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'PER', value: ({ per }) => per },
        { title: 'USED', value: ({ used }) => used, shrinks: true },
      ],
      { value: answer, empty: 'no agent has a budget; give one with: warder budget set AGENT --steps 1000' },
    )
  },
})

interface Row {
  readonly agent: string
  readonly task: string
  readonly state: string
  readonly per: string
  readonly used: string
}

function budgetRow(budget: BudgetAnswer): Row {
  const { agent, task, state, per } = budget
  return { agent, task: task === '' ? 'all' : task, state, per, used: usedText(budget) }
}

/** How often it acted in the last minute, of how often it may. */
function rateRow({ agent, used, limits }: OutputOf<'budgetList'>['rates'][number]): Row {
  const classes = Object.keys(limits) as (keyof typeof limits)[]
  const isFull = classes.some((each) => (used[each] ?? 0) >= (limits[each] ?? 0))
  const words = classes.map((each) => `${each} ${used[each] ?? 0} of ${limits[each] ?? 0}`).join(', ')
  return {
    ...{ agent: agent === '*' ? 'all together' : agent, task: 'all', per: 'minute', used: words },
    state: isFull ? 'full' : 'normal',
  }
}

export function usedText({ limits, used }: Pick<BudgetAnswer, 'limits' | 'used'>): string {
  const units = Object.entries(limits) as [keyof BudgetAnswer['limits'], number][]
  return units.map(([unit, limit]) => `${unit} ${Math.round(used[unit] ?? 0)} of ${limit}`).join(', ')
}
