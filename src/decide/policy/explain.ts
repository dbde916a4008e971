import { actionName, type Action } from '../../core/action.ts'
import type { Decision } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import type { Clause } from './clause.ts'
import type { PolicyEngine } from './engine.ts'
import { quote } from './fix.ts'
import { appendRuleDiff } from './patch.ts'
import { applies, type Facts } from './weigh.ts'

/** One thing that speaks of the action, in the order it is weighed. */
export interface Voice {
  readonly source: Clause['source']
  readonly effect: Clause['effect']
  readonly rule: string
  readonly capability: string
  readonly reason: string
  readonly where?: string
  readonly applies: boolean
  /** Why it does not apply, when it covers the resource but does not. */
  readonly because?: string
}

/** The smallest change that would allow the action, ready to be used. */
export interface Change {
  readonly note: string
  /** A command to run. */
  readonly command?: string
  /** A unified diff of the policy file. */
  readonly patch?: string
}

export interface Explanation {
  readonly decision: Decision
  readonly voices: readonly Voice[]
  readonly change?: Change
}

/** Says why a decision is what it is, with everything that was weighed and what would change it. Changes nothing. */
export function explain(engine: PolicyEngine, who: Principal, action: Action, now: number): Explanation {
  const decision = engine.decide(who, action, now)
  const { facts, found } = engine.consider(who, action, now)
  const voices = found.map((clause) => voiceOf(clause, facts))
  const change = decision.effect === 'allow' ? undefined : changeFor(engine, who, action, decision, found)
  return change === undefined ? { decision, voices } : { decision, voices, change }
}

function voiceOf(clause: Clause, facts: Facts): Voice {
  const { source, effect, rule, capability, reason, where } = clause
  const holds = source === 'exclusion' || applies(clause, facts)
  const because = holds ? undefined : whyNot(clause, facts)
  return {
    source,
    effect,
    rule,
    capability,
    reason,
    applies: holds,
    ...(where === undefined ? {} : { where }),
    ...(because === undefined ? {} : { because }),
  }
}

function whyNot(clause: Clause, facts: Facts): string {
  if (facts.isOwner && !clause.forOwner) return 'it does not name the owner'
  if (facts.now < clause.from) return 'its time has not come'
  if (facts.now >= clause.until) return 'its time is over'
  if (clause.task !== undefined && clause.task !== facts.task) return `it is bound to the task ${clause.task}`
  return `it begins at risk ${RISK_LEVELS[clause.riskAtLeast]}`
}

function changeFor(
  engine: PolicyEngine,
  who: Principal,
  action: Action,
  decision: Decision,
  found: readonly Clause[],
): Change | undefined {
  const { rule } = decision
  if (rule.startsWith('exclusion.') || rule === 'resource.invalid' || rule === 'error') return undefined
  const settledBy = found.find((clause) => clause.rule === rule)
  if (settledBy !== undefined && settledBy.effect !== 'request') {
    return {
      note: `take ${settledBy.capability} out of ${rule} at ${settledBy.where ?? 'the policy file'}; a stricter rule beats every grant`,
    }
  }
  const isGrantable = !/[*$]/.test(action.resource)
  if (who.role !== 'agent' || !isGrantable || !(rule === 'default' || settledBy?.effect === 'request')) {
    return decision.fix === undefined ? undefined : { note: decision.fix }
  }
  const capability = actionName(action)
  const patch = appendRuleDiff(engine.policy().source, who.id, capability)
  return {
    note: 'for a time, a grant; for good, a rule',
    command: `warder grant add ${who.id} ${quote(capability)} --reason '…'`,
    ...(patch === undefined ? {} : { patch }),
  }
}
