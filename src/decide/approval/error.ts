import { KnownError, type ErrorCatalogue, type Problem } from '../../core/error.ts'

export const APPROVAL_ERRORS = {
  APPROVAL_UNKNOWN: { kind: 'missing', meaning: 'no question of that id waits here, or ever did' },
  APPROVAL_ANSWERED: {
    kind: 'conflict',
    meaning: 'the question was answered before; the first answer stands',
  },
  APPROVAL_EXPIRED: { kind: 'conflict', meaning: 'the question was not answered in time, which is a no' },
  APPROVAL_FORBIDDEN: {
    kind: 'forbidden',
    meaning: 'whoever answers may not: agents and guests never, and nobody their own question',
  },
  APPROVAL_CHANGED: {
    kind: 'conflict',
    meaning: 'the answer is for something else than what the question is about now',
  },
  APPROVAL_CHOICE: { kind: 'invalid', meaning: 'the question does not offer that answer' },
  APPROVAL_WORD: { kind: 'invalid', meaning: 'the word that confirms a dangerous yes was not the one shown' },
  APPROVAL_UNRECORDED: {
    kind: 'unavailable',
    meaning: 'the answer could not be written to the ledger, and therefore counts as a no',
  },
  ALLOWANCE_UNKNOWN: { kind: 'missing', meaning: 'there is no standing allowance of that id' },
  ALLOWANCE_INVALID: { kind: 'invalid', meaning: 'a command, or a hole in it, cannot be allowed for good' },
  BUDGET_UNTRUSTED: {
    kind: 'conflict',
    meaning:
      'the budgets were changed by something else than Warder; no agent has anything left until they are reset',
  },
  TRUST_INVALID: { kind: 'invalid', meaning: 'a trust stage cannot be set like that' },
} as const satisfies ErrorCatalogue

export class ApprovalError extends KnownError<typeof APPROVAL_ERRORS> {
  override readonly name = 'ApprovalError'

  constructor(code: keyof typeof APPROVAL_ERRORS, problem: Problem) {
    super(APPROVAL_ERRORS, code, problem)
  }
}
