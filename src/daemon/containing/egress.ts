import type { ActionPort } from '../../contain/incident/index.ts'
import { agentOf } from './freezing.ts'
import type { ContainOptions } from './options.ts'

/** Ends every way out of an agent, or of all: its connections are cut, and its socket to the proxy is gone. */
export function closeEgressPort({ out }: Pick<ContainOptions, 'out'>): ActionPort {
  const ended = new Map<string, number>()
  return {
    async act({ target }, { id }) {
      const agent = agentOf(target)
      ended.set(id, await out.ways.endWhere((way) => agent === undefined || way.agent === agent))
    },
    async look({ target }, { id }) {
      const open = await out.ways.list(agentOf(target))
      if (open.length > 0) return { state: 'failed', evidence: `${open.length} ways out are still open` }
      return { state: 'done', evidence: `${ended.get(id) ?? 0} ways out ended; none is open` }
    },
  }
}

/** No run reaches the address any more, until the incident is resolved. */
export function blockPort({ out }: Pick<ContainOptions, 'out'>): ActionPort {
  return {
    act: async ({ target }) => await out.ways.block(target),
    async look({ target }) {
      const open = (await out.ways.list(undefined)).flatMap(({ places }) => places)
      const isOpen = open.some(({ host }) => host === target.toLowerCase())
      if (!out.ways.blocked.has(target) || isOpen)
        return { state: 'failed', evidence: `${target} can still be reached` }
      return {
        state: 'done',
        evidence: `no run reaches ${target}; the firewall of the machine was not changed`,
      }
    },
  }
}
