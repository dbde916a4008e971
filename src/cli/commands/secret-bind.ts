import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, flag, option } from '../param.ts'
import { secretLines, TERM_OPTIONS, termsOf } from './secret-terms.ts'

export const secretBind = command({
  name: 'secret bind',
  about: 'change what a secret is for: hosts, agents, places, age, program',
  details: [
    'What is not named stays as it was. --host and --for replace the whole list. What an agent runs now goes on with what it was given; the next run sees the change.',
    'A secret that is disabled is given to nobody until it is enabled again. Warder disables one by itself when its twin, which nobody but a thief would use, is seen on its way out.',
  ],
  examples: [
    {
      run: 'warder secret bind github-token --for builder --for tester',
      does: 'these two agents, and no other',
    },
    { run: 'warder secret bind github-token --disable --reason "may be known"', does: 'nobody, at once' },
  ],
  args: { name: argument('the secret') },
  options: {
    ...TERM_OPTIONS,
    enable: flag('it may be used again'),
    disable: flag('it may not be used until it is enabled again'),
    reason: option('why; recorded', { value: 'TEXT' }),
  },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ name, enable, disable, reason, ...terms }, context) {
    const answer = await calls(await context.client()).call('secretBind', {
      name,
      ...termsOf(terms, context),
      ...(enable || disable ? { enabled: enable } : {}),
      ...(reason === undefined ? {} : { reason }),
    })
    context.out.result(answer, secretLines(answer.secret))
  },
})
