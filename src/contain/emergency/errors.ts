import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const EMERGENCY_ERRORS = {
  EMERGENCY_REFUSED: {
    kind: 'unavailable',
    meaning: 'what destroys was not begun, since it could not be put on record first; the lock holds',
  },
  EMERGENCY_NO_PASSPHRASE: {
    kind: 'conflict',
    meaning: 'what destroys asks for the owner’s passphrase, and none was ever set',
  },
  EMERGENCY_INCOMPLETE: {
    kind: 'unavailable',
    meaning: 'a step of a wipe failed, or was seen not to have happened; the others were done',
  },
  EMERGENCY_LOCKED: { kind: 'stopped', meaning: 'the emergency lock is in force' },
  EMERGENCY_NOT_LOCKED: { kind: 'missing', meaning: 'there is no emergency lock to lift' },
  EMERGENCY_STATE: { kind: 'conflict', meaning: 'there is no unfinished wipe, or its notes cannot be read' },
  EMERGENCY_PLACE: {
    kind: 'forbidden',
    meaning: 'a directory that was to be erased is not Warder’s alone, so it is not touched',
  },
  EMERGENCY_CONFIG: {
    kind: 'invalid',
    meaning: 'an emergency configuration cannot be made from what was given',
  },
} as const satisfies ErrorCatalogue

export class EmergencyError extends KnownError<typeof EMERGENCY_ERRORS> {
  override readonly name = 'EmergencyError'
}

export function emergencyError(
  code: keyof typeof EMERGENCY_ERRORS,
  what: string,
  fix: string,
  cause?: unknown,
): EmergencyError {
  return new EmergencyError(EMERGENCY_ERRORS, code, { what, fix, ...(cause === undefined ? {} : { cause }) })
}
