import { messageOf } from '../../core/error.ts'
import type { Action } from '../../core/action.ts'
import type { Decision, Evidence } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import { isStopped, wayBack, type Stop, type Stops } from './stop.ts'

export interface ContainmentOptions {
  readonly read: () => Stops
  /** Evidence for an answer that no policy rule gave. */
  readonly evidence: (who: Principal, action: Action) => Evidence
}

/**
 * Whether a stop says no. It says no to everything an agent asks, and to everybody who would start one; the owner's
 * own looking, stopping and resuming goes on, or nobody could ever resume.
 */
export function createContainment({ read, evidence }: ContainmentOptions) {
  return (who: Principal, action: Action): Decision | undefined => {
    const agent = who.role === 'agent' ? who.id : startedAgent(action)
    if (agent === undefined && who.role === 'owner') return undefined
    let stop: Stop | undefined
    try {
      stop = isStopped(read(), agent)
    } catch (error) {
      return denied('containment.unreadable', messageOf(error), 'warder doctor')
    }
    if (stop === undefined) return undefined
    const one = read().all === undefined ? agent : undefined
    const whom = one === undefined ? 'all agents are' : `agent ${one} is`
    const reason = `${whom} stopped since ${stop.since} by ${stop.by}: ${stop.reason}`
    return denied(agent === undefined ? 'containment.all' : 'containment.stop', reason, wayBack(stop, one))

    function denied(rule: string, why: string, mend: string): Decision {
      return {
        effect: 'deny',
        layer: 'containment',
        rule,
        reason: why,
        fix: mend,
        capabilities: [],
        evidence: evidence(who, action),
      }
    }
  }
}

/** The agent an action would set going. */
function startedAgent({ namespace, verb, resource }: Action): string | undefined {
  return namespace === 'agent' && verb === 'start' ? resource : undefined
}
