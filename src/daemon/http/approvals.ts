import type { Principal } from '../../core/principal.ts'
import { ApprovalError, type Question, type TrustEvent } from '../../decide/approval/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { OpenApprovals } from '../approvals-open.ts'
import { allowanceAnswer, trustAnswer } from '../approvals-view.ts'
import type { Questions } from '../questions.ts'
import type { Handlers } from './app.ts'

type ApprovalHandlers = Pick<
  Handlers,
  | 'approvalFollow'
  | 'approvalList'
  | 'approvalShow'
  | 'approvalAnswer'
  | 'allowanceList'
  | 'allowanceRevoke'
  | 'trustList'
  | 'trustSet'
  | 'autonomyShow'
  | 'autonomySet'
>

export interface ApprovalHandlerOptions {
  readonly open: OpenApprovals
  readonly acts: Acts
  readonly identify: (credential: Credential) => Principal
  readonly now: () => number
  readonly questions: Questions
  /** Throws for somebody whose session is not fresh enough for such an answer. */
  readonly requireFresh?: (who: Principal, question: Question) => void | Promise<void>
}

export function approvalHandlers(options: ApprovalHandlerOptions): ApprovalHandlers {
  return { ...questionHandlers(options), ...standingHandlers(options) }
}

function questionHandlers({
  questions,
  identify,
  requireFresh,
}: ApprovalHandlerOptions): Pick<
  ApprovalHandlers,
  'approvalFollow' | 'approvalList' | 'approvalShow' | 'approvalAnswer'
> {
  return {
    async *approvalFollow({ agent }, { credential, signal }) {
      refuseOthers(identify(credential))
      const isIts = (asker: string): boolean => agent === undefined || asker === agent
      yield* questions.follow(signal, { sees: isIts, answers: isIts })
    },
    approvalList: ({ agent }) => ({ questions: questions.list(agent) }),
    approvalShow: ({ id }) => questions.view(questions.find(id)),
    async approvalAnswer({ id, ...said }, { credential }) {
      const who = identify(credential)
      const question = questions.find(id)
      // a no is never held up
      if (said.say !== 'deny') await requireFresh?.(who, question)
      return await questions.answer(question.id, said, who)
    },
  }
}

/** A watcher counts as somebody who answers, so only who may answer is one. */
function refuseOthers(who: Principal): void {
  if (who.role === 'owner' || who.role === 'operator') return
  throw new ApprovalError('APPROVAL_FORBIDDEN', {
    what: `${who.id} (${who.role}) may not answer questions`,
    fix: 'let the owner do it: warder approve',
  })
}

function standingHandlers({
  open,
  acts,
  now,
}: ApprovalHandlerOptions): Pick<
  ApprovalHandlers,
  'allowanceList' | 'allowanceRevoke' | 'trustList' | 'trustSet' | 'autonomyShow' | 'autonomySet'
> {
  const { allowances, trust, isStaged, approvals } = open
  const setting = (credential: Credential, resource: string, input: Record<string, string>) => ({
    ...{ credential, namespace: 'config', verb: 'write', resource, risk: 'high' as const, input },
  })
  return {
    allowanceList: ({ agent }) => ({
      allowances: allowances
        .list()
        .filter((each) => agent === undefined || each.agent === agent)
        .map(allowanceAnswer),
      problems: [...open.problems()],
    }),
    async allowanceRevoke({ id: given }, { credential }) {
      const id = wholeAllowance(open, given)
      const asked = { ...setting(credential, `allowance/${id}`, { id }), risk: 'medium' as const }
      const { value } = await acts.act(asked, 'policy', ({ who }) => open.revoke(id, who.id))
      return allowanceAnswer(value)
    },
    trustList: () => ({
      agents: trust.list().map(([agent, each]) => trustAnswer(agent, each, isStaged(agent))),
    }),
    async trustSet({ agent, stage, reason = '' }, { credential }) {
      const asked = {
        ...setting(credential, `trust/${agent}`, { agent, stage, reason }),
        reason: `${stage} ${reason}`,
      }
      const { value } = await acts.act(asked, 'policy', ({ who }) => {
        const capability =
          stage === 'draft' ? '' : (approvals.capabilityOf(agent) ?? trust.of(agent).capability)
        if (stage !== 'draft' && capability === '') throw neverSeen(agent)
        const event: TrustEvent = { what: 'set', stage, capability, by: who.id }
        return trust.apply(agent, event, now())
      })
      return trustAnswer(agent, value, isStaged(agent))
    },
    autonomyShow: () => ({ level: open.autonomy() }),
    async autonomySet({ level }, { credential }) {
      const asked = setting(credential, 'autonomy', { level })
      const { value: before } = await acts.act(asked, 'policy', ({ who }) => open.setAutonomy(level, who.id))
      return { level, before }
    },
  }
}

function wholeAllowance({ allowances }: OpenApprovals, id: string): string {
  const matching = allowances.list().filter((each) => each.id.startsWith(id))
  if (matching.length === 1) return matching[0]!.id
  throw new ApprovalError('ALLOWANCE_UNKNOWN', {
    what:
      matching.length === 0
        ? `there is no allowance ${id}`
        : `${matching.length} allowances begin with ${id}`,
    fix: 'look at: warder allowance list',
  })
}

function neverSeen(agent: string): ApprovalError {
  return new ApprovalError('TRUST_INVALID', {
    what: `Warder has not seen yet what ${agent} is: trust is about its code, interpreter and sandbox`,
    fix: `let it try to start once: warder run --agent ${agent} -- …`,
  })
}
