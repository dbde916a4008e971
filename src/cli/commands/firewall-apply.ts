import { formatDuration } from '../../core/quantity.ts'
import { apply, isRouting, notesOn, replacing, tableOf, userIds } from '../../enforce/firewall/index.ts'
import type { Json } from '../../core/canonical.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { durationOption } from '../param.ts'
import { openHost, recorded, settingsOf } from './firewall-host.ts'

const USUAL_MS = 60_000
const SHORTEST_MS = 2000
const LONGEST_MS = 3_600_000

export const firewallApply = command({
  name: 'firewall apply',
  about: 'put the firewall in force, for a minute unless it is confirmed',
  details: [
    'Checks the rules and the way back, starts who would take them back, and puts them in force in one step. Unless warder firewall confirm is given in time the machine is as before; that also holds when this command, the terminal or the connection dies.',
    'Connections that are open go on in any case: before you confirm, open a new one to see whether you can.',
    'Only the table inet warder is ever touched. Needs root (CAP_NET_ADMIN).',
  ],
  examples: [
    { run: 'sudo warder firewall apply', does: 'then log in anew, and: sudo warder firewall confirm' },
  ],
  options: { within: durationOption('how long it waits for the confirmation (default 1m, from 2s to 1h)') },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ within = USUAL_MS }, context) {
    if (within < SHORTEST_MS || within > LONGEST_MS) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: '--within is from 2s to 1h',
        fix: 'for example: warder firewall apply --within 5m',
      })
    }
    const host = openHost(context)
    const settings = settingsOf(context)
    const ids = userIds(settings)
    const table = tableOf(settings, ids)
    for (const note of notesOn(settings, ids, isRouting())) context.out.warn(note)
    const batch = replacing(table, { openings: [], blocks: [] }, 0) as unknown as Json
    const act = { act: 'apply', about: `${table.chains.length} chains`, input: batch } as const
    const { id } = await recorded(context, act, async () => await apply(host, table, within))
    const dueMs = host.state.watch(id)?.dueMs ?? context.clock.now() + within
    context.out.result(
      { id, confirmBy: new Date(dueMs).toISOString() },
      `in force for ${formatDuration(within)}; to keep it, open a new connection, then: sudo warder firewall confirm`,
    )
  },
})
