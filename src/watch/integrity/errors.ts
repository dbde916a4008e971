import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const INTEGRITY_ERRORS = {
  INTEGRITY_UNBASED: {
    kind: 'missing',
    meaning: 'no baseline was taken, so nothing can be compared with it',
  },
  INTEGRITY_FORGED: {
    kind: 'forbidden',
    meaning: 'the baseline, or the state kept beside it, is not what Warder wrote',
  },
  INTEGRITY_CHANGED: {
    kind: 'conflict',
    meaning: 'a new baseline would accept changes that nobody said yes to',
  },
  INTEGRITY_TOO_MANY: { kind: 'invalid', meaning: 'more files are watched than Warder compares' },
} as const satisfies ErrorCatalogue

export class IntegrityError extends KnownError<typeof INTEGRITY_ERRORS> {
  override readonly name = 'IntegrityError'
}
