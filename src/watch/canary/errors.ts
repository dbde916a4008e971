import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const CANARY_ERRORS = {
  CANARY_INVALID: { kind: 'invalid', meaning: 'a canary cannot be planted like that' },
  CANARY_IN_THE_WAY: { kind: 'conflict', meaning: 'something stands where a canary should go' },
  CANARY_TOO_MANY: { kind: 'conflict', meaning: 'there are as many canaries as Warder keeps' },
  CANARY_UNKNOWN: { kind: 'missing', meaning: 'no canary has that id or name' },
  CANARY_FORGED: { kind: 'forbidden', meaning: 'the list of canaries is not what Warder wrote' },
} as const satisfies ErrorCatalogue

export class CanaryError extends KnownError<typeof CANARY_ERRORS> {
  override readonly name = 'CanaryError'
}

export function canaryError(code: keyof typeof CANARY_ERRORS, what: string, fix: string): CanaryError {
  return new CanaryError(CANARY_ERRORS, code, { what, fix })
}
