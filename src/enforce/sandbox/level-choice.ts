import { SandboxError } from './errors.ts'
import {
  inWords,
  isAtLeast,
  levelOf,
  LEVELS,
  missing,
  shortOf,
  type Level,
  type MinimumLevel,
} from './level.ts'
import { killPidNamespace } from './processes.ts'
import { specDigest, type SandboxSpec } from './spec.ts'
import type { Probe, ProcessIdentity, Running, SandboxDriver, StartOptions } from './driver.ts'
import type { GuaranteeName } from './profile.ts'

export interface Candidate {
  readonly driver: SandboxDriver
  readonly probe: Probe
}

/** Which driver runs something, and what must be said about that. */
export interface Choice {
  readonly driver: SandboxDriver
  readonly probe: Probe
  readonly level: Level
  /** Of this spec, at this level: what is not kept, in words. */
  readonly notEnforced: readonly string[]
  /** For the run's notes, the explanation and the record: what runs it, and why nothing stronger does. */
  readonly notes: readonly string[]
}

export interface Wanted {
  readonly minimumLevel: MinimumLevel
  readonly requires: readonly GuaranteeName[]
}

/**
 * The strongest driver that keeps the minimum level and everything required. There is no silent fallback: what was
 * passed over is told, and where none fits nothing starts.
 *
 * @param candidates in order of preference, for those of one level
 * @throws SandboxError `SANDBOX_UNENFORCEABLE`, saying of each driver what it lacks
 */
export function chooseDriver(
  candidates: readonly Candidate[],
  { minimumLevel, requires }: Wanted,
): Omit<Choice, 'notEnforced'> {
  const lacks = ({ probe }: Candidate): string[] => {
    // what cannot be used at all keeps nothing: one reason says so
    if (!probe.available) return shortOf(probe, minimumLevel)
    const level = isAtLeast(levelOf(probe), minimumLevel) ? [] : shortOf(probe, minimumLevel)
    return [...level, ...missing(probe.guarantees, requires).map(inWords)]
  }
  const byLevel = candidates.toSorted(
    (a, b) => LEVELS.indexOf(levelOf(b.probe)) - LEVELS.indexOf(levelOf(a.probe)),
  )
  const chosen = byLevel.find((candidate) => candidate.probe.available && lacks(candidate).length === 0)
  if (chosen === undefined) throw refusal(candidates, minimumLevel, lacks)
  const level = levelOf(chosen.probe)
  const passedOver = candidates.slice(0, candidates.indexOf(chosen)).map((preferred) => {
    const [why = 'it keeps less'] = [...lacks(preferred), ...shortOf(preferred.probe, 'full')]
    return `not by ${preferred.driver.name}: ${why}`
  })
  return {
    ...chosen,
    level,
    notes: [`kept in by ${chosen.driver.name}, level ${level}`, ...passedOver],
  }
}

function refusal(
  candidates: readonly Candidate[],
  minimumLevel: MinimumLevel,
  lacks: (candidate: Candidate) => readonly string[],
): SandboxError {
  const reasons = candidates.map((candidate) => {
    const level = levelOf(candidate.probe)
    const why = [...new Set(lacks(candidate))].join('; ')
    return `${candidate.driver.name} (level ${level}): ${why}`
  })
  const fix = candidates
    .flatMap(({ probe }) => probe.guarantees)
    .find(({ inForce, fix: known }) => !inForce && known !== undefined)?.fix
  return new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `the profile asks for level ${minimumLevel}, and no sandbox here keeps it and all it requires. ${reasons.join('. ')}`,
    `${fix ?? 'run: warder doctor'}; or, knowing what is lost, give the profile a lower minimum_level`,
  )
}

/** Several drivers as one. */
export interface DriverChoice extends SandboxDriver {
  /** @throws SandboxError `SANDBOX_UNENFORCEABLE` */
  choose(spec: SandboxSpec): Promise<Choice>
  /** Every driver and what its last probe found, in the given order. */
  candidates(): Promise<readonly Candidate[]>
}

/** @param drivers strongest first; a later one is tried only when an earlier one is not at level `full` */
export function createDriverChoice(drivers: readonly [SandboxDriver, ...SandboxDriver[]]): DriverChoice {
  const candidates = async (wanted?: Wanted): Promise<readonly Candidate[]> => {
    const tried: Candidate[] = []
    for (const driver of drivers) {
      const probe = await driver.lastProbe()
      tried.push({ driver, probe })
      const suffices =
        wanted !== undefined &&
        levelOf(probe) === 'full' &&
        missing(probe.guarantees, wanted.requires).length === 0
      if (suffices) break
    }
    return tried
  }
  const choose = async (spec: SandboxSpec): Promise<Choice> => {
    const wanted: Wanted = { minimumLevel: spec.minimumLevel ?? 'full', requires: spec.requires }
    const choice = chooseDriver(await candidates(wanted), wanted)
    const lost = choice.probe.guarantees
      .filter(({ inForce }) => !inForce)
      .map(({ name, why }) => `${name}: ${why}`)
    return { ...choice, notEnforced: [...((await choice.driver.notEnforced?.(spec)) ?? []), ...lost] }
  }
  // what is told of this machine is told of the preferred driver: a weaker one that works does not hide what is broken
  const foremost = (tried: readonly Candidate[]): Probe => {
    const [first] = tried
    return (tried.find(({ probe }) => probe.available) ?? first!).probe
  }
  return {
    name: drivers.map(({ name }) => name).join(' or '),
    probe: async () => {
      const tried: Candidate[] = []
      for (const driver of drivers) {
        const probe = await driver.probe()
        tried.push({ driver, probe })
        if (probe.available) break
      }
      return foremost(tried)
    },
    lastProbe: async () => foremost(await candidates({ minimumLevel: 'full', requires: [] })),
    candidates: () => candidates(),
    choose,
    start: async (spec, options) => {
      refuseAltered(spec)
      const { driver } = await choose(spec)
      return startOrNothing(driver, spec, options)
    },
  }
}

/** A start that failed leaves nothing, whatever the driver thinks it has taken back. */
async function startOrNothing(
  driver: SandboxDriver,
  spec: SandboxSpec,
  options: StartOptions,
): Promise<Running> {
  const built: { init?: ProcessIdentity } = {}
  try {
    return await driver.start(spec, {
      ...options,
      onBuilt: async (about) => {
        built.init = about.init
        await options.onBuilt?.(about)
      },
    })
  } catch (error) {
    if (built.init !== undefined) await killPidNamespace(built.init)
    throw error
  }
}

/** @throws SandboxError `SANDBOX_CHANGED` when a spec is not the one its digest, hence its permit, is for */
export function refuseAltered(spec: SandboxSpec): void {
  if (specDigest(spec) === spec.digest) return
  throw new SandboxError(
    'SANDBOX_CHANGED',
    'what would be started is not what its digest was taken of',
    'compile the run again, and ask for a permit for it',
  )
}
