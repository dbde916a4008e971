import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument, option } from '../param.ts'
import { TERMS, termsOf } from './people-table.ts'

export const guestInvite = command({
  name: 'guest invite',
  about: 'invite somebody to use a part of this machine through Warder',
  details: [
    'Prints an invitation, once: whoever redeems it first, within 15 minutes, is the guest. Only a digest of it is kept. The guest may use what its scope names, through the same gate as everybody: each request is signed with a key only the guest has, decided, and recorded. Commands run in the smallest sandbox, in the directory you name.',
    'Guests connect through a socket of their own, which is not there unless you set people.socket. They come as another user of this machine, or from another one with ssh -L.',
  ],
  examples: [
    {
      run: 'warder guest invite anna --scope process:spawn:/usr/bin/git --workspace ~/project --for 7d',
      does: 'git, in that directory, for a week',
    },
  ],
  args: { name: argument('how the guest is called here') },
  options: { ...TERMS, reason: option('why, for the record') },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ name, reason, ...given }, { client, out, cwd }) {
    const { workspace } = given
    const terms = termsOf(
      { ...given, workspace: workspace === undefined ? undefined : resolve(cwd, workspace) },
      [],
    )
    const answer = await calls(await client()).call('guestInvite', {
      name,
      ...terms,
      ...(reason === undefined ? {} : { reason }),
    })
    const { guest, invitation, socket } = answer
    out.result(answer, invitation)
    out.note(
      `${guest.principal} may ${guest.scope.join(', ')} until ${localTime(Date.parse(guest.expiresAt))}`,
    )
    if (socket === undefined)
      out.warn('no socket for guests is open: set people.socket, and restart the daemon')
    else out.note(`redeemed within 15 minutes with: warder guest join --at ${socket}`)
  },
})
