import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { choiceArgument, option, requiredOption } from '../param.ts'
import { incidentWords } from './incident-words.ts'

export const incidentPlaybook = command({
  name: 'incident playbook',
  about: 'open a case that follows a playbook: a known credential, or a data breach',
  details: [
    'What can be done by itself is done at once: for a credential, the secret is disabled, its ways out end, and the rights of its agent are taken back; for a breach, the agent is stopped and looked at, its connections are cut and its rights taken back. What only a person can do stands there as steps, some with a deadline that warder status reminds of. The case is resolved when every step is done or waived with a reason.',
  ],
  examples: [
    {
      run: 'warder incident playbook credential --secret github --reason "seen in a log"',
      does: 'takes it out of use',
    },
    {
      run: 'warder incident playbook breach --agent builder --reason "upload to a stranger"',
      does: 'stops it',
    },
  ],
  args: { playbook: choiceArgument('which', ['credential', 'breach']) },
  options: {
    secret: option('the secret'),
    agent: option('the agent', { completes: 'agent' }),
    reason: requiredOption('what happened; kept in the record'),
  },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ playbook, secret, agent, reason }, context) {
    const answer = await calls(await context.client()).call('incidentPlaybook', {
      ...{ playbook, reason },
      ...(secret === undefined ? {} : { secret }),
      ...(agent === undefined ? {} : { agent }),
    })
    context.out.result(answer, incidentWords(answer, context))
  },
})
