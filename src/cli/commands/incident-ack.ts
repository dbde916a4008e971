import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, requiredOption } from '../param.ts'

export const incidentAck = command({
  name: 'incident ack',
  about: 'say that you have looked at an incident, and what its cause was',
  details: ['It lifts nothing: what is stopped stays so until the incident is resolved.'],
  examples: [
    {
      run: 'warder incident ack 0007 --by Anna --cause "a page told it to"',
      does: 'recorded under your name',
    },
  ],
  args: { id: argument('the incident') },
  options: {
    by: requiredOption('who you are', { value: 'NAME' }),
    cause: requiredOption('what the cause was'),
  },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ id, by, cause }, { client, out }) {
    const answer = await calls(await client()).call('incidentAck', { id, by, cause })
    out.result(answer, `${answer.id} is acknowledged by ${by}`)
    out.note(`end it with: warder incident resolve ${answer.id}`)
  },
})
