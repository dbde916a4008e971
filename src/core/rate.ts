/** What of an agent's doing is counted by the minute. */
export const RATE_CLASSES = ['calls', 'writes', 'destructive', 'network', 'installs'] as const
export type RateClass = (typeof RATE_CLASSES)[number]

/** How often things may be done. Data of the policy; these are counted over a minute that slides along. */
export interface RateLimits {
  /** Of one agent. */
  readonly agent: Readonly<Record<RateClass, number>>
  /** Of all agents together. */
  readonly all: Readonly<Record<RateClass, number>>
  /** Of one agent within a second, and twice as many after a pause. */
  readonly agentPerSecond: number
  /** Of one tool or program within a second, whoever uses it, and twice as many after a pause. */
  readonly toolPerSecond: number
  /** Between one package that is installed and the next. */
  readonly installPauseMs: number
}

export const USUAL_RATES: RateLimits = {
  agent: { calls: 60, writes: 20, destructive: 5, network: 30, installs: 5 },
  all: { calls: 300, writes: 60, destructive: 10, network: 120, installs: 5 },
  agentPerSecond: 10,
  toolPerSecond: 50,
  installPauseMs: 10_000,
}
