import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const EGRESS_ERRORS = {
  EGRESS_GRANT_INVALID: { kind: 'invalid', meaning: 'what a run may reach is not written as it must be' },
  EGRESS_RUN_TAKEN: { kind: 'conflict', meaning: 'the egress of that run is open already' },
  EGRESS_RUN_MISSING: { kind: 'missing', meaning: 'the egress of that run is not open' },
  EGRESS_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'the egress process does not run or does not answer; nothing gets out',
  },
  EGRESS_REFUSED: { kind: 'forbidden', meaning: 'a request of Warder itself goes where nothing may go' },
  EGRESS_REDIRECTED: {
    kind: 'forbidden',
    meaning: 'an answer leads on too often, or from https back to http',
  },
  EGRESS_UNREACHABLE: { kind: 'unavailable', meaning: 'a host could not be found or reached' },
  EGRESS_UNTRUSTED: {
    kind: 'forbidden',
    meaning: 'a host has no certificate that is valid for its name, or none of the pinned keys',
  },
  EGRESS_TOO_LARGE: { kind: 'invalid', meaning: 'an answer is larger than it may be' },
  EGRESS_TIMED_OUT: { kind: 'unavailable', meaning: 'an answer did not come in time' },
} as const satisfies ErrorCatalogue

/** Nothing was sent, or what was sent was broken off. A refusal of what an agent asked for is no error but an answer. */
export class EgressError extends KnownError<typeof EGRESS_ERRORS> {
  override readonly name = 'EgressError'

  constructor(
    code: keyof typeof EGRESS_ERRORS,
    what: string,
    fix: string,
    more: { readonly where?: string; readonly cause?: unknown } = {},
  ) {
    super(EGRESS_ERRORS, code, { what, fix, ...more })
  }
}
