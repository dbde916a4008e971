import type { BudgetAnswer } from '../../api/approvals.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const budgetList = command({
  name: 'budget list',
  about: 'list what agents may use up, and what they have',
  details: [
    'The state is normal, warning from four fifths of any limit on, or manual: used up, and the agent is allowed nothing more until you give more or the day or month is over.',
  ],
  examples: [{ run: 'warder budget list', does: 'each agent, and each task with limits of its own' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const { budgets } = await calls(await client()).call('budgetList', {})
    out.table(
      budgets,
      [
        { title: 'AGENT', value: ({ agent }) => agent },
        { title: 'TASK', value: ({ task }) => (task === '' ? 'all' : task) },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'PER', value: ({ per }) => per },
        { title: 'USED', value: usedText, shrinks: true },
      ],
      {
        value: { budgets },
        empty: 'no agent has a budget; give one with: warder budget set AGENT --steps 1000',
      },
    )
  },
})

export function usedText({ limits, used }: Pick<BudgetAnswer, 'limits' | 'used'>): string {
  const units = Object.entries(limits) as [keyof BudgetAnswer['limits'], number][]
  return units.map(([unit, limit]) => `${unit} ${Math.round(used[unit] ?? 0)} of ${limit}`).join(', ')
}
