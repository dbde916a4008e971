import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'
import { incidentWords } from './incident-words.ts'

export const incidentShow = command({
  name: 'incident show',
  about: 'show one incident, with its receipts and timeline',
  examples: [{ run: 'warder incident show 0007', does: 'the end of its id is enough' }],
  args: { id: argument('the incident') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ id }, context) {
    const answer = await calls(await context.client()).call('incidentShow', { id })
    context.out.result(answer, incidentWords(answer, context))
  },
})
