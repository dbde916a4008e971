import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { option } from '../param.ts'
import { airlockWords } from './airlock-show.ts'

export const airlockClose = command({
  name: 'airlock close',
  about: 'let nothing out of any sandbox from now on',
  examples: [{ run: 'warder airlock close', does: 'what is under way is cut' }],
  options: { reason: option('why, for the record') },
  exits: ['denied', 'unavailable'],
  async run({ reason }, { client, out }) {
    const input = reason === undefined ? {} : { reason }
    const answer = await calls(await client()).call('airlockClose', input)
    out.result(answer, airlockWords(answer))
  },
})
