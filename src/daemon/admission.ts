import { setTimeout as sleep } from 'node:timers/promises'
import { HTTP_ERRORS, HttpError } from './http/problem.ts'
import { RateLimit, type RateOptions } from './rate.ts'

export interface AdmissionOptions extends RateOptions {
  /** Told once for each burst. */
  readonly flooded: (agent: string) => void
}

/** A refusal is not given at once: an agent has few connections, and while they wait they ask nothing. */
const REFUSE_AFTER_MS = 250

/** Lets an agent ask as often as it may. @throws HttpError `RATE_LIMITED` for what is more */
export function admission({ flooded, ...rate }: AdmissionOptions): (agent: string) => Promise<void> {
  const limit = new RateLimit(rate)
  return async (agent) => {
    const answer = limit.take(agent)
    if (answer === 'admitted') return
    if (answer === 'first') flooded(agent)
    await sleep(REFUSE_AFTER_MS)
    throw new HttpError(HTTP_ERRORS, 'RATE_LIMITED', {
      what: `${agent} may ask ${rate.perSecond} times a second, ${rate.atOnce} at once, and asked more`,
      fix: 'ask less often; the owner may raise agent.questions_per_second and agent.questions_at_once',
    })
  }
}
