import { confirm } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { openHost, recorded } from './firewall-host.ts'

export const firewallConfirm = command({
  name: 'firewall confirm',
  about: 'keep the firewall that was just put in force',
  details: ['Only within the time that warder firewall apply gave; after that it was taken back.'],
  examples: [{ run: 'sudo warder firewall confirm', does: 'from a connection you opened after the change' }],
  exits: ['denied', 'missing', 'unavailable'],
  async run(_input, context) {
    const host = openHost(context)
    const input = { id: host.state.pending()?.id ?? null }
    const act = { act: 'confirm', about: input.id ?? 'nothing waits', input } as const
    const { id } = await recorded(context, act, async () => await confirm(host))
    context.out.result({ id, confirmed: true }, 'confirmed: the firewall stays')
  },
})
