import { remove } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { option } from '../param.ts'
import { openHost, recorded } from './firewall-host.ts'

export const firewallRemove = command({
  name: 'firewall remove',
  about: 'take the firewall away',
  details: ['Removes the table inet warder and every opening; the rules of others stay as they are.'],
  examples: [{ run: 'sudo warder firewall remove --confirm firewall', does: 'without asking, for scripts' }],
  options: { confirm: option('the word firewall, for scripts', { value: 'WORD' }) },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ confirm }, context) {
    const host = openHost(context)
    await confirmName(context, 'firewall', confirm, 'this machine will stand without a firewall of Warder’s')
    const act = { act: 'remove', about: 'table inet warder', input: {} } as const
    await recorded(context, act, async () => await remove(host))
    context.out.result({ removed: true }, 'removed: the table inet warder is gone')
  },
})
