import { calls } from '../../client/calls.ts'
import { command, type Context } from '../command.ts'
import { counted } from '../counted.ts'
import { flag, option, optionalArgument, requiredOption } from '../param.ts'
import { confirmName } from '../confirm.ts'
import { printable } from '../printable.ts'
import { oneTarget } from '../target.ts'

export const resume = command({
  name: 'resume',
  about: 'lift a stop: agents may be started again',
  details: [
    'Only the owner can, with a reason; no agent. You are shown the stop and type the name of what you resume; a stop that comes while you do so stays in force. In a script give the name with --confirm: the record tells the two apart.',
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
    const since = await confirmed(context, target, confirm)
    const answer = await calls(await context.client()).call('resume', {
      ...(target === undefined ? {} : { agent: target }),
      ...(since === undefined ? {} : { since }),
      reason,
      confirmed: confirm === undefined ? 'terminal' : 'flag',
    })
    context.out.result(
      answer,
      `resumed ${target ?? 'all'}; mode ${answer.mode}, ${counted(answer.stops, 'stop')} left`,
    )
  },
})

/** @returns since when the stop holds that a person was shown */
async function confirmed(
  context: Context,
  target: string | undefined,
  given: string | undefined,
): Promise<string | undefined> {
  const name = target ?? 'all'
  const what = target === undefined ? 'every agent may act again' : `agent ${target} may act again`
  const stop = given === undefined && context.canAsk ? await stopOf(context, target) : undefined
  const shown =
    stop === undefined ? '' : `${printable(`stopped since ${stop.since} by ${stop.by}: ${stop.reason}`)}\n`
  await confirmName(context, name, given, `${shown}${what}`)
  return stop?.since === '' ? undefined : stop?.since
}

async function stopOf(context: Context, target: string | undefined) {
  const { stops } = await calls(await context.client()).call('daemon', {})
  return stops.find(({ agent }) => agent === (target ?? 'all agents'))
}
