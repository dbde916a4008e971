import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const SECRETS_ERRORS = {
  SECRET_UNKNOWN: { kind: 'missing', meaning: 'there is no secret of that name' },
  SECRET_INVALID: {
    kind: 'invalid',
    meaning: 'the name, value or terms of a secret are not what can be kept',
  },
  SECRET_CHANGED: { kind: 'conflict', meaning: 'somebody else changed the secret at the same time' },
  SECRET_STATE: { kind: 'conflict', meaning: 'the secret is not in the state for this step' },
  SECRET_NOT_FOR: {
    kind: 'forbidden',
    meaning: 'the secret is not kept for this principal, or not for that host',
  },
  SECRETS_LOCKED: { kind: 'unavailable', meaning: 'the store needs its passphrase first' },
  SECRETS_PASSPHRASE: { kind: 'forbidden', meaning: 'the passphrase does not open the store' },
  SECRETS_UNTRUSTED: {
    kind: 'unavailable',
    meaning: 'the list of secrets was altered, cut, or put back to an older state',
  },
  SECRET_DAMAGED: {
    kind: 'unavailable',
    meaning: 'a value is missing from its store, or is not what was put there',
  },
  STORE_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'the store a secret is kept in cannot be used on this machine',
  },
  STORE_REFUSED: {
    kind: 'forbidden',
    meaning: 'the settings or the profile do not allow this store, or writing to it',
  },
  STORE_BUSY: { kind: 'unavailable', meaning: 'another program holds the store for longer than it should' },
  ROTATION_FAILED: {
    kind: 'unavailable',
    meaning: 'a step of a rotation failed; the message says what holds',
  },
  BOOT_FILE_INVALID: {
    kind: 'unavailable',
    meaning: 'the boot file cannot be opened: wrong key, cut or altered',
  },
  IMPORT_INVALID: { kind: 'invalid', meaning: 'a file to import secrets from is not of its format' },
} as const satisfies ErrorCatalogue

export type SecretCode = keyof typeof SECRETS_ERRORS

/** None of these ever quotes a value, nor a part of one. */
export class SecretsError extends KnownError<typeof SECRETS_ERRORS> {
  override readonly name = 'SecretsError'

  constructor(
    code: SecretCode,
    what: string,
    fix: string,
    more: { readonly where?: string; readonly cause?: unknown } = {},
  ) {
    super(SECRETS_ERRORS, code, { what, fix, ...more })
  }
}
