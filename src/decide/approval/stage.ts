import type { Action } from '../../core/action.ts'
import type { Decision } from '../../core/decision.ts'
import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import type { Stage, Trust } from './trust.ts'

/** From which risk on an agent of this stage asks for what policy allows it; a verified one is left to policy. */
const ASKS_FROM: Readonly<Record<Stage, RiskLevel | undefined>> = {
  draft: 'medium',
  trial: 'high',
  verified: undefined,
}

/** The stage of an agent as an input to a decision on what it does. It never turns a no into anything else. */
export function atStage(trust: Trust, agent: string, action: Action, decided: Decision): Decision {
  const { stage, why } = trust
  const from = ASKS_FROM[stage]
  if (decided.effect !== 'allow' || from === undefined || !isAtLeast(action.risk, from)) return decided
  const reason = `${decided.reason}; ${agent} is a ${stage} (${why}), which asks from ${from} risk on`
  return { ...decided, effect: 'ask', layer: 'approval', rule: `stage.${stage}`, reason }
}
