import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { option, requiredOption } from '../param.ts'

export const budgetReset = command({
  name: 'budget reset',
  about: 'begin again without budgets, where the old ones cannot be believed',
  details: [
    'For the day the budgets were changed by something else than Warder, or put back from an old copy: then no agent may do anything. No agent has a budget afterwards; set them again.',
  ],
  examples: [{ run: 'warder budget reset --reason "disk was damaged"', does: 'asks before it does so' }],
  options: {
    reason: requiredOption('why; kept in the record'),
    confirm: option('the word budgets, instead of typing it', { value: 'budgets' }),
  },
  exits: ['denied', 'unavailable'],
  async run({ reason, confirm }, context) {
    await confirmName(context, 'budgets', confirm, 'every budget is forgotten, and so is what was used')
    const answer = await calls(await context.client()).call('budgetReset', { reason })
    context.out.result(answer, 'there are no budgets now; give them with: warder budget set')
  },
})
