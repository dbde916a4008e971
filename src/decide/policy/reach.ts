import { parseCapability } from '../../core/capability.ts'
import type { Effect } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import { operationsOf, type Clause } from './clause.ts'
import type { PolicyEngine } from './engine.ts'
import { expand, type Variables } from './variables.ts'
import { isPreset, PRESET_CAPABILITIES } from './preset.ts'

/** One thing the file system door must open or keep shut for a principal. */
export interface Reach {
  readonly effect: Exclude<Effect, 'ask'>
  /** Of `fs`: read, write, mkdir, delete, list. */
  readonly verb: string
  /** An absolute path pattern, variables filled in; `/**` is everything. */
  readonly pattern: string
  readonly rule: string
}

/**
 * Everything that decides what of the file system `who` reaches at `now`, for building a sandbox: allows first, then
 * denies, which beat them; the exclusions last. What would ask a person counts as denied: nobody is there to ask.
 * A rule that holds only from some risk on is taken to hold.
 *
 * @param workspaces what `${WORKSPACE}` stands for; by default every directory known as this agent's. A run names its own
 * alone, or an agent would see in one project what it once worked on in another
 */
export function reach(
  engine: PolicyEngine,
  who: Principal,
  now: number,
  workspaces?: readonly string[],
): readonly Reach[] {
  const variables = { ...engine.variablesOf(who.id), ...(workspaces && { WORKSPACE: workspaces }) }
  const lines = (text: string, effect: Clause['effect'], rule: string) =>
    linesOf(variables, text, effect, rule)
  const isLive = (clause: Clause) => clause.from <= now && now < clause.until && clause.task === undefined
  const own = engine
    .policy()
    .statements.filter(({ agents, roles, parts }) => {
      const named = who.role === 'agent' && (agents.includes('*') || agents.includes(who.id))
      return parts.effect !== 'request' && (named || roles.includes(who.role))
    })
    .flatMap(({ capability, parts }) => lines(capability, parts.effect, parts.rule))
  const preset = engine.presetOf(who)
  const held = isPreset(preset) ? PRESET_CAPABILITIES[preset] : []
  const grants = who.role === 'agent' ? engine.grantsOf(who.id).filter(isLive) : []
  const given = [
    ...held.flatMap((capability) => lines(capability, 'allow', `role.${preset}.default`)),
    ...grants.flatMap(({ capability, rule }) => lines(capability, 'allow', rule)),
    ...(who.role === 'owner' ? lines('fs:*', 'allow', 'role.owner') : []),
  ]
  const closed = [...engine.exclusions().list, ...engine.workspaces().othersThan(who.id)]
    .filter(({ clause }) => who.role !== 'owner' || clause.forOwner)
    .flatMap(({ pattern, clause }) => lines(`fs:*:${pattern.text}`, 'deny', clause.rule))
  const all = [...own, ...given]
  return [
    ...all.filter(({ effect }) => effect === 'allow'),
    ...all.filter(({ effect }) => effect === 'deny'),
    ...closed,
  ]
}

function linesOf(variables: Variables, text: string, effect: Clause['effect'], rule: string): Reach[] {
  const capability = parseCapability(text)
  if (capability.namespace !== 'fs') return []
  return expand(capability, variables).flatMap(({ pattern = '/**' }) =>
    operationsOf(capability).map(({ verb }) => ({
      effect: effect === 'allow' ? ('allow' as const) : ('deny' as const),
      verb,
      pattern,
      rule,
    })),
  )
}
