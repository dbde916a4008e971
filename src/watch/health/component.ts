/** How one part of Warder is. `off`: switched off on purpose, or never needed so far; `unknown`: nobody could tell. */
export const COMPONENT_STATES = ['ok', 'off', 'degraded', 'unknown', 'failed'] as const
export type ComponentState = (typeof COMPONENT_STATES)[number]

export interface Component {
  readonly name: string
  readonly state: ComponentState
  /** In one line for people: why it is so. */
  readonly why: string
  /** What to do, where it is not well. */
  readonly fix?: string
}

/** How everything is together. There is no word for unknown here: what nobody could look at protects nobody. */
export const OVERALL = ['ok', 'degraded', 'failed'] as const
export type Overall = (typeof OVERALL)[number]

const COUNTS_AS: Readonly<Record<ComponentState, Overall>> = {
  ok: 'ok',
  off: 'ok',
  degraded: 'degraded',
  unknown: 'degraded',
  failed: 'failed',
}

/**
 * The worst of all parts, and unknown is never better than degraded. A part that everything rests on has failed when it
 * is off, unknown or not among those that were looked at.
 *
 * @param essential names of the parts without which nothing is decided or recorded
 */
export function derive(components: readonly Component[], essential: readonly string[]): Overall {
  const isThere = (name: string) =>
    components.some((each) => each.name === name && each.state !== 'off' && each.state !== 'unknown')
  if (!essential.every(isThere)) return 'failed'
  const counted = components.map(({ state }) => COUNTS_AS[state])
  return OVERALL.findLast((overall) => counted.includes(overall)) ?? 'ok'
}

/** What a watcher says of one of its sources. */
export interface Fact {
  readonly name: string
  readonly inForce: boolean
  readonly why?: string
}

/**
 * One part made of several sources: well while all are in force, degraded while some are, failed when none is. A part
 * without any source was not switched on.
 */
export function componentOf(name: string, facts: readonly Fact[], fix?: string): Component {
  const missing = facts.filter(({ inForce }) => !inForce)
  const state =
    facts.length === 0
      ? 'off'
      : missing.length === 0
        ? 'ok'
        : missing.length < facts.length
          ? 'degraded'
          : 'failed'
  const of = `${facts.length - missing.length} of ${facts.length} sources in force`
  const why = missing.map((fact) => `${fact.name}: ${fact.why ?? 'not in force'}`)
  return {
    ...{ name, state },
    why: facts.length === 0 ? 'not switched on' : [of, ...why].join('; '),
    ...(fix === undefined || missing.length === 0 ? {} : { fix }),
  }
}
