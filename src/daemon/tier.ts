import type { PolicyEngine } from '../decide/policy/index.ts'
import type { Profile } from '../enforce/sandbox/index.ts'

/** What the policy in force says of how far an agent's code is trusted. */
export function tierOf(engine: PolicyEngine, agent: string | undefined): string | undefined {
  const agents = engine.policy().source.value.agents ?? {}
  return agent !== undefined && Object.hasOwn(agents, agent) ? agents[agent]?.tier : undefined
}

/** Said before a run starts, and by `sandbox explain`. */
export function tierNotes(agent: string | undefined, tier: string | undefined, profile: Profile): string[] {
  return tier === undefined
    ? []
    : [`the policy calls ${agent} ${tier}: at least level ${profile.minimum_level}`]
}
