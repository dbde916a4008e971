import type { FirewallActName } from '../../api/firewall.ts'
import type { RiskLevel } from '../../core/risk.ts'
import type { GateEvent, Rooms } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { Handlers } from './app.ts'

interface FirewallHandlerOptions {
  readonly acts: Acts
  readonly rooms: Pick<Rooms, 'identify'>
  readonly append: (event: GateEvent) => Promise<unknown>
}

/** What only closes again, or keeps what was looked at, is never held up; all else is as grave as it gets. */
const LESS: readonly FirewallActName[] = ['confirm', 'rollback', 'revoke', 'restore', 'block']

function riskOf(act: FirewallActName): RiskLevel {
  return LESS.includes(act) ? 'medium' : 'critical'
}

/** The owner's acts on the firewall: decided and recorded here, done by the command that asks, which is root. */
export function firewallHandlers(
  options: FirewallHandlerOptions,
): Pick<Handlers, 'firewallAsk' | 'firewallTell'> {
  const { acts, rooms, append } = options
  return {
    async firewallAsk({ act, about, digest, reason }, { credential }) {
      const asked = {
        ...{ credential, namespace: 'firewall', verb: 'write', resource: act, risk: riskOf(act) },
        input: { act, about, digest },
        ...(reason === undefined ? {} : { reason }),
      }
      // the permit is spent at once: the daemon has not the rights to do it itself
      const { verdict } = await acts.act(asked, 'policy', () => undefined)
      return verdict.entry === undefined ? {} : { entry: verdict.entry }
    },
    async firewallTell({ act, about, result, note }, { credential }) {
      await append({
        event_type: 'network',
        agent: rooms.identify(credential).id,
        action: 'firewall:write',
        target: act,
        capabilities_used: [],
        decision: '',
        decision_id: '',
        layer: 'firewall',
        permit_id: '',
        reason: note,
        request_id: '',
        result,
        risk_level: riskOf(act),
        rule: '',
        details: { about },
      })
      return {}
    },
  }
}
