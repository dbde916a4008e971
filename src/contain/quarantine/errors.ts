import { KnownError, type ErrorCatalogue, type Problem } from '../../core/error.ts'

export const QUARANTINE_ERRORS = {
  QUARANTINE_REFUSED: { kind: 'conflict', meaning: 'a path cannot be put in quarantine, or not be put back' },
  QUARANTINE_UNKNOWN: { kind: 'missing', meaning: 'nothing in quarantine has that id' },
} as const satisfies ErrorCatalogue

export class QuarantineError extends KnownError<typeof QUARANTINE_ERRORS> {
  override readonly name = 'QuarantineError'

  constructor(code: keyof typeof QUARANTINE_ERRORS, problem: Problem) {
    super(QUARANTINE_ERRORS, code, problem)
  }
}
