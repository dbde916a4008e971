import { z } from 'zod'
import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const STOP_ERRORS = {
  STOP_UNREADABLE: {
    kind: 'stopped',
    meaning: 'the stop file cannot be read or understood, or is gone, so everything is stopped',
  },
  STOP_BUSY: {
    kind: 'conflict',
    meaning: 'another process is changing the stop file, so nothing can be resumed just now',
  },
  STOP_CHANGED: {
    kind: 'conflict',
    meaning: 'the stop that was looked at is no longer the one in force, so it is not lifted',
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

export const StopShape = z.strictObject({
  /** ISO time. */
  since: z.iso.datetime(),
  by: z.string(),
  reason: z.string(),
})

export type Stop = Readonly<z.output<typeof StopShape>>

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

/** What lifts a stop: a resume by the owner; one that an incident made is held by it and ends with it alone. */
export function wayBack({ by, reason }: Stop, agent: string | undefined): string {
  const incident = by === 'warder' ? /^incident (INC-[0-9-]+):/.exec(reason)?.[1] : undefined
  return incident === undefined
    ? `warder resume ${agent ?? '--all'} --reason '…'`
    : `warder incident show ${incident}, then warder recover ${incident}`
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

/** What holds when both do; of two stops of the same agent the later one is told. */
export function merged(earlier: Stops, later: Stops): Stops {
  const all = later.all ?? earlier.all
  return { ...(all === undefined ? {} : { all }), agents: { ...earlier.agents, ...later.agents } }
}
