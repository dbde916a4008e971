import { listMemberships } from '../../client/membership.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { option } from '../param.ts'
import { callAs } from './membership-call.ts'

export const guestStatus = command({
  name: 'guest status',
  about: 'where you are a guest or a paired device, and what you may there',
  examples: [
    { run: 'warder guest status', does: 'your memberships' },
    { run: 'warder guest status --as anna', does: 'asks over there what holds now' },
  ],
  options: { as: option('ask for this one', { value: 'NAME' }) },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ as }, context) {
    const { out } = context
    if (as !== undefined) {
      const member = await callAs(context, as, 'whoami', {})
      const until = localTime(Date.parse(member.expiresAt))
      return out.result(
        member,
        `${member.principal}, ${member.state} until ${until}: ${member.scope.join(', ')}`,
      )
    }
    const all = listMemberships(context.config.values['paths.keys']).map(
      ({ name, socket, pairing, tokenExpiresAt }) => ({
        ...{ name, socket, state: pairing === undefined ? 'joined' : 'waits to be approved' },
        ...(tokenExpiresAt === undefined ? {} : { tokenExpiresAt }),
      }),
    )
    out.table(
      all,
      [
        { title: 'NAME', value: ({ name }) => name },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'SOCKET', value: ({ socket }) => socket, shrinks: true },
      ],
      { value: { memberships: all }, empty: 'none; warder guest join, or warder pair' },
    )
  },
})
