import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { flag, option, optionalArgument } from '../param.ts'

export const canaryRemove = command({
  name: 'canary remove',
  about: 'take a canary away',
  details: [
    'Its file goes too, if it is still the one that was planted. --all also begins a new list where the old one cannot be believed.',
  ],
  examples: [{ run: 'warder canary remove ~/.aws/credentials', does: 'by name or id' }],
  args: { name: optionalArgument('its id or name') },
  options: {
    all: flag('every one of them'),
    reason: option('why; kept in the record'),
  },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ name, all, reason }, context) {
    const answer = await calls(await context.client()).call('canaryRemove', {
      ...(all ? {} : { name: name ?? '' }),
      ...(reason === undefined ? {} : { reason }),
    })
    for (const path of answer.left)
      context.out.note(`${path} was left: it is another file by now, or the store of secrets is shut`)
    context.out.result(
      answer,
      answer.removed.length === 0 ? 'there was none' : `removed: ${answer.removed.join(', ')}`,
    )
  },
})
