import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument, durationOption, manyOption, requiredOption } from '../param.ts'

export const tokenIssue = command({
  name: 'token issue',
  about: 'make a capability token for one task of one agent',
  details: [
    'Signed in every field: agent, task, the digest of what the task is, the policy in force, the capabilities and the time. The agent spends it once, at its own socket (POST /v1/tokens/spend), and holds grants for that task until the token’s end. For another agent, after a change of the policy, or a second time it opens nothing.',
  ],
  examples: [
    {
      run: 'warder token issue builder --task nightly --intent "import the data" --capability fs:read:/srv/data/** --for 2h',
      does: 'prints the token, once',
    },
  ],
  args: { agent: argument('whom it is for', { completes: 'agent' }) },
  options: {
    task: requiredOption('the task it is bound to'),
    intent: requiredOption('what the task is, in your words'),
    capability: manyOption('what it opens; give it again for more', { value: 'CAPABILITY' }),
    for: durationOption('how long it holds (default 1h, most 24h)'),
  },
  exits: ['denied', 'unavailable'],
  async run({ agent, task, intent, capability, for: durationMs }, { client, out }) {
    const answer = await calls(await client()).call('tokenIssue', {
      ...{ agent, task, intent, capabilities: [...capability] },
      ...(durationMs === undefined ? {} : { expiresIn: `${durationMs}ms` }),
    })
    out.result(answer, answer.token)
    out.note(
      `for ${agent} until ${localTime(Date.parse(answer.slip.expiresAt))}; take it back: warder token revoke ${answer.slip.id}`,
    )
  },
})
