import type { Action } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import type { Outcome, PermitClaims } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import {
  allowedBy,
  atAutonomy,
  atStage,
  deniedBy,
  isTwoPhase,
  kindOf,
  refuseUnanswered,
  routeOf,
  type Allowances,
  type ApprovalDesk,
  type AskMode,
  type Autonomy,
  type Kind,
  type Question,
  type SessionYes,
  type Settlement,
  type Somebody,
  type Subject,
  type TrustBook,
} from '../decide/approval/index.ts'
import type { Plans } from './approvals-plans.ts'
import type { Prompts } from './approvals-prompts.ts'
import type { Watchers } from './approvals-watch.ts'

export interface ApprovalsParts {
  readonly desk: ApprovalDesk
  readonly allowances: Allowances
  readonly sessions: SessionYes
  readonly trust: TrustBook
  readonly plans: Plans
  readonly watchers: Watchers
  readonly prompts: Prompts
  readonly autonomy: () => Autonomy
  readonly mode: AskMode
  /** Whether a question may wait though nobody watches. */
  readonly waits: boolean
  /** Whether a person can be reached another way, and can answer that way. */
  readonly canReach: () => boolean
  /** Ends when whoever is asking just now no longer waits for the answer. */
  readonly askerGone: () => AbortSignal | undefined
  readonly isStaged: (agent: string) => boolean
  readonly sessionMs: number
  readonly now: () => number
  /** Told what a person wants allowed for good. @returns the allowance's id */
  readonly allowForGood: (settlement: Settlement) => Promise<string>
}

/** What the trust of an agent is about that is not started by us: what it is, nobody here can tell. */
const BY_HOOK = 'not started here'

/** What the gate hears of approvals: who must be asked, what they say, and whether what they saw is what runs. */
export class Approvals {
  readonly #parts: ApprovalsParts
  readonly #answeredBy = new WeakMap<Decision, Somebody>()
  /** What agents were when they last were about to start. */
  readonly #capabilities = new Map<string, string>()

  constructor(parts: ApprovalsParts) {
    this.#parts = parts
  }

  /** The decision of policy, with autonomy and trust weighed in. Never makes a no anything else, never waits. */
  weigh(who: Principal, action: Action, decided: Decision): Decision {
    const { autonomy, plans, trust, isStaged } = this.#parts
    const decision = atAutonomy(autonomy(), who, action, decided)
    const agent = action.namespace === 'agent' && action.verb === 'start' ? action.resource : undefined
    if (agent === undefined && who.role === 'agent' && isStaged(who.id)) {
      return atStage(trust.of(who.id), who.id, action, decision)
    }
    if (decision.effect !== 'allow' || agent === undefined || !isStaged(agent)) return decision
    const stage = trust.stageFor(agent, plans.of(action.bytes)?.staged?.capability ?? 'unknown')
    if (stage === 'verified') return decision
    const why = stage === 'draft' ? trust.of(agent).why : 'it has not run well often enough'
    const reason = `${agent} is a ${stage}: ${why}`
    return { ...decision, effect: 'ask', layer: 'approval', rule: `trust.${stage}`, reason }
  }

  /** A no for what was allowed by a yes that a changed file has overtaken. */
  overtaken(action: Action, evidence: () => Decision['evidence']): Decision | undefined {
    if (!this.#parts.plans.isOvertaken(action.bytes)) return undefined
    return {
      effect: 'deny',
      layer: 'approval',
      rule: 'approval.changed',
      reason: 'a program or script of this command changed after it was approved',
      fix: 'ask again; whoever answers sees what it is now',
      capabilities: [],
      evidence: evidence(),
    }
  }

  /** A person's answer, or that of an allowance a person gave; a no when nobody can be asked or nobody answers. */
  async ask(who: Principal, action: Action, decision: Decision, kind?: Kind): Promise<Decision> {
    const { plans, mode } = this.#parts
    const subject = await plans.subject(action.bytes)
    const covered = kind === undefined ? this.#covered(who, action, decision, subject) : undefined
    const route = routeOf(kind === undefined ? mode : askingPeople(mode), covered !== undefined, action)
    if (route === 'deny') return refusedByMode(decision, mode)
    if (route === 'allow') {
      plans.stand(action.bytes, subject)
      return (
        covered ??
        allowedBy(decision, 'approval.full', `${decision.reason}; questions are passed (approval.security)`)
      )
    }
    return await this.#askSomebody(who, action, decision, subject, kind)
  }

  #covered(
    who: Principal,
    action: Action,
    asked: Decision,
    subject: Subject | undefined,
  ): Decision | undefined {
    const { allowances, sessions, now } = this.#parts
    // what cannot be undone, and an agent's own start in stages, is asked each time
    if (isTwoPhase(kindOf(action), action.risk) || asked.rule.startsWith('trust.')) return undefined
    const session = sessions.match(askerOf(who, action), action, subject, now())
    if (session !== undefined) {
      return allowedBy(asked, `approval.session.${session}`, 'allowed for this session')
    }
    if (subject === undefined || asked.rule === 'autonomy.manual') return undefined
    const found = allowances.match(askerOf(who, action), subject, now())
    return (
      found && allowedBy(asked, `approval.allowance.${found.id}`, `${found.by} allowed this command for good`)
    )
  }

  async #askSomebody(
    who: Principal,
    action: Action,
    decision: Decision,
    subject: Subject | undefined,
    kind: Kind | undefined,
  ): Promise<Decision> {
    const { desk, prompts } = this.#parts
    if (!this.isSomebodyThere(askerOf(who, action))) return refuseUnanswered(decision)
    prompts.asked()
    const asking = {
      who: { ...who, id: askerOf(who, action) },
      action,
      decision,
      ...(subject === undefined ? {} : { subject }),
      ...(kind === undefined ? {} : { kind }),
    }
    const settled = await desk.ask(asking, this.#parts.askerGone())
    if ('refused' in settled)
      return deniedBy(decision, `${decision.reason}; ${settled.refused}`, 'wait for an answer first')
    return await this.#heard(settled, action, decision, subject)
  }

  async #heard(
    settlement: Settlement,
    action: Action,
    asked: Decision,
    subject: Subject | undefined,
  ): Promise<Decision> {
    const { question } = settlement
    if (question.state !== 'allowed') return noOf(question, asked)
    if (!this.#parts.plans.holds(subject)) {
      const reason = 'a program or script of this command changed while a person was asked'
      return deniedBy(asked, reason, 'ask again; whoever answers sees what it is now')
    }
    const rule = await this.#remembered(settlement, action, asked)
    this.#parts.plans.stand(action.bytes, subject)
    const decision = allowedBy(asked, rule, `${question.by ?? 'somebody'} said yes${noteOf(question)}`)
    if (settlement.by !== undefined) this.#answeredBy.set(decision, settlement.by)
    return decision
  }

  /** What the yes means for the next time. @returns the rule that allowed this one */
  async #remembered(settlement: Settlement, action: Action, asked: Decision): Promise<string> {
    const { sessions, trust, plans, now, sessionMs, allowForGood } = this.#parts
    const { question, pattern } = settlement
    const { id, principal, say } = question
    const capability = plans.of(action.bytes)?.staged?.capability
    if (asked.rule.startsWith('trust.') && capability !== undefined) {
      trust.apply(action.resource, { what: 'approved', capability, by: question.by ?? '' }, now())
    }
    if (say === 'session') {
      sessions.add({ id, principal, task: action.task, pattern, action, until: now() + sessionMs })
    }
    return say === 'rule'
      ? `approval.allowance.${await allowForGood(settlement)}`
      : `approval.${say ?? 'once'}.${id}`
  }

  /** Who said yes to what this decision allows. */
  answererOf(decision: Decision): Somebody | undefined {
    return this.#answeredBy.get(decision)
  }

  /** Whether a question of this asker, or of anybody, would reach somebody who can answer it. */
  isSomebodyThere(asker?: string): boolean {
    const { watchers, waits, canReach } = this.#parts
    return watchers.hears(asker) || waits || canReach()
  }

  /** Takes note of a verdict: what counts as a task, and what shakes an agent's trust. */
  saw(who: Principal, action: Action, { effect, rule }: Decision): void {
    const { trust, isStaged, now, prompts } = this.#parts
    prompts.saw(who, action)
    const isUnplanned = !this.#capabilities.has(who.id) && trust.of(who.id).capability === ''
    if (who.role === 'agent' && isStaged(who.id) && isUnplanned) this.#capabilities.set(who.id, BY_HOOK)
    if (who.role !== 'agent' || effect !== 'deny' || !rule.startsWith('exclusion.')) return
    if (isStaged(who.id))
      trust.apply(who.id, { what: 'escalated', why: `it asked for ${action.resource}` }, now())
  }

  /** Before a run of a staged agent is decided: what changed since it was trusted, and what it reaches for. */
  planned(agent: string, capability: string, reaches: readonly string[]): void {
    const { trust, now } = this.#parts
    this.#capabilities.set(agent, capability)
    trust.apply(agent, { what: 'changed', capability }, now())
    const [reach] = reaches
    if (reach !== undefined) trust.apply(agent, { what: 'escalated', why: reach }, now())
  }

  /** What an agent's trust would be about, once it has tried to start. */
  capabilityOf(agent: string): string | undefined {
    return this.#capabilities.get(agent)
  }

  /** How what a permit allowed has ended. */
  settled({ action, bytes }: PermitClaims, { result }: Outcome): void {
    const { trust, plans, now } = this.#parts
    const staged = plans.of(bytes)?.staged
    const [, agent] = /^agent:start:(.+)$/.exec(action) ?? []
    if (staged === undefined || agent === undefined || result === 'cancelled') return
    const event =
      result === 'success'
        ? ({ what: 'succeeded', capability: staged.capability } as const)
        : ({ what: 'failed', why: `a run ended as ${result}` } as const)
    trust.apply(agent, event, now())
  }
}

/** A setting gives no capabilities: what an agent asks for, a person gives. */
function askingPeople({ security, ask }: AskMode): AskMode {
  return { security: security === 'full' ? 'allowlist' : security, ask }
}

/** The start of an agent is the agent's matter, whoever typed it. */
function askerOf(who: Principal, { namespace, verb, resource }: Action): string {
  return namespace === 'agent' && verb === 'start' ? resource : who.id
}

function noteOf({ note }: Question): string {
  return note === undefined || note === '' ? '' : `: ${note}`
}

function noOf(question: Question, asked: Decision): Decision {
  const { state, by, note } = question
  if (state === 'denied') {
    return deniedBy(
      asked,
      `${by ?? 'somebody'} said no${noteOf(question)}`,
      'do without it, or say why it is needed',
    )
  }
  if (state === 'expired') {
    return deniedBy(
      asked,
      `${asked.reason}; nobody answered in time`,
      'ask again while somebody watches: warder approve',
    )
  }
  return deniedBy(
    asked,
    `${asked.reason}; ${note ?? 'the question was withdrawn'}`,
    'ask again while somebody watches: warder approve',
  )
}

function refusedByMode(asked: Decision, { security, ask }: AskMode): Decision {
  const setting =
    security === 'deny'
      ? 'approval.security is deny'
      : ask === 'off'
        ? 'approval.ask is off'
        : 'it is critical'
  return deniedBy(
    asked,
    `${asked.reason}; nobody is asked, because ${setting}`,
    'change the setting, or a rule of the policy',
  )
}
