import { KnownError, type ErrorCatalogue, type Problem } from '../../../../core/error.ts'

export const TEXT_MODEL_ERRORS = {
  TEXT_MODEL_MISSING: {
    kind: 'unavailable',
    meaning:
      'the file with the weights of the text scanner cannot be read; the scanner runs on its rules alone',
  },
  TEXT_MODEL_REFUSED: {
    kind: 'unavailable',
    meaning:
      'the file with the weights of the text scanner is damaged or of another version; the scanner runs on its rules alone',
  },
} as const satisfies ErrorCatalogue

export class TextModelError extends KnownError<typeof TEXT_MODEL_ERRORS> {
  override readonly name = 'TextModelError'

  constructor(code: keyof typeof TEXT_MODEL_ERRORS, problem: Problem) {
    super(TEXT_MODEL_ERRORS, code, problem)
  }
}
