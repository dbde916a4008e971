import type { AirlockAnswer, WayAnswer } from '../../api/egress.ts'
import { parseDurationMs } from '../../core/quantity.ts'
import type { Acts } from '../acts.ts'
import type { AirlockState, AirlockSwitch } from '../airlock.ts'
import type { Handlers } from './app.ts'

export interface EgressHandlerOptions {
  readonly airlock: AirlockSwitch
  readonly acts: Acts
  /** The ways out that are open, with what the proxy counted. */
  readonly ways: (agent: string | undefined) => Promise<readonly WayAnswer[]>
  readonly proxy: () => { readonly state: 'running' | 'not started' | 'broken'; readonly problem?: string }
}

type EgressHandlers = Pick<Handlers, 'egressList' | 'airlockShow' | 'airlockOpen' | 'airlockClose'>

/** What leaves, for its owner to look at; the airlock, for its owner to open and to shut. */
export function egressHandlers({ airlock, acts, ways, proxy }: EgressHandlerOptions): EgressHandlers {
  return {
    async egressList({ agent }) {
      const { state, problem } = proxy()
      return {
        proxy: state,
        ...(problem === undefined ? {} : { problem }),
        airlock: airlockAnswer(airlock.state()),
        ways: [...(await ways(agent))],
      }
    },
    airlockShow: () => airlockAnswer(airlock.state()),
    async airlockOpen({ for: text, reason }, { credential }) {
      const forMs = parseDurationMs(text)
      const input = { open: true, forMs }
      const asked = { credential, ...AIRLOCK, risk: 'high' as const, input, reason }
      return airlockAnswer((await acts.act(asked, 'egress', () => airlock.open(forMs))).value)
    },
    async airlockClose({ reason }, { credential }) {
      const asked = {
        ...{ credential, ...AIRLOCK, risk: 'low' as const, input: { open: false } },
        ...(reason === undefined ? {} : { reason }),
      }
      return airlockAnswer((await acts.act(asked, 'egress', () => airlock.close())).value)
    },
  }
}

const AIRLOCK = { namespace: 'config', verb: 'write', resource: 'airlock' } as const

export function airlockAnswer({ mode, openUntil }: AirlockState): AirlockAnswer {
  return { mode, ...(openUntil === undefined ? {} : { openUntil: new Date(openUntil).toISOString() }) }
}
