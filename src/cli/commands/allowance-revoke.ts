import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const allowanceRevoke = command({
  name: 'allowance revoke',
  about: 'take an allowance back; the command asks again',
  examples: [{ run: 'warder allowance revoke 0198c2', does: 'a unique beginning of the id is enough' }],
  args: { id: argument('the allowance') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ id }, { client, out }) {
    const allowance = await calls(await client()).call('allowanceRevoke', { id })
    out.result(allowance, `revoked: ${allowance.agent} asks again for ${allowance.pattern}`)
  },
})
