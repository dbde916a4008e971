import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const pairingReject = command({
  name: 'pairing reject',
  about: 'refuse a pairing',
  examples: [{ run: 'warder pairing reject ABCD-EFGH', does: 'by its code, or by its id' }],
  args: { code: argument('the code, or the id') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ code }, { client, out }) {
    const answer = await calls(await client()).call('pairingReject', { code })
    out.result(answer, `${answer.what} ${answer.name}: ${answer.state}`)
  },
})
