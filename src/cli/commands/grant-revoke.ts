import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, option } from '../param.ts'

export const grantRevoke = command({
  name: 'grant revoke',
  about: 'take a grant back, at once',
  details: ['Running work that was started with the grant is stopped.'],
  examples: [{ run: 'warder grant revoke 0198c2', does: 'a unique beginning of the id is enough' }],
  args: { id: argument('the grant') },
  options: { reason: option('why; kept in the record') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ id, reason }, { client, out }) {
    const grant = await calls(await client()).call('grantRevoke', {
      id,
      ...(reason === undefined ? {} : { reason }),
    })
    out.result(grant, `revoked: ${grant.principal} no longer has ${grant.capability}`)
  },
})
