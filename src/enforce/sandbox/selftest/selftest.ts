import { digestOf, type Json } from '../../../core/canonical.ts'
import { newId } from '../../../core/id.ts'
import { nearest } from '../../../core/nearest.ts'
import { SandboxError } from '../errors.ts'
import { SELFTEST_ERRORS, SelfTestError } from './errors.ts'
import { levelOf, type Level } from '../level.ts'
import { ownArchitecture } from '../seccomp.ts'
import type { Probe, SandboxDriver } from '../driver.ts'
import type { GuaranteeName, Profile } from '../profile.ts'
import type { SandboxSpec } from '../spec.ts'
import type { Attempt, Target } from './attempt.ts'
import { ATTEMPTS } from './catalogue.ts'
import { insideOpener, outsideOpener, type PlanRun } from './going.ts'
import { bootId, freeMemoryBytes, removeFile } from './host.ts'
import { brokenBy, count, judge, whySkipped, type AttemptResult, type Counts } from './judge.ts'
import { plantsInHome } from './lasting.ts'
import type { Prober } from './prober.ts'
import { buildStage, sweepStages, type Owner } from './stage.ts'
import { tryAll, type Answers } from './tries.ts'

export interface SelfTestOptions {
  readonly driver: SandboxDriver
  readonly profile: Profile
  /** Compiles as for any other run with this profile; `tool` is shown inside because it is the command. */
  readonly plan: PlanRun
  readonly prober: Prober | { readonly missing: string }
  /** The user's home directory, and a directory of Warder's own that no agent may see. */
  readonly home: string
  readonly own: string
  /** Only these, by name or group; absent: all. */
  readonly only?: readonly string[]
  /** Epoch milliseconds. */
  readonly now: () => number
}

export interface SelfTestReport {
  readonly driver: string
  readonly level: Level
  readonly profile: string
  /** SHA-256 of the profile as it was: a changed one has not been tested. */
  readonly profileDigest: string
  readonly bootId: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  /** Every attempt was asked for. Only such a test can restore what an earlier one took away. */
  readonly isWhole: boolean
  readonly results: readonly AttemptResult[]
  readonly counts: Counts
  readonly broken: readonly GuaranteeName[]
  /** Nothing got out, and nothing that had to be shown is missing. */
  readonly isGreen: boolean
}

/**
 * Tries every way out there is, inside a sandbox as it is really built here and outside of any, and tells what held.
 *
 * @throws SelfTestError when there is no such attempt; SandboxError when no sandbox of this profile can be built here
 */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestReport> {
  const { driver, profile, now } = options
  const startedAt = now()
  const began = performance.now()
  const attempts = chosen(options.only)
  sweepStages(startedAt)
  const probe = await driver.lastProbe()
  const results =
    'missing' in options.prober
      ? notTried(attempts, options.prober.missing)
      : await tried(options, options.prober, attempts, probe)
  const counts = count(results)
  return {
    driver: probe.driver,
    level: levelOf(probe),
    profile: profile.name,
    profileDigest: profileDigest(profile),
    bootId: bootId(),
    startedAt,
    durationMs: Math.round(performance.now() - began),
    isWhole: attempts.length === ATTEMPTS.length,
    results,
    counts,
    broken: brokenBy(results, probe),
    isGreen: counts.escaped === 0 && counts.missing === 0,
  }
}

export function profileDigest(profile: Profile): string {
  // through JSON text: what is undefined and what is absent are the same
  return digestOf(JSON.parse(JSON.stringify(profile)) as Json)
}

/** @throws SelfTestError `SELFTEST_ATTEMPT_UNKNOWN` */
function chosen(only: readonly string[] | undefined): readonly Attempt[] {
  if (only === undefined || only.length === 0) return ATTEMPTS
  const known = new Set(ATTEMPTS.flatMap(({ name, group }) => [name, group]))
  const unknown = only.find((name) => !known.has(name))
  if (unknown === undefined)
    return ATTEMPTS.filter(({ name, group }) => only.includes(name) || only.includes(group))
  const close = nearest(unknown, [...known])
  throw new SelfTestError(SELFTEST_ERRORS, 'SELFTEST_ATTEMPT_UNKNOWN', {
    what: `there is no escape attempt, and no group of them, called ${JSON.stringify(unknown)}`,
    fix: close === undefined ? 'run it without --only to see all names' : `did you mean ${close}?`,
  })
}

function notTried(attempts: readonly Attempt[], why: string): AttemptResult[] {
  return attempts.map(({ name, group, tries, stoppedBy, guarantee, atEveryLevel, isRequired }) => ({
    ...{ name, group, tries, stoppedBy, guarantee, atEveryLevel, why },
    result: 'not-run',
    isMissing: isRequired,
  }))
}

async function tried(
  options: SelfTestOptions,
  prober: Prober,
  attempts: readonly Attempt[],
  probe: Probe,
): Promise<AttemptResult[]> {
  const { driver, profile, plan, home, own } = options
  const { host: owner, limits } = await trial(options, prober)
  const target: Target = {
    profile,
    limits,
    architecture: architectureHere(),
    freeMemoryBytes: freeMemoryBytes(),
  }
  const outside = await buildStage({ side: 'outside', prober, home, own, owner })
  const inside = await buildStage({ side: 'inside', prober, home, own, owner }).catch(
    async (error: unknown) => {
      await outside.close()
      throw error
    },
  )
  try {
    const skipped = new Map(
      attempts.map((attempt) => [
        attempt.name,
        whySkipped(attempt, target, attempt.order(inside, target) !== undefined),
      ]),
    )
    const asked = attempts.filter(({ name }) => skipped.get(name) === undefined)
    const first: { program?: string } = {}
    const [controls, answers] = await bothSides([
      tryAll(outsideOpener(outside, owner), outside, target, asked),
      tryAll(
        insideOpener(inside, driver, plan, (program) => (first.program = program)),
        inside,
        target,
        asked,
      ),
    ])
    return attempts.map((attempt) => {
      const why = skipped.get(attempt.name)
      const heard = {
        outside: controls.get(attempt.name),
        inside: answers.get(attempt.name),
        program: first.program,
      }
      return judge(attempt, why === undefined ? heard : { ...heard, skipped: why }, probe)
    })
  } finally {
    for (const path of [outside, inside].flatMap(plantsInHome)) removeFile(path)
    await inside.close()
    await outside.close()
  }
}

/** Waits for both even when one fails: nothing may be taken away under the other. */
async function bothSides(sides: readonly [Promise<Answers>, Promise<Answers>]): Promise<[Answers, Answers]> {
  await Promise.allSettled(sides)
  return Promise.all(sides)
}

const NOBODY: Owner = { uid: 65534, gid: 65534 }

/** Who a run is outside, its limits, and that there can be one at all: asked by a run that does nothing. */
async function trial(
  options: SelfTestOptions,
  prober: Prober,
): Promise<Pick<SandboxSpec, 'host' | 'limits'>> {
  const self: Owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  try {
    return await trialAs(self, options, prober)
  } catch (error) {
    if (self.uid !== 0 || !(error instanceof SandboxError)) throw error
    // some drivers take no project of root's: then an ordinary user's must do; if that fails too, root's reason is told
    return await trialAs(NOBODY, options, prober).catch(() => Promise.reject(error))
  }
}

async function trialAs(
  owner: Owner,
  { driver, plan, home, own }: SelfTestOptions,
  prober: Prober,
): Promise<Pick<SandboxSpec, 'host' | 'limits'>> {
  const stage = await buildStage({ side: 'inside', prober, home, own, owner })
  try {
    const { spec, ...planned } = await plan({ argv: [stage.tool], workspace: stage.workspace })
    try {
      const run = await driver.start(spec, { runId: newId(), agent: 'self-test' })
      run.stdin.end()
      run.stdout.resume()
      run.stderr.resume()
      await run.exit
      return spec
    } finally {
      await planned.dispose()
    }
  } finally {
    await stage.close()
  }
}

function architectureHere(): Target['architecture'] {
  const architecture = ownArchitecture()
  if (architecture !== undefined) return architecture
  throw new SandboxError(
    'SANDBOX_UNAVAILABLE',
    `the numbers of the system calls of ${process.arch} are not known here`,
    'run Warder on x86-64 or arm64',
  )
}
