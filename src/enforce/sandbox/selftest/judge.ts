import type { Probe } from '../driver.ts'
import { missing } from '../level.ts'
import type { GuaranteeName } from '../profile.ts'
import type { Answer, Attempt, Target } from './attempt.ts'

export const RESULTS = ['stopped', 'escaped', 'not-stoppable', 'not-run', 'no-control'] as const
export type Result = (typeof RESULTS)[number]

/** What became of one attempt. */
export interface AttemptResult extends Pick<
  Attempt,
  'name' | 'group' | 'tries' | 'stoppedBy' | 'guarantee' | 'atEveryLevel'
> {
  readonly result: Result
  /** In words: what it was answered, or why it says nothing. */
  readonly why: string
  /** It should have shown something and did not: the test is not complete without it. */
  readonly isMissing: boolean
}

export interface Heard {
  /** What the host answered; without a success there the inside proves nothing. */
  readonly outside: Answer | undefined
  readonly inside: Answer | undefined
  /** What the first process of the sandbox is. */
  readonly program: string | undefined
  /** Why it was not tried. */
  readonly skipped?: string
}

const ETIMEDOUT = 110
/** The prober's own way to say that an attempt was ended. */
const ECANCELED = 125
/** Numbers a sandbox answers with, in the words of the kernel's manual (<asm-generic/errno.h>). */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  16: 'EBUSY',
  17: 'EEXIST',
  18: 'EXDEV',
  22: 'EINVAL',
  24: 'EMFILE',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  38: 'ENOSYS',
  97: 'EAFNOSUPPORT',
  101: 'ENETUNREACH',
  111: 'ECONNREFUSED',
}

/** Only what was seen to work outside and seen to fail inside counts as stopped. */
export function judge(attempt: Attempt, heard: Heard, probe: Probe): AttemptResult {
  const { name, group, tries, stoppedBy, guarantee, atEveryLevel, isRequired } = attempt
  const told = (result: Result, why: string, isMissing = false): AttemptResult => ({
    ...{ name, group, tries, stoppedBy, guarantee, atEveryLevel, result, why, isMissing },
  })
  const { outside, inside, skipped } = heard
  if (skipped !== undefined) return told('not-run', skipped)
  // an escape is one even where the control failed: it got what it wanted
  if (inside?.did === true) return through(attempt, inside, heard.program, probe, told)
  if (inside === undefined || inside.errno === ETIMEDOUT) {
    return told(
      'not-run',
      inside === undefined ? 'it ended without an answer' : 'it did not end in time',
      isRequired,
    )
  }
  if (outside?.did !== true) {
    return told(
      'no-control',
      `it fails outside too: ${outside === undefined ? 'no answer' : words(outside)}`,
      isRequired,
    )
  }
  return told('stopped', words(inside))
}

function through(
  { alwaysOpen, openUnder, atEveryLevel, guarantee }: Attempt,
  { note }: Answer,
  program: string | undefined,
  probe: Probe,
  told: (result: Result, why: string) => AttemptResult,
): AttemptResult {
  if (alwaysOpen !== undefined) return told('not-stoppable', alwaysOpen)
  if (openUnder !== undefined && openUnder.program === program) return told('not-stoppable', openUnder.why)
  // only what the driver itself says that it does not keep is an excuse; what it does not speak of is none
  const known = missing(probe.guarantees, [guarantee])[0]?.guarantee
  if (known !== undefined && !atEveryLevel) {
    return told('not-stoppable', `${guarantee} is not in force here, and is not claimed: ${known.why}`)
  }
  return told('escaped', note === '' ? 'it got what it was after' : note)
}

function words({ errno, note }: Answer): string {
  const name =
    errno === 0 || errno === ETIMEDOUT || errno === ECANCELED ? '' : (ERRNO_NAMES[errno] ?? `error ${errno}`)
  return [name, note].filter((text) => text !== '').join(', ') || 'it had no effect'
}

/** Why an attempt is left out before anybody tries it. */
export function whySkipped(attempt: Attempt, target: Target, hasOrder: boolean): string | undefined {
  return attempt.unless?.(target) ?? (hasOrder ? undefined : 'this host has nothing to try it on')
}

export interface Counts {
  readonly tried: number
  readonly stopped: number
  readonly escaped: number
  readonly notStoppable: number
  readonly notRun: number
  readonly noControl: number
  /** Of the two above, those that should have shown something. */
  readonly missing: number
}

export function count(results: readonly AttemptResult[]): Counts {
  const of = (result: Result) => results.filter((each) => each.result === result).length
  return {
    tried: results.length - of('not-run'),
    stopped: of('stopped'),
    escaped: of('escaped'),
    notStoppable: of('not-stoppable'),
    notRun: of('not-run'),
    noControl: of('no-control'),
    missing: results.filter(({ isMissing }) => isMissing).length,
  }
}

/** What a sandbox of any level keeps; when what it must stop gets through elsewhere, these are what is not true. */
const LOWEST: readonly GuaranteeName[] = ['seccomp', 'read-only-system']

/** Guarantees that can no longer be claimed. */
export function brokenBy(results: readonly AttemptResult[], probe: Probe): readonly GuaranteeName[] {
  const names = results
    .filter(({ result }) => result === 'escaped')
    .flatMap(({ guarantee, atEveryLevel }) => {
      const isClaimed = missing(probe.guarantees, [guarantee]).length === 0
      return isClaimed || !atEveryLevel ? [guarantee] : [guarantee, ...LOWEST]
    })
  return [...new Set(names)]
}
