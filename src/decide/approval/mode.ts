import type { Action } from '../../core/action.ts'
import type { Decision } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import { isAtLeast } from '../../core/risk.ts'

/** What kind of work agents are at, in the owner's words. */
export const MODES = ['standard', 'offline', 'sensitive'] as const
export type Mode = (typeof MODES)[number]

/** What leads off this machine, lets others in, or fetches from elsewhere to run it here. */
const LEAVES = /^(?:net:|pkg:(?:install|update)$)/

/**
 * The mode as an input to a decision. It never turns a no into anything else.
 *
 * - `standard`: what policy says
 * - `offline`: nothing of an agent's reaches the network, whatever policy allows
 * - `sensitive`: nor does it, and what is allowed asks from medium risk on
 */
export function atMode(mode: Mode, who: Principal, action: Action, decided: Decision): Decision {
  if (mode === 'standard' || who.role === 'owner' || decided.effect === 'deny') return decided
  if (LEAVES.test(`${action.namespace}:${action.verb}`)) {
    return {
      ...decided,
      ...{ effect: 'deny', layer: 'policy', rule: `mode.${mode}` },
      reason: `agents are ${mode}: nothing of theirs reaches the network`,
      fix: 'only its owner changes that: agent.mode in the configuration, and a new start of the daemon',
    }
  }
  if (mode !== 'sensitive' || decided.effect === 'ask' || !isAtLeast(action.risk, 'medium')) return decided
  const reason = `${decided.reason}; agents are at sensitive work, where ${action.risk} risk is asked about`
  return { ...decided, effect: 'ask', layer: 'approval', rule: 'mode.sensitive', reason }
}
