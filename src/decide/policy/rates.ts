import { parseDurationMs } from '../../core/quantity.ts'
import { RATE_CLASSES, USUAL_RATES, type RateLimits } from '../../core/rate.ts'
import type { PolicyDocument } from './schema.ts'

type RatesDocument = PolicyDocument['rates']

/** How often agents may act: what the file says, and the usual where it says nothing. */
export function ratesOf(document: RatesDocument): RateLimits {
  const { agent, all, tool_per_second: toolPerSecond, install_pause: pause } = document ?? {}
  return {
    agent: withUsual(agent, USUAL_RATES.agent),
    all: withUsual(all, USUAL_RATES.all),
    agentPerSecond: agent?.per_second ?? USUAL_RATES.agentPerSecond,
    toolPerSecond: toolPerSecond ?? USUAL_RATES.toolPerSecond,
    installPauseMs: pause === undefined ? USUAL_RATES.installPauseMs : parseDurationMs(pause),
  }
}

function withUsual(
  given: Partial<Record<keyof RateLimits['agent'], number | undefined>> = {},
  usual: RateLimits['agent'],
): RateLimits['agent'] {
  const pairs = RATE_CLASSES.map((each) => [each, given[each] ?? usual[each]] as const)
  return Object.fromEntries(pairs) as RateLimits['agent']
}
