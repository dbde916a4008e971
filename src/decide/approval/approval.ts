import type { Decision } from '../../core/decision.ts'

/** The answer while nobody can be asked: the question becomes a deny that names the rule which asked. */
export function refuseUnanswered(asked: Decision): Decision {
  return {
    ...asked,
    effect: 'deny',
    layer: 'approval',
    reason: `${asked.reason}; a human would have to say yes and no approver is connected`,
    fix: asked.fix ?? `change rule ${asked.rule} to allow, or grant the capability for a short time`,
  }
}

/** A yes as the decision it makes of the question. */
export function allowedBy(asked: Decision, rule: string, reason: string): Decision {
  const { fix: _fix, ...rest } = asked
  return { ...rest, effect: 'allow', layer: 'approval', rule, reason }
}

/** A no as the decision it makes of the question. */
export function deniedBy(asked: Decision, reason: string, fix: string): Decision {
  return { ...asked, effect: 'deny', layer: 'approval', reason, fix }
}
