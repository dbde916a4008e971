import { existsSync, readFileSync } from 'node:fs'
import type { ActionPort } from '../../contain/incident/index.ts'
import type { OutwardEnd } from '../../enforce/egress/index.ts'
import { addressOf } from '../../watch/host/index.ts'
import type { Ended } from '../ways-out-run.ts'
import { blockOnMachine } from './firewall.ts'
import { reasonOf } from './freezing.ts'
import { agentOf, type ContainOptions } from './options.ts'

/**
 * Ends every way out of an agent, or of all: its connections are cut, and its socket to the proxy is gone. What was open is
 * looked for in the kernel afterwards, and not with who cut it.
 */
export function closeEgressPort({ out }: Pick<ContainOptions, 'out'>): ActionPort {
  const ended = new Map<string, Ended>()
  return {
    async act({ target }, { id }) {
      const agent = agentOf(target)
      const now = await out.ways.endWhere((way) => agent === undefined || way.agent === agent)
      const before = ended.get(id) ?? NONE
      ended.set(id, {
        ways: before.ways + now.ways,
        untold: before.untold + now.untold,
        open: [...before.open, ...now.open],
      })
    },
    async look({ target }, { id }) {
      const open = await out.ways.list(agentOf(target))
      if (open.length > 0) return { state: 'failed', evidence: `${open.length} ways out are still open` }
      const { ways, untold, open: were } = ended.get(id) ?? NONE
      const left = stillOpen(were)
      if (left.length > 0)
        return { state: 'failed', evidence: `${left.length} of ${were.length} connections are still open` }
      const cut =
        were.length === 0 ? 'no connection was open' : `${were.length} connections were open and are gone`
      const of = untold === 0 ? cut : `${cut}, as far as was told: of ${untold} nobody could say`
      return { state: 'done', evidence: `${ways} ways out ended, ${of}; none is open` }
    },
  }
}

const NONE: Ended = { ways: 0, untold: 0, open: [] }

/** As /proc/net/tcp writes a connection that both ends can still use, or that only the other end has given up. */
const OPEN_STATES: ReadonlySet<string> = new Set(['01', '08'])

function stillOpen(were: readonly OutwardEnd[]): OutwardEnd[] {
  if (were.length === 0) return []
  const open = new Set((['tcp', 'tcp6'] as const).flatMap(connectionsIn))
  return were.filter((end) => open.has(nameOf(end)))
}

/** @throws Error when the table cannot be read: then nobody knows; a machine without IPv6 has none of those */
function connectionsIn(table: 'tcp' | 'tcp6'): string[] {
  const path = `/proc/self/net/${table}`
  if (table === 'tcp6' && !existsSync(path)) return []
  const lines = readFileSync(path, 'latin1').split('\n')
  return lines.flatMap((line) => {
    const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/)
    if (!OPEN_STATES.has(state)) return []
    const [, localPort = ''] = local.split(':')
    const [address = '', port = ''] = remote.split(':')
    const [from, to] = [localPort, port].map((hex) => Number.parseInt(hex, 16))
    return [nameOf({ localPort: from ?? 0, address: addressOf(address), port: to ?? 0 })]
  })
}

function nameOf({ localPort, address, port }: OutwardEnd): string {
  return `${localPort} ${address.replace(/^::ffff:(?=[0-9.]+$)/, '')} ${port}`
}

/**
 * No run reaches the address any more, until the incident is resolved; and nobody else on this machine, where Warder's
 * firewall is in force. Where it is not, the receipt says so, and nothing of the kind is claimed.
 */
export function blockPort(options: Pick<ContainOptions, 'out' | 'values' | 'clock'>): ActionPort {
  const { out } = options
  return {
    act: async ({ target }) => await out.ways.block(target),
    async look({ target }, incident) {
      const open = (await out.ways.list(undefined)).flatMap(({ places }) => places)
      const isOpen = open.some(({ host }) => host === target.toLowerCase())
      if (!out.ways.blocked.has(target) || isOpen)
        return { state: 'failed', evidence: `${target} can still be reached` }
      const machine = await blockOnMachine(options, target, reasonOf(incident))
      const words =
        'until' in machine
          ? `the firewall of the machine drops it as well until ${new Date(machine.until).toISOString()}`
          : `for the rest of the machine it is not in force here: ${machine.not}`
      return { state: 'done', evidence: `no run reaches ${target}; ${words}` }
    },
    mostMs: 20_000, // nft is a program of its own
  }
}
