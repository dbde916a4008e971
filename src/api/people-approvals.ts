import { z } from 'zod'
import { APPROVAL_ENDPOINTS, QuestionShape } from './approvals.ts'

const Agent = z.string().min(1).max(64).optional().describe('only questions of this agent')

/** Questions on the socket for guests and devices: who holds `approval:read` looks, a device with `approval:answer` answers. */
export const PEOPLE_APPROVAL_CALLS = {
  approvalList: {
    path: '/v1/people/approvals',
    signed: true,
    input: z.strictObject({ agent: Agent }),
    output: APPROVAL_ENDPOINTS.approvalList.output,
  },
  approvalShow: {
    path: '/v1/people/approvals/show',
    signed: true,
    input: APPROVAL_ENDPOINTS.approvalShow.input,
    output: QuestionShape,
  },
  approvalAnswer: {
    path: '/v1/people/approvals/answer',
    signed: true,
    input: APPROVAL_ENDPOINTS.approvalAnswer.input.extend({
      passphrase: z
        .string()
        .min(1)
        .max(1024)
        .optional()
        .describe('of the owner: a dangerous yes needs it with every answer'),
    }),
    output: QuestionShape,
  },
  approvalFollow: {
    path: '/v1/people/approvals/follow',
    signed: true,
    stream: true,
    input: z.strictObject({ agent: Agent }),
    output: APPROVAL_ENDPOINTS.approvalFollow.output,
  },
} as const
