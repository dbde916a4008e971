import { KnownError, type ErrorCatalogue } from '../../../core/error.ts'

export const CONTENT_ERRORS = {
  CONTENT_RULE_INVALID: {
    kind: 'invalid',
    meaning: 'a content rule of the egress cannot be kept as it is written',
  },
} as const satisfies ErrorCatalogue

/** A content rule cannot be kept; the run does not start with it. */
export class ContentError extends KnownError<typeof CONTENT_ERRORS> {
  override readonly name = 'ContentError'

  constructor(where: string, what: string, fix: string, cause?: unknown) {
    super(CONTENT_ERRORS, 'CONTENT_RULE_INVALID', {
      what,
      fix,
      where,
      ...(cause === undefined ? {} : { cause }),
    })
  }
}
