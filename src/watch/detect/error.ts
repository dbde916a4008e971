import { KnownError, type ErrorCatalogue, type Problem } from '../../core/error.ts'

export const DETECT_ERRORS = {
  DETECT_RULES_INVALID: {
    kind: 'invalid',
    meaning: 'a file of detection rules is not of its shape; the rules that were in force stay',
  },
  DETECT_RULE_UNKNOWN: { kind: 'missing', meaning: 'there is no detection rule of that name' },
  DETECT_MODEL_INVALID: {
    kind: 'invalid',
    meaning: 'the address of the second stage of detection is not one on this machine itself',
  },
  DETECT_MODEL_FAILED: {
    kind: 'unavailable',
    meaning: 'the second stage of detection did not answer as agreed; what the rules said stands',
  },
} as const satisfies ErrorCatalogue

export class DetectError extends KnownError<typeof DETECT_ERRORS> {
  override readonly name = 'DetectError'

  constructor(code: keyof typeof DETECT_ERRORS, problem: Problem) {
    super(DETECT_ERRORS, code, problem)
  }
}
