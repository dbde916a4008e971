import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, flag, requiredOption } from '../param.ts'
import { stepTable } from './incident-words.ts'

export const incidentStep = command({
  name: 'incident step',
  about: 'say that a step of a playbook is done, or why it is left out',
  examples: [
    { run: 'warder incident step 0007 rotate --by Anna --note "new key in place"', does: 'one step less' },
    {
      run: 'warder incident step 0007 notify --waive --by Anna --note "no personal data"',
      does: 'left out, with a reason',
    },
  ],
  args: { id: argument('the incident'), step: argument('the step (warder incident show)') },
  options: {
    by: requiredOption('who you are', { value: 'NAME' }),
    note: requiredOption('what was done, or why it is not needed'),
    waive: flag('it is not needed'),
  },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ id, step, by, note, waive }, context) {
    const answer = await calls(await context.client()).call('incidentStep', { id, step, by, note, waive })
    context.out.result(answer, stepTable(answer, context))
  },
})
