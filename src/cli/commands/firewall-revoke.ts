import { revoke } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'
import { openHost, recorded } from './firewall-host.ts'

export const firewallRevoke = command({
  name: 'firewall revoke',
  about: 'close a port that was opened for a time',
  details: ['Connections that are open already go on; no new one is let in.'],
  examples: [{ run: 'sudo warder firewall revoke ID', does: 'now, before its time is over' }],
  args: { id: argument('the opening, as warder firewall status names it') },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ id }, context) {
    const host = openHost(context)
    const act = { act: 'revoke', about: id, input: { id } } as const
    const { transport, port, from } = await recorded(context, act, async () => await revoke(host, id))
    context.out.result({ id, revoked: true }, `closed: ${transport} ${port} from ${from}`)
  },
})
