import { parseCapability } from '../../core/capability.ts'
import type { Principal } from '../../core/principal.ts'
import type { PolicyEngine } from './engine.ts'
import { isPreset, PRESET_CAPABILITIES } from './preset.ts'

/**
 * The places outside that something lets `who` reach or ask for at `now`, as patterns `host:port`; `*` where any is
 * meant. What denies is not taken off: this says which secrets and tools a run may have use for, and opens nothing.
 */
export function netReach(engine: PolicyEngine, who: Principal, now: number): readonly string[] {
  const own = engine
    .policy()
    .statements.filter(({ agents, roles, parts }) => {
      const isNamed = who.role === 'agent' && (agents.includes('*') || agents.includes(who.id))
      return parts.effect !== 'deny' && parts.effect !== 'request' && (isNamed || roles.includes(who.role))
    })
    .map(({ capability }) => capability)
  const preset = engine.presetOf(who)
  const held = isPreset(preset) ? PRESET_CAPABILITIES[preset] : []
  const grants = engine
    .grantsOf(who.id)
    .filter(({ from, until }) => from <= now && now < until)
    .map(({ capability }) => capability)
  return [...new Set([...own, ...held, ...grants].flatMap(placeOf))]
}

function placeOf(text: string): string[] {
  const { namespace, verb, pattern } = parseCapability(text)
  return namespace === 'net' && (verb === 'connect' || verb === '*') ? [pattern ?? '*'] : []
}
