import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const SIGN_ERRORS = {
  KEYS_MISSING: {
    kind: 'missing',
    meaning: 'the key store has no such key, and making one was not asked for',
  },
  KEYS_MALFORMED: { kind: 'unavailable', meaning: 'a file of the key store is not what Warder wrote there' },
  KEYS_BESIDE_LOG: {
    kind: 'forbidden',
    meaning: 'the key store would lie in or around the directory of what it signs',
  },
} as const satisfies ErrorCatalogue

export class SignError extends KnownError<typeof SIGN_ERRORS> {
  override readonly name = 'SignError'
}
