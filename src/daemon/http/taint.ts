import type { Acts } from '../acts.ts'
import type { TaintRoom } from '../taint.ts'
import type { Handlers } from './app.ts'

type TaintHandlers = Pick<Handlers, 'taintShow' | 'taintClear'>

/** What agents were shown, for their owner to look at and to answer for. */
export function taintHandlers(taint: TaintRoom, acts: Acts): TaintHandlers {
  return {
    taintShow({ agent }) {
      const { taints, files } = taint.shown(agent)
      const problem = taint.problem()
      return {
        agents: taints.map((each) => ({ ...each, since: new Date(each.since).toISOString() })),
        files: files.map((each) => ({
          ...each,
          labels: [...each.labels],
          since: new Date(each.since).toISOString(),
        })),
        ...(problem === undefined ? {} : { problem }),
      }
    },
    async taintClear({ agent, files, reason }, { credential }) {
      const asked = {
        ...{ credential, namespace: 'config', verb: 'write', resource: `taint/${agent}` },
        ...{ risk: 'high' as const, input: { agent, files }, reason },
      }
      const { value } = await acts.act(asked, 'policy', async () => taint.clear(agent, files))
      return { labels: [...value.labels], files: value.files }
    },
  }
}
