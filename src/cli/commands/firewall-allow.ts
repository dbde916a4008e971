import { formatDuration } from '../../core/quantity.ts'
import { parsePort } from '../../core/safe/network.ts'
import { address, allow } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { choiceOption, durationOption, requiredOption } from '../param.ts'
import { openHost, recorded, settingsOf } from './firewall-host.ts'

const USUAL_MS = 3_600_000

export const firewallAllow = command({
  name: 'firewall allow',
  about: 'open a port to a network for a time',
  details: [
    'The kernel closes it again by itself, also when nothing of Warder runs any more. The reason is recorded. Management ports are opened by management.subnets in firewall.yaml alone.',
  ],
  examples: [
    {
      run: 'sudo warder firewall allow --port 80 --from 10.0.0.0/8 --for 2h --reason "certificate renewal"',
      does: 'open for two hours',
    },
  ],
  options: {
    port: requiredOption('which port', { value: 'PORT' }),
    from: requiredOption('from which address or network', { value: 'NETWORK' }),
    for: durationOption('for how long (default 1h, at most 30d)'),
    transport: choiceOption('of which protocol (default tcp)', ['tcp', 'udp']),
    reason: requiredOption('why, for the record'),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ port, from, for: forMs = USUAL_MS, transport = 'tcp', reason }, context) {
    const host = openHost(context)
    const { managementPorts } = settingsOf(context)
    const asked = { transport, port: parsePort(port), from: address(from), forMs, reason }
    const about = `${transport} ${port} from ${asked.from} for ${formatDuration(forMs)}`
    const act = { act: 'allow', about, input: { ...asked }, reason } as const
    const opening = await recorded(context, act, async () => await allow(host, asked, managementPorts))
    const until = new Date(opening.until).toISOString()
    context.out.result({ ...opening, until }, `${opening.id}: ${about}, until ${until}`)
  },
})
