import { formatDuration } from '../../core/quantity.ts'
import { address, block } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { argument, durationOption, requiredOption } from '../param.ts'
import { openHost, recorded, settingsOf } from './firewall-host.ts'

const USUAL_MS = 3_600_000

export const firewallBlock = command({
  name: 'firewall block',
  about: 'nothing comes from an address, and nothing goes there, for a time',
  details: [
    'Connections that are open are cut as well. The kernel ends it by itself, also when nothing of Warder runs any more. An address you manage this machine from (management.subnets) is not blocked, nor is this machine itself.',
  ],
  examples: [
    {
      run: 'sudo warder firewall block 203.0.113.7 --for 2h --why "it tries passphrases"',
      does: 'for two hours, in both directions',
    },
  ],
  args: { address: argument('an address or a network') },
  options: {
    for: durationOption('for how long (default 1h, at most 30d)'),
    why: requiredOption('why, for the record'),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ address: text, for: forMs = USUAL_MS, why: reason }, context) {
    const host = openHost(context)
    const { managementSubnets } = settingsOf(context)
    const asked = { address: address(text), forMs, reason }
    const about = `${asked.address} for ${formatDuration(forMs)}`
    const act = { act: 'block', about, input: { ...asked }, reason } as const
    const made = await recorded(context, act, async () => await block(host, asked, managementSubnets))
    const until = new Date(made.until).toISOString()
    context.out.result({ ...made, until }, `${made.id}: ${asked.address} is blocked until ${until}`)
  },
})
