import { unblock } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'
import { openHost, recorded } from './firewall-host.ts'

export const firewallUnblock = command({
  name: 'firewall unblock',
  about: 'let an address through again before its time is over',
  examples: [{ run: 'sudo warder firewall unblock 203.0.113.7/32', does: 'now' }],
  args: { which: argument('the block, or its address, as warder firewall status names it') },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ which }, context) {
    const host = openHost(context)
    const act = { act: 'unblock', about: which.slice(0, 200), input: { which } } as const
    const { id, address } = await recorded(context, act, async () => await unblock(host, which))
    context.out.result({ id, address, unblocked: true }, `no longer blocked: ${address}`)
  },
})
