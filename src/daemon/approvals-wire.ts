import type { z } from 'zod'
import type { ApprovalsStatusShape } from '../api/approvals.ts'
import type { Action } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import { messageOf } from '../core/error.ts'
import type { Outcome, PermitClaims } from '../core/permit.ts'
import type { Principal, Role } from '../core/principal.ts'
import { atMode, mayAnswerFromAfar, type Mode, type Question } from '../decide/approval/index.ts'
import type { GrantBook, PolicyEngine } from '../decide/policy/index.ts'
import type { PermitBook, Rooms } from '../gate/index.ts'
import type { Keys } from '../record/sign/index.ts'
import type { Acts } from './acts.ts'
import { notifiersOf } from './approvals-notifiers.ts'
import { openApprovals, type OpenApprovalsOptions } from './approvals-open.ts'
import { egressEvent } from './egress-events.ts'
import { approvalHandlers, type ApprovalHandlerOptions } from './http/approvals.ts'
import { budgetHandlers } from './http/budgets.ts'
import { requestHandlers } from './http/requests.ts'
import type { People } from './people.ts'
import { Questions } from './questions.ts'

export interface WireApprovalsOptions extends Omit<
  OpenApprovalsOptions,
  'takeBack' | 'notifiers' | 'signer' | 'mac' | 'rates' | 'mayAnswer' | 'standsFor' | 'mayGrant'
> {
  readonly keys: Pick<Keys, 'signer' | 'secret'>
  readonly engine: Pick<PolicyEngine, 'policy' | 'mayRequest' | 'mayGrant'>
  readonly people: Pick<People, 'authenticator' | 'genuine'>
  /** Masks secrets, in words that are kept or leave the machine. */
  readonly redact: (text: string) => string
  /** What a desktop is found by. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly contained: Rooms['contained']
  /** Policy and grants, as they are now. */
  readonly decide: Rooms['decide']
  /** Asked for late: the permits need our judgement first. */
  readonly permits: () => PermitBook
}

export interface ApprovalRoutesOptions extends Pick<ApprovalHandlerOptions, 'requireFresh'> {
  readonly rooms: Rooms
  readonly acts: Acts
  readonly grants: GrantBook
}

/** Approvals between the rooms: what the gate asks of them, and the calls people answer with. */
export function wireApprovals({
  contained,
  decide: policy,
  permits,
  environment,
  redact,
  keys,
  engine,
  people,
  ...options
}: WireApprovalsOptions) {
  const mayGrant = (role: Role): boolean => engine.mayGrant(role)
  const mayAnswer = (question: Question): boolean =>
    mayAnswerFromAfar(question, options.values['approval.webhook_risk']) &&
    (question.kind !== 'capability' || mayGrant('operator'))
  const open = openApprovals({
    ...{ ...options, mayGrant, mayAnswer },
    standsFor: (name) => people.authenticator.channel(name),
    signer: keys.signer('approval'),
    mac: (text) => keys.secret('budget').mac(text),
    rates: () => engine.policy().rates,
    notifiers: notifiersOf({
      ...{ values: options.values, now: options.now, redact, environment, mayAnswer },
      reach: {
        clock: { now: options.now, monotonicMs: options.monotonicMs },
        record: async (event) => void (await options.ledger.append(egressEvent(event))),
        warn: (message) => options.log.warn(message),
        policy: () => engine.policy().source.value,
      },
    }),
    takeBack: (agent, why) =>
      void permits().cancel(
        ({ principal, action }) =>
          agent === undefined
            ? principal !== 'owner'
            : principal === agent || action === `agent:start:${agent}`,
        why,
      ),
  })
  const { approvals } = open
  const requests = new Map<string, Rooms['decide']>()
  const decide = (who: Principal, action: Action): Decision =>
    approvals.weigh(who, action, atMode(options.values['agent.mode'], who, action, policy(who, action)))
  const { spending } = open
  const questions = new Questions(open, redact)
  return {
    ...open,
    questions,
    /** What is used up, or done too often, is a no before anybody is asked; a permit given within it stays good. */
    decide: (who: Principal, action: Action): Decision => spending.within(who, action, decide(who, action)),
    /** Policy and approvals alone: what counts when an answer that was given is looked at again. */
    again: decide,
    /** Questions that are judged in another way than by policy alone, by the digest of what they are about. */
    judged: requests,
    /** The gate's judgement made again when a permit is spent. */
    judge: (who: Principal, action: Action): Decision =>
      contained(who, action) ??
      approvals.overtaken(action, () => policy(who, action).evidence) ??
      (requests.get(action.bytes) ?? decide)(who, action),
    ask: (who: Principal, action: Action, decision: Decision) => approvals.ask(who, action, decision),
    /** The same recorder; what it records is taken note of. */
    recording:
      (record: Rooms['record']): Rooms['record'] =>
      (request, who, action, decision) => {
        approvals.saw(who, action, decision)
        spending.took(who, action, decision)
        return record(request, who, action, decision)
      },
    /** What a run's end means for its agent's trust; the run itself has ended and is on record either way. */
    settled(claims: PermitClaims, outcome: Outcome): void {
      const [, started] = /^agent:start:(.+)$/.exec(claims.action) ?? []
      const seconds = outcome.durationMs / 1000
      try {
        approvals.settled(claims, outcome)
        if (claims.door !== 'sandbox') return
        spending.budgets.spend(started ?? claims.principal, undefined, { seconds }, options.now())
      } catch (error) {
        options.log.error(`the trust or time of ${claims.action} was not written: ${messageOf(error)}`)
      }
    },
    facts: (): z.infer<typeof ApprovalsStatusShape> => factsOf(open, options.values['agent.mode']),
    handlers: ({ rooms, acts, grants, requireFresh }: ApprovalRoutesOptions) => ({
      ...approvalHandlers({
        open,
        acts,
        identify: (credential) => rooms.identify(credential),
        ...{ now: options.now, questions },
        ...(requireFresh === undefined ? {} : { requireFresh }),
      }),
      ...budgetHandlers({ spending, acts, now: options.now }),
      ...requestHandlers({
        ...{ rooms, policy, grants, approvals, redact, permits: permits(), judged: requests },
        within: (who, action, decided) => spending.within(who, action, decided),
        mayRequest: (agent, capability) => engine.mayRequest(agent, capability),
        genuine: (who) => people.genuine(who as Principal),
        ...{ now: options.now, monotonicMs: options.monotonicMs },
        waitMs: options.values['approval.timeout'],
      }),
    }),
  }
}

function factsOf(open: ReturnType<typeof openApprovals>, mode: Mode): z.infer<typeof ApprovalsStatusShape> {
  const { prompts, tasks, perTask } = open.prompts.facts()
  return {
    pending: open.desk.pending().length,
    watchers: open.watchers.count,
    reachable: open.approvals.isSomebodyThere(),
    autonomy: open.autonomy(),
    allowances: open.allowances.list().length,
    prompts,
    tasks,
    promptsPerTask: perTask,
    stages: [...open.stages()],
    mode,
    problems: [...open.problems()],
  }
}
