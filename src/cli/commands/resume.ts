import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { flag, option, optionalArgument, requiredOption } from '../param.ts'
import { confirmName } from '../confirm.ts'
import { oneTarget } from '../target.ts'

export const resume = command({
  name: 'resume',
  about: 'lift a stop: agents may be started again',
  details: [
    'Only the owner can, with a reason; no agent. You type the name of what you resume, or give it with --confirm.',
  ],
  examples: [
    { run: 'warder resume builder --reason "looked at it, was a test"', does: 'one agent' },
    {
      run: 'warder resume --all --reason "incident closed" --confirm all',
      does: 'out of manual mode, from a script',
    },
  ],
  args: { agent: optionalArgument('the agent', { completes: 'agent' }) },
  options: {
    all: flag('leave manual mode'),
    reason: requiredOption('why; kept in the record'),
    confirm: option('the name, instead of typing it', { value: 'NAME' }),
  },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ agent, all, reason, confirm }, context) {
    const target = oneTarget(agent, all, 'resume')
    await confirmName(
      context,
      target ?? 'all',
      confirm,
      target === undefined ? 'every agent may act again' : `agent ${target} may act again`,
    )
    const answer = await calls(await context.client()).call('resume', {
      ...(target === undefined ? {} : { agent: target }),
      reason,
    })
    context.out.result(answer, `resumed ${target ?? 'all'}; mode ${answer.mode}, ${answer.stops} stops left`)
  },
})
