import { KnownError, type ErrorCatalogue, type Problem } from '../../core/error.ts'

export const IDENTITY_ERRORS = {
  IDENTITY_UNKNOWN: { kind: 'forbidden', meaning: 'nobody Warder knows stands behind the request' },
  IDENTITY_NAME: { kind: 'invalid', meaning: 'an agent name is not a name Warder accepts' },
  IDENTITY_FORGED: { kind: 'forbidden', meaning: 'a principal was not made by the authenticator' },
  AUTH_OFF_REFUSED: {
    kind: 'forbidden',
    meaning: 'authentication is switched off where it may not be: outside profile dev',
  },
  OWNER_NOT_FRESH: {
    kind: 'forbidden',
    meaning: 'the act needs the passphrase, given a short time ago in this session',
  },
  PASSPHRASE_WRONG: { kind: 'forbidden', meaning: 'the passphrase is not the one that was set' },
  PASSPHRASE_UNFIT: { kind: 'invalid', meaning: 'a passphrase is too short or too long' },
  PASSPHRASE_ABSENT: { kind: 'missing', meaning: 'no passphrase is set' },
  LOCKED_OUT: { kind: 'unavailable', meaning: 'too many failures: nothing is tried until the pause is over' },
  SESSION_UNKNOWN: { kind: 'missing', meaning: 'there is no such session, or it is over' },
  LINK_INVALID: {
    kind: 'forbidden',
    meaning: 'a log-in link of the console was used before, is too old, or is none',
  },
  TOTP_STATE: { kind: 'conflict', meaning: 'the second factor is not in the state for this step' },
  PASSKEY_INVALID: { kind: 'forbidden', meaning: 'a passkey is not known, or its answer proves nothing' },
  PERSON_UNKNOWN: { kind: 'missing', meaning: 'nobody of that name was let in to the console' },
  PEOPLE_UNTRUSTED: {
    kind: 'unavailable',
    meaning: 'the book of people cannot be read, is not ours, was altered or put back to an older state',
  },
  PEOPLE_FULL: { kind: 'conflict', meaning: 'as many guests, devices or questions are open as there may be' },
  PEOPLE_BUSY: { kind: 'unavailable', meaning: 'strangers ask more often than they may' },
  MEMBER_UNKNOWN: { kind: 'missing', meaning: 'there is no such guest, device or chat sender' },
  MEMBER_TAKEN: { kind: 'conflict', meaning: 'a guest or device of that name is there, or was' },
  MEMBER_SCOPE: {
    kind: 'invalid',
    meaning: 'a scope is empty, too wide, or asks for what no guest may have',
  },
  INVITATION_INVALID: { kind: 'forbidden', meaning: 'an invitation is not one of ours' },
  INVITATION_EXPIRED: { kind: 'forbidden', meaning: 'an invitation is past its redeem-by' },
  INVITATION_USED: { kind: 'conflict', meaning: 'an invitation was redeemed before, or revoked' },
  PAIRING_UNKNOWN: { kind: 'missing', meaning: 'no pairing waits under that code or id' },
  PAIRING_STATE: { kind: 'conflict', meaning: 'the pairing is not in the state for this step' },
  PROOF_INVALID: { kind: 'forbidden', meaning: 'a signature, its time or its key does not prove possession' },
  PROOF_REPLAYED: { kind: 'forbidden', meaning: 'a signed request came a second time' },
  TOKEN_INVALID: { kind: 'forbidden', meaning: 'a token was not issued here, was altered, or is another’s' },
  TOKEN_EXPIRED: { kind: 'forbidden', meaning: 'a token is past its time' },
  TOKEN_REVOKED: { kind: 'forbidden', meaning: 'a token, or whom it was for, was revoked' },
  TOKEN_SPENT: { kind: 'conflict', meaning: 'a capability token was spent before' },
  TOKEN_POLICY: {
    kind: 'conflict',
    meaning: 'the policy is not the one a capability token was issued under',
  },
} as const satisfies ErrorCatalogue

export type IdentityCode = keyof typeof IDENTITY_ERRORS

export class IdentityError extends KnownError<typeof IDENTITY_ERRORS> {
  override readonly name = 'IdentityError'
}

export function identityError(code: IdentityCode, what: string, fix: string, cause?: unknown): IdentityError {
  const problem: Problem = cause === undefined ? { what, fix } : { what, fix, cause }
  return new IdentityError(IDENTITY_ERRORS, code, problem)
}
