import { existsSync } from 'node:fs'
import { messageOf } from '../../core/error.ts'
import {
  differences,
  FirewallState,
  IN_SCRATCH,
  isRouting,
  linesOf,
  notesOn,
  openNft,
  replacing,
  tableOf,
  userIds,
} from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { firewallDirectory, settingsOf } from './firewall-host.ts'

export const firewallPlan = command({
  name: 'firewall plan',
  about: 'show the firewall that firewall.yaml asks for, and what would change',
  details: [
    'Reads firewall.yaml in the directory of the configuration and changes nothing. Needs no rights: where the machine allows it, nft checks the rules in a network of its own.',
    'With --json the whole batch for nft comes along.',
  ],
  examples: [
    {
      run: 'warder firewall plan',
      does: 'every rule with its reason, then what differs from what was confirmed',
    },
  ],
  exits: ['unavailable'],
  async run(_input, context) {
    const settings = settingsOf(context)
    const ids = userIds(settings)
    const table = tableOf(settings, ids)
    const rules = linesOf(table)
    const batch = replacing(table, { openings: [], blocks: [] }, context.clock.now())
    const checked = await tried(async () => await openNft(IN_SCRATCH).check(batch))
    const directory = firewallDirectory(context)
    const before = existsSync(directory) ? new FirewallState(directory).confirmed()?.wanted : undefined
    const changes = differences(before ?? [], rules)
    const notes = notesOn(settings, ids, isRouting())
    for (const note of notes) context.out.warn(note)
    const lines = [
      ...rules,
      '',
      checked === 'accepted' ? 'nft accepts these rules' : checked,
      ...(before === undefined
        ? ['no firewall was confirmed before: all of it is new']
        : changes.length === 0
          ? ['nothing would change']
          : changes.map(({ sign, chain, line }) => `${sign} ${chain}: ${line}`)),
    ]
    context.out.result({ rules, changes, notes, checked, batch }, lines.join('\n'))
  },
})

async function tried(check: () => Promise<void>): Promise<string> {
  try {
    await check()
    return 'accepted'
  } catch (error) {
    return `not accepted, or not checked here: ${messageOf(error)}`
  }
}
