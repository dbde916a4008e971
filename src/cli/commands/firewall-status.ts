import {
  blockedNow,
  differences,
  lasting,
  linesOf,
  openNow,
  settle,
  tableOf,
  userIds,
  type Change,
  type FirewallHost,
} from '../../enforce/firewall/index.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { openHost, settingsOf } from './firewall-host.ts'

export const firewallStatus = command({
  name: 'firewall status',
  about: 'show whether the firewall stands, and what a hand changed in it',
  details: [
    'Compares what the kernel has with what Warder put there, and the settings with what was applied. Exit 8 when the kernel has something else than what was confirmed. Needs root, as nobody else may read the rules.',
  ],
  examples: [{ run: 'sudo warder firewall status', does: 'in force, openings, and every line that differs' }],
  exits: ['denied', 'unavailable', 'unverified'],
  async run(_input, context) {
    const host = openHost(context)
    const wasTakenBack = await settle(host)
    if (wasTakenBack) context.out.warn('a change nobody watched over any more was taken back')
    const { state, clock } = host
    const pending = state.pending()
    const change = pending ?? state.confirmed()
    const found = await host.nft.text()
    const drift = driftOf(host, change, found)
    const isUnsaved = change !== undefined && isOtherNow(context, change)
    const openings = openNow(host).map((each) => ({ ...each, until: new Date(each.until).toISOString() }))
    const blocks = blockedNow(host).map((each) => ({ ...each, until: new Date(each.until).toISOString() }))
    const word = pending !== undefined ? 'waits to be confirmed' : change === undefined ? 'off' : 'in force'
    const dueMs = pending === undefined ? undefined : state.watch(pending.id)?.dueMs
    const lines = [
      `firewall: ${change !== undefined && found === undefined ? 'confirmed, but not in the kernel: warder firewall restore' : word}`,
      ...(dueMs === undefined
        ? []
        : [`it is taken back in ${Math.max(0, Math.ceil((dueMs - clock.now()) / 1000))} s`]),
      ...(isUnsaved ? ['firewall.yaml says something else since: warder firewall plan'] : []),
      ...openings.map(
        ({ id, transport, port, from, until, reason }) =>
          `open: ${transport} ${port} from ${from} until ${until} (${id}) ${reason}`,
      ),
      ...blocks.map(
        ({ id, address, until, reason }) => `blocked: ${address} until ${until} (${id}) ${reason}`,
      ),
      // when all of it is gone the line above says so, and every line of it says no more
      ...(found === undefined ? [] : drift).map(({ sign, chain, line }) => `${sign} ${chain}: ${line}`),
      ...(drift.length > 0 ? ['the kernel has something else than what Warder put there'] : []),
    ]
    context.out.result({ state: word, drift, settingsChanged: isUnsaved, openings, blocks }, lines.join('\n'))
    return drift.length > 0 ? EXIT.unverified : EXIT.ok
  },
})

function driftOf({ state }: FirewallHost, change: Change | undefined, found: string | undefined) {
  const wanted = change === undefined ? [] : (state.lines(change.id) ?? [])
  return differences(wanted, lasting(found ?? ''))
}

function isOtherNow(context: Context, { wanted }: Change): boolean {
  const settings = settingsOf(context)
  return differences(wanted, linesOf(tableOf(settings, userIds(settings)))).length > 0
}
