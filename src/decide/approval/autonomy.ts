import type { Action } from '../../core/action.ts'
import type { Decision } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import { isAtLeast } from '../../core/risk.ts'

/** How much agents do alone. */
export const LEVELS = ['full', 'supervised', 'manual'] as const
export type Autonomy = (typeof LEVELS)[number]

/**
 * The level as an input to a decision. It never turns a no into anything else.
 *
 * - `manual`: what is allowed asks all the same from medium risk on
 * - `supervised`: what policy says
 * - `full`: what policy asks for its medium risk alone is allowed; what a rule asks for by name is asked
 */
export function atAutonomy(level: Autonomy, who: Principal, action: Action, decided: Decision): Decision {
  if (who.role === 'owner' || level === 'supervised') return decided
  if (level === 'manual' && decided.effect === 'allow' && isAtLeast(action.risk, 'medium')) {
    const reason = `${decided.reason}; agents do nothing of ${action.risk} risk alone while autonomy is manual`
    return { ...decided, effect: 'ask', layer: 'approval', rule: 'autonomy.manual', reason }
  }
  if (level === 'full' && decided.effect === 'ask' && isForRiskAlone(action, decided)) {
    const reason = `${decided.reason}; autonomy is full, which leaves medium risk to the agent`
    return { ...decided, effect: 'allow', layer: 'approval', rule: 'autonomy.full', reason }
  }
  return decided
}

function isForRiskAlone({ risk }: Action, { layer, rule }: Decision): boolean {
  return layer === 'policy' && rule === `risk.${risk}` && !isAtLeast(risk, 'high')
}

export const SECURITY = ['deny', 'allowlist', 'full'] as const
export const ASK = ['off', 'on-miss', 'always'] as const
export interface AskMode {
  /** `deny`: every question is a no; `allowlist`: what an allowance covers passes; `full`: what is below high passes. */
  readonly security: (typeof SECURITY)[number]
  /** `off`: nobody is asked; `on-miss`: when nothing covers it; `always`: even then. */
  readonly ask: (typeof ASK)[number]
}

/** Where a question goes: to nobody, or past the person, or to the person. */
export function routeOf(
  { security, ask }: AskMode,
  isCovered: boolean,
  action: Action,
): 'deny' | 'allow' | 'ask' {
  if (action.risk === 'critical' || security === 'deny') return 'deny'
  const passes = isCovered || (security === 'full' && !isAtLeast(action.risk, 'high'))
  if (ask === 'always') return 'ask'
  if (passes) return 'allow'
  return ask === 'off' ? 'deny' : 'ask'
}
