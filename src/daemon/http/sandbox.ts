import { newId } from '../../core/id.ts'
import type { Principal } from '../../core/principal.ts'
import type { Profile, SandboxDriver } from '../../enforce/sandbox/index.ts'
import type { Rooms } from '../../gate/index.ts'
import { speaker, type Plan, type RunRequest, type Runs } from '../runs.ts'
import type { Handlers } from './app.ts'
import { verdictAnswer } from './problem.ts'

export interface SandboxHandlerOptions {
  readonly runs: Runs
  readonly rooms: Rooms
  readonly driver: SandboxDriver
  readonly profiles: () => ReadonlyMap<string, Profile>
  readonly plan: (request: RunRequest, who: Principal, runId: string) => Promise<Plan>
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
    profiles: () => ({ profiles: [...profiles().values()].map((profile) => ({ ...profile })) }),
    async sandboxExplain(request, { credential }) {
      const planned = await plan(request, rooms.identify(speaker(credential, request.agent)), newId())
      try {
        const { env, ...shown } = planned.spec
        // values may be secret: only the names are shown
        return {
          ...shown,
          environment: Object.keys(env).sort(),
          grants: [...planned.grants],
          notes: [...planned.notes],
        }
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
