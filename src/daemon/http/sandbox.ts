import type { BoxAnswer } from '../../api/sandbox.ts'
import { newId } from '../../core/id.ts'
import type { Principal } from '../../core/principal.ts'
import {
  explain,
  presets,
  type Explanation,
  type Profile,
  type SandboxDriver,
} from '../../enforce/sandbox/index.ts'
import type { Rooms } from '../../gate/index.ts'
import type { PlanFor } from '../plan.ts'
import { speaker, type Plan, type RunRequest, type Runs } from '../runs.ts'
import type { Handlers } from './app.ts'
import { verdictAnswer } from './problem.ts'

function box(explanation: Explanation, planned: Plan): BoxAnswer {
  const { command, visible, writable, masked, environment, limits, notEnforced, ...rest } = explanation
  return {
    ...rest,
    profile: planned.spec.profile,
    command: [...command],
    visible: [...visible],
    writable: [...writable],
    masked: [...masked],
    environment: [...environment],
    limits: [...limits],
    notEnforced: [...notEnforced],
    notes: [...planned.notes],
  }
}

/** A profile of the user's own may bear a shipped one's name only by being it. */
function isShipped({ name }: Profile): boolean {
  return presets().has(name)
}

export interface SandboxHandlerOptions {
  readonly runs: Runs
  readonly rooms: Rooms
  readonly driver: SandboxDriver
  readonly profiles: () => ReadonlyMap<string, Profile>
  readonly plan: (request: RunRequest, who: Principal, runId: string, purpose?: PlanFor) => Promise<Plan>
}

export function sandboxHandlers(
  options: SandboxHandlerOptions,
): Pick<Handlers, 'open' | 'profiles' | 'sandboxExplain' | 'sandboxProbe'> {
  const { runs, rooms, driver, profiles, plan } = options
  return {
    async open(request, { credential }) {
      const { runId, agent, verdict, permit, plan: planned } = await runs.prepare(credential, request)
      return {
        verdict: verdictAnswer(verdict),
        run: runId,
        agent,
        profile: planned.spec.profile,
        permit: permit.token,
        notes: [...planned.notes],
      }
    },
    profiles: () => ({
      profiles: [...profiles().values()].map((profile) => ({
        ...profile,
        from: isShipped(profile) ? 'shipped' : 'yours',
      })),
    }),
    async sandboxExplain(request, { credential }) {
      const planned = await plan(request, rooms.identify(speaker(credential, request.agent)), newId(), 'look')
      try {
        const probe = await driver.lastProbe()
        const explanation = explain(planned.spec, { probe })
        return box(explanation, planned)
      } finally {
        await planned.dispose()
      }
    },
    async sandboxProbe() {
      const { driver: name, available, guarantees } = await driver.probe()
      return { driver: name, available, guarantees: guarantees.map((each) => ({ ...each })) }
    },
  }
}
