import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const sessionEnd = command({
  name: 'session end',
  about: 'end a session',
  examples: [{ run: 'warder session end 01a2b3c4', does: 'the one whose id begins so' }],
  args: { id: argument('its id, or the beginning of it; current for the one you are in') },
  exits: ['missing', 'unavailable'],
  async run({ id }, { client, out }) {
    const answer = await calls(await client()).call('sessionEnd', { id })
    out.result(answer, `session ${answer.ended} is over`)
  },
})
