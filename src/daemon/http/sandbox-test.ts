import type { Json } from '../../core/canonical.ts'
import { SandboxError, type Profile, type SandboxDriver } from '../../enforce/sandbox/index.ts'
import {
  findProber,
  noteOf,
  runSelfTest,
  SELFTEST_ERRORS,
  SelfTestError,
  type PlanRun,
  type SelfTestBook,
  type SelfTestReport,
} from '../../enforce/sandbox/selftest/index.ts'
import type { GateEvent } from '../../gate/index.ts'
import type { Principal } from '../../core/principal.ts'
import { newId } from '../../core/id.ts'
import type { Acts } from '../acts.ts'
import type { PlanFor } from '../plan.ts'
import type { Plan, RunRequest } from '../runs.ts'
import { selfTestEvent } from '../self-tests.ts'
import type { Handlers } from './app.ts'

export interface SandboxTestHandlerOptions {
  /** As they are, and not as far as self-tests let them: a test must be able to take back what an earlier one found. */
  readonly drivers: readonly SandboxDriver[]
  readonly profiles: () => ReadonlyMap<string, Profile>
  readonly plan: (request: RunRequest, who: Principal, runId: string, purpose: PlanFor) => Promise<Plan>
  readonly acts: Acts
  readonly book: SelfTestBook
  readonly append: (event: GateEvent) => Promise<{ readonly seq: number }>
  readonly home: string
  /** A directory of Warder's own. */
  readonly own: string
  readonly now: () => number
}

export function sandboxTestHandlers(options: SandboxTestHandlerOptions): Pick<Handlers, 'sandboxTest'> {
  const going = { is: false }
  return {
    async sandboxTest({ profile: name, driver: driverName, only }, { credential }) {
      if (going.is) {
        throw new SelfTestError(SELFTEST_ERRORS, 'SELFTEST_RUNNING', {
          what: 'a self-test of the sandbox is going on already',
          fix: 'wait for it to end',
        })
      }
      const profile = profileOf(options.profiles(), name)
      const driver = driverOf(options.drivers, driverName)
      const asked = {
        credential,
        namespace: 'sec',
        verb: 'write',
        resource: `sandbox/self-test/${driver.name}/${name}`,
        risk: 'medium' as const, // it changes what is claimed, so it must be on record
        input: { driver: driver.name, profile: name, only } as Json,
      }
      going.is = true
      try {
        const { value } = await options.acts.act(asked, 'sandbox', async ({ who, request }) => {
          const plan = planFor(options.plan, who, name)
          return await testAndRecord(options, { driver, profile, plan, only, request })
        })
        return value
      } finally {
        going.is = false
      }
    },
  }
}

async function testAndRecord(
  { book, append, home, own, now }: SandboxTestHandlerOptions,
  test: {
    readonly driver: SandboxDriver
    readonly profile: Profile
    readonly plan: PlanRun
    readonly only: readonly string[]
    readonly request: string
  },
) {
  const { request, ...what } = test
  const report = await runSelfTest({ ...what, prober: findProber(), home, own, now })
  const note = noteOf(report)
  try {
    const { seq } = await append(selfTestEvent(note, request))
    book.add({ ...note, entry: seq })
    return answerOf(report, seq)
  } catch (error) {
    // what was found counts even where it cannot be recorded: it only makes things stricter
    if (!report.isGreen) book.add(note)
    throw error
  }
}

function answerOf({ results, broken, startedAt, ...report }: SelfTestReport, entry: number) {
  return {
    ...report,
    startedAt: new Date(startedAt).toISOString(),
    broken: [...broken],
    results: results.map((each) => ({ ...each })),
    entry,
  }
}

function profileOf(profiles: ReadonlyMap<string, Profile>, name: string): Profile {
  const found = profiles.get(name)
  if (found !== undefined) return found
  throw new SandboxError(
    'SANDBOX_PROFILE_MISSING',
    `there is no sandbox profile ${JSON.stringify(name)}`,
    `use one of: ${[...profiles.keys()].join(', ')}`,
  )
}

function driverOf(drivers: readonly SandboxDriver[], name: string | undefined): SandboxDriver {
  const found = name === undefined ? drivers[0] : drivers.find((driver) => driver.name === name)
  if (found !== undefined) return found
  throw new SelfTestError(SELFTEST_ERRORS, 'SELFTEST_DRIVER_UNKNOWN', {
    what: `there is no sandbox driver ${JSON.stringify(name)}`,
    fix: `use one of: ${drivers.map((driver) => driver.name).join(', ')}`,
  })
}

/** The planner of every run, asked for the owner's own command. */
function planFor(plan: SandboxTestHandlerOptions['plan'], who: Principal, profile: string): PlanRun {
  return ({ argv, workspace, maxSeconds }) =>
    plan(
      {
        kind: 'exec',
        profile,
        workspace,
        argv: [...argv],
        environment: { PATH: '/usr/bin:/bin' },
        umask: 0o022,
        grants: [],
        ...(maxSeconds === undefined ? {} : { maxSeconds }),
      },
      who,
      newId(),
      'look', // a driver that was found wanting must be tried again all the same
    )
}
