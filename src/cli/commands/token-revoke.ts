import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const tokenRevoke = command({
  name: 'token revoke',
  about: 'take a capability token back',
  details: ['One that was spent already has become grants: take those back with warder grant revoke.'],
  examples: [{ run: 'warder token revoke 01a2b3c4', does: 'the one whose id begins so' }],
  args: { id: argument('its id, or the beginning of it') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ id }, { client, out }) {
    const answer = await calls(await client()).call('tokenRevoke', { id })
    out.result(answer, `token ${answer.id} for ${answer.agent}: ${answer.state}`)
  },
})
