import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument, durationOption, option, requiredOption } from '../param.ts'
import { secondsOf } from './question-text.ts'

export const request = command({
  name: 'request',
  about: 'ask for a capability the policy lets an agent ask for',
  details: [
    'What is outside of may_request in the policy file is refused without asking anybody. The rest a person answers; a yes is a grant that ends by itself. Inside a sandbox it is the agent who asks, over its own socket; outside you name the agent.',
  ],
  examples: [
    {
      run: 'warder request net:connect:registry.example.org:443 --why "install dependencies"',
      does: 'inside the sandbox: asks, and waits for the answer',
    },
    {
      run: 'warder request fs:read:/srv/data/** --why "nightly import" --agent builder --for 1h',
      does: 'outside: for an agent',
    },
  ],
  args: { capability: argument('namespace:action[:resource_pattern]') },
  options: {
    why: requiredOption('why; whoever answers reads it'),
    agent: option('whose request it is; inside a sandbox it is its own', { completes: 'agent' }),
    for: durationOption('how long it is wanted for (default 10m)'),
    task: option('the task it is for'),
  },
  exits: ['denied', 'stopped', 'unavailable'],
  async run({ capability, why, agent, for: forMs, task }, { client, out, signal }) {
    const input = {
      capability,
      reason: why,
      ...(agent === undefined ? {} : { as: agent }),
      ...(forMs === undefined ? {} : { duration: `${forMs}ms` }),
      ...(task === undefined ? {} : { task }),
    }
    for await (const answer of calls(await client()).stream('capabilityRequest', input, signal)) {
      if (answer.what === 'asked')
        out.note(`warder: a person is asked, ${secondsOf(answer.waitMs ?? 0)} to answer`)
      else if (answer.what === 'held') out.result(answer, `${capability} is held already`)
      else {
        const until = localTime(Date.parse(answer.expiresAt ?? ''))
        out.result(
          answer,
          `granted: ${capability} until ${until}, by ${answer.by ?? ''}; grant ${answer.grant ?? ''}`,
        )
      }
    }
  },
})
