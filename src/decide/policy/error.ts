import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const POLICY_ERRORS = {
  POLICY_INVALID: {
    kind: 'invalid',
    meaning: 'the policy file is refused as a whole; the one before it stays in force',
  },
  POLICY_TEST_INVALID: { kind: 'invalid', meaning: 'a file of policy expectations cannot be read' },
  PATTERN_INVALID: { kind: 'invalid', meaning: 'the pattern of a capability is not one its namespace has' },
  GRANT_INVALID: { kind: 'invalid', meaning: 'a grant was asked for with a value that cannot be granted' },
  GRANT_FORBIDDEN: { kind: 'forbidden', meaning: 'the caller may not give or take back grants' },
  GRANT_UNKNOWN: { kind: 'missing', meaning: 'there is no grant with this id' },
  GRANT_ENDED: { kind: 'conflict', meaning: 'the grant was taken back before, or its time is over' },
} as const satisfies ErrorCatalogue

/** One thing wrong with a file: where, what, and what to do. */
export interface FileProblem {
  /** `file:line:column`, both counted from 1. */
  readonly where: string
  readonly what: string
  readonly fix: string
}

export class PolicyError extends KnownError<typeof POLICY_ERRORS> {
  override readonly name = 'PolicyError'
  /** Everything wrong with the file, in the order it stands there; the first is also the error's message. */
  readonly problems: readonly FileProblem[]

  constructor(
    code: keyof typeof POLICY_ERRORS,
    problem: { what: string; fix: string; where?: string; cause?: unknown },
    problems: readonly FileProblem[] = [],
  ) {
    super(POLICY_ERRORS, code, problem)
    this.problems = problems
  }
}
