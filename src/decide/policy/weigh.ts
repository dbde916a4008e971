import type { Action } from '../../core/action.ts'
import type { Decision, Effect, Evidence } from '../../core/decision.ts'
import { ROLES } from '../../core/principal.ts'
import { RISK_LEVELS, SENSITIVITY_LEVELS } from '../../core/risk.ts'
import { isInTime, secondOf, type Clause } from './clause.ts'
import type { PolicyDocument } from './schema.ts'

/** A decision that lacks nothing but its evidence, which is put into it: one object each, as many are made. */
export type Settled = Omit<Decision, 'evidence'> & { evidence: Evidence | undefined }

/** What clauses are weighed against. */
export interface Facts {
  readonly isOwner: boolean
  /** Positions in `RISK_LEVELS` and `SENSITIVITY_LEVELS`. */
  readonly risk: number
  readonly askAt: number
  readonly now: number
  /** `now` in whole seconds. */
  readonly second: number
  readonly task: string | undefined
}

export function factsOf(
  isOwner: boolean,
  risk: number,
  askAt: number,
  now: number,
  task: string | undefined,
): Facts {
  return { isOwner, risk, askAt, now, second: secondOf(now), task }
}

const NONE: readonly string[] = Object.freeze([])
const HIGH = RISK_LEVELS.indexOf('high')
const CRITICAL = RISK_LEVELS.indexOf('critical')

export function settled(effect: Effect, rule: string, reason: string, fix?: string): Settled {
  return fix === undefined
    ? { effect, layer: 'policy', rule, reason, capabilities: NONE, evidence: undefined }
    : { effect, layer: 'policy', rule, reason, fix, capabilities: NONE, evidence: undefined }
}

export function withEvidence(answer: Settled, evidence: Evidence): Decision {
  answer.evidence = evidence
  return answer as Decision
}

export function allowed(rule: string, reason: string, capabilities: readonly string[]): Settled {
  return { effect: 'allow', layer: 'policy', rule, reason, capabilities, evidence: undefined }
}

/** A risk nobody knows counts as high. */
export function riskOf(action: Action): number {
  const { risk } = action
  // asked for every action, so the usual answer comes without a search
  if (risk === 'low') return 0
  const level = RISK_LEVELS.indexOf(risk)
  return level === -1 ? HIGH : level
}

/** A label nobody knows counts as the highest; none at all as the lowest. */
export function sensitivityOf(action: Action): number {
  if (action.sensitivity === undefined) return 0
  const level = SENSITIVITY_LEVELS.indexOf(action.sensitivity)
  return level === -1 ? SENSITIVITY_LEVELS.length - 1 : level
}

/** Whether a clause that covers the resource holds for this request at this time. */
export function applies(clause: Clause, facts: Facts): boolean {
  return (
    facts.risk >= clause.riskAtLeast &&
    isInTime(clause, facts.now, facts.second) &&
    (clause.task === undefined || clause.task === facts.task) &&
    (!facts.isOwner || clause.forOwner)
  )
}

/** What was found, by what it would do: of each kind that applies, the one that settles it. */
export class Voices {
  deny: Clause | undefined = undefined
  ask: Clause | undefined = undefined
  allow: Clause | undefined = undefined
  /** An allow that does not reach up to the risk of the action. */
  risky: Clause | undefined = undefined
  request: Clause | undefined = undefined

  hear(found: readonly Clause[], count: number, facts: Facts): void {
    this.deny = this.ask = this.allow = this.risky = this.request = undefined
    for (let i = 0; i < count; i++) {
      const clause = found[i]!
      if (applies(clause, facts)) this.#add(clause, facts)
    }
  }

  #add(clause: Clause, facts: Facts): void {
    const { effect } = clause
    if (effect === 'deny') this.deny = earlier(this.deny, clause)
    else if (effect === 'ask') this.ask = earlier(this.ask, clause)
    else if (effect === 'request') this.request = earlier(this.request, clause)
    else if (effect !== 'allow') return
    else if (facts.risk <= (clause.riskAtMost === -1 ? facts.askAt - 1 : clause.riskAtMost)) {
      this.allow = earlier(this.allow, clause)
    } else this.risky = earlier(this.risky, clause)
  }
}

/**
 * The rest of the order, once nothing denies: ask, allow (which asks where the risk is above what it covers), a
 * capability that may be asked for.
 *
 * @returns undefined when nothing speaks for it: the default is a deny
 */
export function weigh({ ask, allow, risky, request }: Voices, risk: number): Settled | undefined {
  if (ask !== undefined) return settled('ask', ask.rule, ask.reason)
  if (allow !== undefined) return allowed(allow.rule, allow.reason, allow.capabilities)
  if (risky !== undefined) return tooRisky(risky, risk)
  return request === undefined ? undefined : settled('ask', request.rule, request.reason)
}

function earlier(first: Clause | undefined, clause: Clause): Clause {
  return first !== undefined && first.order <= clause.order ? first : clause
}

function tooRisky({ rule, capabilities }: Clause, risk: number): Settled {
  const level = RISK_LEVELS[risk]
  const reason = `${rule} allows it, but not at risk ${level} without a person`
  return {
    effect: 'ask',
    layer: 'policy',
    rule: `risk.${level}`,
    reason,
    capabilities,
    evidence: undefined,
  }
}

/** What no capability makes good: the border itself, data above the ceiling, a model format that is not let in. */
export function gate(
  action: Action,
  isOwner: boolean,
  risk: number,
  ceiling: number,
  policy: PolicyDocument,
): Settled | undefined {
  if (!isOwner && risk >= CRITICAL) {
    return settled(
      'deny',
      'risk.critical',
      'critical actions are for the owner alone',
      'do it yourself, as the owner',
    )
  }
  const level = sensitivityOf(action)
  if (!isOwner && level > ceiling) {
    return settled(
      'deny',
      'sensitivity.exceeded',
      `data marked ${SENSITIVITY_LEVELS[level]} is above the ceiling ${SENSITIVITY_LEVELS[ceiling]}`,
      'raise `ceiling` of the agent in the policy file, or leave the data out',
    )
  }
  return action.namespace === 'model' && action.verb === 'promote'
    ? modelGate(action.format, policy)
    : undefined
}

function modelGate(written: string | undefined, { models }: PolicyDocument): Settled | undefined {
  const format = written?.toLowerCase()
  if (format === undefined || format === '') {
    return settled(
      'deny',
      'models.format_missing',
      'the model names no format',
      'name the format of the file',
    )
  }
  if (models?.deny_formats?.includes(format)) {
    return settled('deny', `models.deny_formats.${format}`, `models in ${format} are not let in`)
  }
  if (!models?.allow_formats?.includes(format)) {
    const fix = 'add the format to models.allow_formats in the policy file'
    return settled('deny', 'models.allow_formats_miss', `${format} is not among the allowed formats`, fix)
  }
  return undefined
}

/** Whether anything but a refusal is possible for this role; most of those who ask are agents. */
export function isKnown(role: string): boolean {
  return role === 'agent' || (role !== 'anonymous' && (ROLES as readonly string[]).includes(role))
}
