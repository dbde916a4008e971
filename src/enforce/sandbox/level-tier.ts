import { isAtLeast, type MinimumLevel } from './level.ts'
import type { Profile } from './profile.ts'

/** How far the code of an agent is trusted, in the words of the policy. */
export const TIERS = ['trusted', 'verified', 'untrusted'] as const
export type Tier = (typeof TIERS)[number]

const LEAST: Readonly<Record<Tier, MinimumLevel>> = {
  trusted: 'landlock',
  verified: 'container',
  untrusted: 'full',
}

/** The least a sandbox must keep for code of a tier. A word nobody knows is no reason to trust: it gets the strictest. */
export function leastLevelFor(tier: string): MinimumLevel {
  return Object.hasOwn(LEAST, tier) ? LEAST[tier as Tier] : 'full'
}

/**
 * A profile for an agent of a tier: it asks for no less than the tier needs. What the profile asks for itself stays,
 * for trust in who wrote a program is no reason to lower a wall somebody asked for.
 *
 * @param tier absent: the policy says nothing of it, and the profile decides
 */
export function atTier(profile: Profile, tier: string | undefined): Profile {
  if (tier === undefined) return profile
  const least = leastLevelFor(tier)
  return isAtLeast(profile.minimum_level, least) ? profile : { ...profile, minimum_level: least }
}
