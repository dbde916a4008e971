import type { InputOf, OutputOf } from '../../api/endpoints.ts'
import type { QuestionAnswer } from '../../api/approvals.ts'
import { calls } from '../../client/calls.ts'
import type { Context } from '../command.ts'
import { option } from '../param.ts'
import { SecretInput } from '../secret-input.ts'
import { callAs, streamAs } from './membership-call.ts'

export const AS_OPTION = option('as the paired device or guest you are over there', { value: 'NAME' })

/** Where questions are looked at and answered: here as the owner, or over there as somebody who was let in. */
export interface ApprovalDoor {
  list(agent: string | undefined): Promise<OutputOf<'approvalList'>>
  show(id: string): Promise<QuestionAnswer>
  /** A dangerous yes from over there asks for the owner's passphrase first. */
  answer(
    question: QuestionAnswer,
    answer: Omit<InputOf<'approvalAnswer'>, 'id' | 'payload'>,
  ): Promise<QuestionAnswer>
  follow(agent: string | undefined, signal: AbortSignal): AsyncIterable<OutputOf<'approvalFollow'>>
}

/** @param passphrase how the owner's passphrase is come by, where it is needed */
export async function approvalDoor(
  context: Context,
  as: string | undefined,
  passphrase: () => Promise<string> = () =>
    new SecretInput(context, undefined).next('the owner’s passphrase'),
): Promise<ApprovalDoor> {
  return as === undefined ? await ownersDoor(context) : membersDoor(context, as, passphrase)
}

async function ownersDoor(context: Context): Promise<ApprovalDoor> {
  const api = calls(await context.client())
  return {
    list: (agent) => api.call('approvalList', ofAgent(agent)),
    show: (id) => api.call('approvalShow', { id }),
    answer: ({ id, payload }, answer) => api.call('approvalAnswer', { id, payload, ...answer }),
    follow: (agent, signal) => api.stream('approvalFollow', ofAgent(agent), signal),
  }
}

function membersDoor(context: Context, as: string, passphrase: () => Promise<string>): ApprovalDoor {
  return {
    list: (agent) => callAs(context, as, 'approvalList', ofAgent(agent)),
    show: (id) => callAs(context, as, 'approvalShow', { id }),
    async answer({ id, payload, risk, twoPhase }, answer) {
      const isDangerous = answer.say !== 'deny' && (twoPhase || risk === 'high' || risk === 'critical')
      const proof = isDangerous ? { passphrase: await passphrase() } : {}
      return await callAs(context, as, 'approvalAnswer', { id, payload, ...answer, ...proof })
    },
    follow: (agent, signal) => streamAs(context, as, 'approvalFollow', ofAgent(agent), signal),
  }
}

function ofAgent(agent: string | undefined): { agent?: string } {
  return agent === undefined ? {} : { agent }
}
