import { TRUST_STAGES } from '../../api/approvals.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, choiceArgument, option } from '../param.ts'

export const trustSet = command({
  name: 'trust set',
  about: 'put an agent in another stage of trust',
  details: [
    'The stage is about the code, interpreter and sandbox the agent was last about to start with. Of a coding agent that Warder does not start and only hears through its hooks, nobody can tell what it is: its stage is about its name.',
  ],
  examples: [
    { run: 'warder trust set builder verified --reason "reviewed"', does: 'it starts without a question' },
    { run: 'warder trust set builder draft', does: 'it asks each time; unused permits are taken back' },
  ],
  args: {
    agent: argument('the agent', { completes: 'agent' }),
    stage: choiceArgument('the stage', TRUST_STAGES),
  },
  options: { reason: option('why; kept in the record') },
  exits: ['denied', 'unavailable'],
  async run({ agent, stage, reason }, { client, out }) {
    const trust = await calls(await client()).call('trustSet', {
      agent,
      stage,
      ...(reason === undefined ? {} : { reason }),
    })
    out.result(
      trust,
      `${agent} is ${trust.stage}${trust.staged ? '' : '; nobody asks for it, see the setting trust.staged'}`,
    )
  },
})
