import type { z } from 'zod'
import type { ApprovalsStatusShape } from '../api/approvals.ts'
import type { Action } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import { messageOf } from '../core/error.ts'
import type { Outcome, PermitClaims } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import { costOf } from '../decide/approval/index.ts'
import type { GrantBook, PolicyEngine } from '../decide/policy/index.ts'
import type { PermitBook, Rooms } from '../gate/index.ts'
import type { Acts } from './acts.ts'
import { notifiersOf } from './approvals-notifiers.ts'
import { openApprovals, type OpenApprovalsOptions } from './approvals-open.ts'
import { approvalHandlers, type ApprovalHandlerOptions } from './http/approvals.ts'
import { budgetHandlers } from './http/budgets.ts'
import { requestHandlers } from './http/requests.ts'

export interface WireApprovalsOptions extends Omit<OpenApprovalsOptions, 'takeBack' | 'notifiers'> {
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
  readonly engine: PolicyEngine
  readonly grants: GrantBook
}

/** Approvals between the rooms: what the gate asks of them, and the calls people answer with. */
export function wireApprovals({
  contained,
  decide: policy,
  permits,
  environment,
  redact,
  ...options
}: WireApprovalsOptions) {
  const open = openApprovals({
    ...options,
    notifiers: notifiersOf({ values: options.values, now: options.now, redact, environment }),
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
    approvals.weigh(who, action, policy(who, action))
  const { budgets } = open
  return {
    ...open,
    /** A budget that is used up says no before anybody is asked; a permit that was given within it stays good. */
    decide: (who: Principal, action: Action): Decision => {
      const decided = decide(who, action)
      const agent = agentOf(who, action)
      if (agent === undefined || decided.effect === 'deny') return decided
      const over = budgets.exceeded(agent, action.task, options.now())
      return over === undefined ? decided : overBudget(decided, agent, over.unit)
    },
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
        const agent = agentOf(who, action)
        if (agent !== undefined) {
          budgets.spend(agent, action.task, costOf(action, decision.effect === 'allow'), options.now())
        }
        return record(request, who, action, decision)
      },
    /** What a run's end means for its agent's trust; the run itself has ended and is on record either way. */
    settled(claims: PermitClaims, outcome: Outcome): void {
      const [, started] = /^agent:start:(.+)$/.exec(claims.action) ?? []
      if (claims.door === 'sandbox') {
        const seconds = outcome.durationMs / 1000
        budgets.spend(started ?? claims.principal, undefined, { seconds }, options.now())
      }
      try {
        approvals.settled(claims, outcome)
      } catch (error) {
        options.log.error(`the trust of ${claims.action} was not written: ${messageOf(error)}`)
      }
    },
    facts: (): z.infer<typeof ApprovalsStatusShape> => factsOf(open),
    handlers: ({ rooms, acts, engine, grants, requireFresh }: ApprovalRoutesOptions) => ({
      ...approvalHandlers({
        open,
        acts,
        identify: (credential) => rooms.identify(credential),
        now: options.now,
        redact,
        ...(requireFresh === undefined ? {} : { requireFresh }),
      }),
      ...budgetHandlers({ budgets, acts, now: options.now }),
      ...requestHandlers({
        ...{ rooms, engine, grants, approvals, redact, permits: permits(), judged: requests },
        ...{ now: options.now, monotonicMs: options.monotonicMs },
        waitMs: options.values['approval.timeout'],
      }),
    }),
  }
}

/** Whose doing it is: the start of an agent is the agent's, whoever typed it. */
function agentOf(who: Principal, { namespace, verb, resource }: Action): string | undefined {
  if (who.role === 'agent') return who.id
  return namespace === 'agent' && verb === 'start' ? resource : undefined
}

function overBudget(decided: Decision, agent: string, unit: string): Decision {
  return {
    ...decided,
    effect: 'deny',
    layer: 'approval',
    rule: `budget.${unit}`,
    reason: `the budget of ${agent} is used up: ${unit}`,
    fix: `look at it: warder budget list; to give more: warder budget set ${agent}`,
  }
}

function factsOf(open: ReturnType<typeof openApprovals>): z.infer<typeof ApprovalsStatusShape> {
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
    problems: [...open.problems],
  }
}
