import { messageOf } from '../core/error.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import type { SettingValues } from '../platform/settings.ts'
import { admission } from './admission.ts'
import { floodEvent, notForAgentEvent } from './events.ts'

export interface AdmittingOptions {
  readonly values: SettingValues
  readonly monotonicMs: () => number
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly log: Pick<Log, 'error'>
}

/** How often agents may ask, and the record of those that ask too much or for what is not theirs. */
export function admitting({ values, monotonicMs, append, log }: AdmittingOptions) {
  // not waited for: an agent that floods gets no say in how long anything takes
  const note = async (event: GateEvent): Promise<void> => {
    await append(event).catch((error: unknown) => log.error(`not recorded: ${messageOf(error)}`))
  }
  return {
    admitAgent: admission({
      perSecond: values['agent.questions_per_second'],
      atOnce: values['agent.questions_at_once'],
      monotonicMs,
      flooded: (agent) => void note(floodEvent(agent)),
    }),
    notForAgent: (agent: string, call: string) => note(notForAgentEvent(agent, call)),
  }
}
