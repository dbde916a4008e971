import { KnownError, type ErrorCatalogue, type Problem } from '../../../core/error.ts'

export const TEXT_ERRORS = {
  TEXT_GUARD_INVALID: {
    kind: 'invalid',
    meaning: 'the address of a guard for texts is not one on this machine itself',
  },
  TEXT_GUARD_FAILED: {
    kind: 'unavailable',
    meaning:
      'a guard for texts did not answer, too late, or not in the agreed form; the verdict stays as it was',
  },
  TEXT_NOT_WRAPPED: {
    kind: 'invalid',
    meaning: 'a text cannot be wrapped: the mark of its end is too short or stands in the text',
  },
} as const satisfies ErrorCatalogue

export class TextError extends KnownError<typeof TEXT_ERRORS> {
  override readonly name = 'TextError'

  constructor(code: keyof typeof TEXT_ERRORS, problem: Problem) {
    super(TEXT_ERRORS, code, problem)
  }
}
