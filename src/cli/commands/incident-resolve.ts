import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, choiceOption, option, requiredOption } from '../param.ts'

export const incidentResolve = command({
  name: 'incident resolve',
  about: 'end an incident, and give back what it held',
  details: [
    'It must be acknowledged, each of its actions confirmed or accepted as it is, each step of its playbook done or waived, and for critical and integrity incidents Warder itself must have been seen whole since. Asks for the id first. warder recover takes you through all of it.',
  ],
  examples: [
    {
      run: 'warder incident resolve 0007 --by Anna --reason "rule tightened"',
      does: 'asks before it does so',
    },
  ],
  args: { id: argument('the incident') },
  options: {
    by: requiredOption('who you are', { value: 'NAME' }),
    reason: requiredOption('why it is over'),
    accept: choiceOption('leave what was never confirmed as it is', ['unconfirmed']),
    confirm: option('the id as given, for scripts', { value: 'ID' }),
  },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ id, by, reason, accept, confirm }, context) {
    await confirmName(context, id, confirm, 'what it stopped may go on')
    const answer = await calls(await context.client()).call('incidentResolve', {
      ...{ id, by, reason },
      ...(accept === undefined ? {} : { accept: [accept] }),
    })
    const { incident, lifted } = answer
    const back = lifted.length === 0 ? 'nothing was lifted' : `lifted: ${lifted.join(', ')}`
    context.out.result(answer, `${incident.id} is resolved; ${back}`)
  },
})
