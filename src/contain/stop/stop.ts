import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const STOP_ERRORS = {
  STOP_UNREADABLE: {
    kind: 'stopped',
    meaning: 'the stop file cannot be read or understood, so everything is stopped',
  },
  STOP_NOT_IN_FORCE: { kind: 'missing', meaning: 'a resume names an agent that is not stopped' },
  STOP_UNWRITTEN: {
    kind: 'unavailable',
    meaning: 'what ran was killed, but the stop could not be written down',
  },
  STOP_UNVERIFIED: { kind: 'unavailable', meaning: 'after a stop, processes were still there' },
} as const satisfies ErrorCatalogue

export class StopError extends KnownError<typeof STOP_ERRORS> {
  override readonly name = 'StopError'
}

export interface Stop {
  /** ISO time. */
  readonly since: string
  readonly by: string
  readonly reason: string
}

/** Everything that is stopped: all agents (manual mode), or some by name. */
export interface Stops {
  readonly all?: Stop
  readonly agents: Readonly<Record<string, Stop>>
}

export const NO_STOPS: Stops = Object.freeze({ agents: Object.freeze({}) })

/** The stop that holds for an agent; without a name, the one that holds for all. */
export function isStopped(stops: Stops, agent?: string): Stop | undefined {
  if (stops.all !== undefined) return stops.all
  return agent !== undefined && Object.hasOwn(stops.agents, agent) ? stops.agents[agent] : undefined
}

export function withStop(stops: Stops, agent: string | undefined, stop: Stop): Stops {
  return agent === undefined
    ? { ...stops, all: stop }
    : { ...stops, agents: { ...stops.agents, [agent]: stop } }
}

/** @returns undefined when there was nothing to lift */
export function withoutStop(stops: Stops, agent: string | undefined): Stops | undefined {
  if (agent === undefined) return stops.all === undefined ? undefined : { agents: stops.agents }
  if (!Object.hasOwn(stops.agents, agent)) return undefined
  const agents = Object.fromEntries(Object.entries(stops.agents).filter(([name]) => name !== agent))
  return { ...stops, agents }
}
