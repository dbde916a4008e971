import { restore } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { openHost, recorded } from './firewall-host.ts'

export const firewallRestore = command({
  name: 'firewall restore',
  about: 'put the confirmed firewall in force again after a boot',
  details: [
    'The kernel forgets its rules at a boot. This brings back what was last confirmed, with the openings that still have time, and never what was not confirmed. Meant for a unit that runs before the network is up.',
  ],
  examples: [{ run: 'sudo warder firewall restore', does: 'the rules as they were confirmed' }],
  exits: ['denied', 'conflict', 'unavailable'],
  async run(_input, context) {
    const host = openHost(context)
    const input = { id: host.state.confirmed()?.id ?? null }
    const act = { act: 'restore', about: input.id ?? 'nothing was confirmed', input } as const
    const { id } = await recorded(context, act, async () => await restore(host))
    context.out.result({ id, restored: true }, 'in force again, as it was confirmed')
  },
})
