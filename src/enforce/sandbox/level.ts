import type { Guarantee, Probe } from './driver.ts'
import type { GuaranteeName } from './profile.ts'

/** How much a sandbox keeps, weakest first. A level is a set of guarantees in force, whoever keeps them. */
export const LEVELS = ['none', 'landlock', 'container', 'full'] as const
export type Level = (typeof LEVELS)[number]

/** Levels a profile may ask for; below `landlock` nothing is kept, so nothing below it can be asked for. */
export const MINIMUM_LEVELS = ['full', 'container', 'landlock'] as const
export type MinimumLevel = (typeof MINIMUM_LEVELS)[number]

const LANDLOCK: readonly GuaranteeName[] = [
  'seccomp',
  'no-network',
  'read-only-system',
  'no-leaked-descriptors',
]
const CONTAINER: readonly GuaranteeName[] = ['namespaces', ...LANDLOCK]

/** What must be in force for each level; each level asks for all that the ones below it do. */
const LEVEL_NEEDS: Readonly<Record<Level, readonly GuaranteeName[]>> = {
  none: [],
  landlock: LANDLOCK,
  container: CONTAINER,
  full: [...CONTAINER, 'descriptor-binds'],
}

/** What a profile requires when it says no more than its level. */
export function requiredBy(level: MinimumLevel): GuaranteeName[] {
  return [...(level === 'landlock' ? LANDLOCK : CONTAINER)]
}

export function isAtLeast(level: Level, minimum: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(minimum)
}

/** The highest level all of whose guarantees were found in force: never more than was tried. */
export function levelOf({ available, guarantees }: Pick<Probe, 'available' | 'guarantees'>): Level {
  if (!available) return 'none'
  return LEVELS.findLast((level) => missing(guarantees, LEVEL_NEEDS[level]).length === 0) ?? 'none'
}

/** Those of the names that are not in force, with what is known of them. */
export function missing(
  guarantees: readonly Guarantee[],
  names: readonly GuaranteeName[],
): { readonly name: GuaranteeName; readonly guarantee: Guarantee | undefined }[] {
  return names.flatMap((name) => {
    const found = guarantees.filter((candidate) => candidate.name === name)
    // told twice, the worse word counts
    const guarantee = found.find(({ inForce }) => !inForce) ?? found[0]
    return guarantee?.inForce === true ? [] : [{ name, guarantee }]
  })
}

/** What keeps a probe below a level, in words; empty when nothing does. */
export function shortOf(probe: Probe, minimum: Level): string[] {
  if (!probe.available) return [probe.guarantees[0]?.why ?? 'it is not available']
  return missing(probe.guarantees, LEVEL_NEEDS[minimum]).map(inWords)
}

export function inWords({ name, guarantee }: ReturnType<typeof missing>[number]): string {
  return `${name} is not in force (${guarantee?.why ?? 'it was not tried here'})`
}
