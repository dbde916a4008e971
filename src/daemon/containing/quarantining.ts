import { existsSync } from 'node:fs'
import type { ActionPort, Order, Seen } from '../../contain/incident/index.ts'
import type { Quarantine } from '../../contain/quarantine/index.ts'
import { foreignFiles } from '../../platform/foreign-files.ts'
import { runName } from '../mcp-admit.ts'
import { freezePort } from './freezing.ts'
import { withhold } from './holding.ts'
import type { ContainOptions } from './options.ts'

type Options = Parameters<typeof freezePort>[0] &
  Pick<ContainOptions, 'mcp'> & { readonly quarantine: Quarantine }

/** Takes a file away; keeps an MCP server from running; refuses every call of one tool. */
export function quarantinePort(options: Options): ActionPort {
  const freeze = freezePort(options)
  const asServer = (order: Order): Order => ({ action: 'freeze_agent', target: runName(order.target) })
  return {
    async act(order, incident) {
      const { kind } = order.input ?? {}
      withhold(options, order, incident.id)
      if (kind === 'server') return await freeze.act(asServer(order), incident)
      if (kind === 'tool') return
      await foreignFiles.ask(() => [order.target])
      // taken before, by an attempt whose receipt was never written
      if (options.quarantine.of(order.target, incident.id) === undefined || !isGone(order.target))
        options.quarantine.take(order.target, incident.id)
    },
    async look(order, incident) {
      const { kind, server = '', tool = '' } = order.input ?? {}
      if (kind === 'server') return await freeze.look(asServer(order), incident)
      if (kind === 'file') return fileSeen(options.quarantine, order.target, incident.id)
      return options.mcp.withheld.why(server, tool) === undefined
        ? { state: 'failed', evidence: `${server}/${tool} can still be called` }
        : { state: 'done', evidence: `every call of ${server}/${tool} is refused` }
    },
    mostMs: 60_000, // models are large
  }
}

function isGone(path: string): boolean {
  return !foreignFiles.isSilent(path) && !existsSync(path)
}

function fileSeen(quarantine: Quarantine, path: string, incident: string): Seen {
  if (foreignFiles.isSilent(path))
    return { state: 'failed', evidence: `the file system of ${path} does not answer` }
  const kept = quarantine.of(path, incident)
  if (existsSync(path)) return { state: 'failed', evidence: `${path} is still there` }
  if (kept === undefined)
    return { state: 'nothing', evidence: `there is no ${path}, and it was not taken from here` }
  if (!quarantine.isWhole(kept))
    return { state: 'failed', evidence: `the copy of ${path} is not what was taken` }
  return {
    state: 'done',
    evidence: `kept as ${kept.sha256}, ${kept.sizeBytes} bytes; put back with: warder quarantine restore ${kept.id}`,
  }
}
