import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const AUDIT_ERRORS = {
  AUDIT_INVALID: {
    kind: 'invalid',
    meaning: 'an event, filter or archive request is not of the right shape',
  },
  AUDIT_UNWRITABLE: {
    kind: 'unavailable',
    meaning: 'the ledger could not write; what was to be recorded may not happen',
  },
  AUDIT_UNREADABLE: {
    kind: 'unavailable',
    meaning: 'a file of the ledger cannot be read or is not of our shape',
  },
  AUDIT_LOCKED: { kind: 'conflict', meaning: 'another process writes this ledger' },
  AUDIT_TRUNCATED: {
    kind: 'unavailable',
    meaning: 'the ledger is shorter than a checkpoint that was signed for it',
  },
  AUDIT_TAMPERED: {
    kind: 'unavailable',
    meaning: 'the ledger contradicts itself or a checkpoint signed for it',
  },
  AUDIT_MISSING: { kind: 'missing', meaning: 'no entry, month or file of that name is in the ledger' },
  AUDIT_AMBIGUOUS: { kind: 'conflict', meaning: 'the start of an entry id fits more than one entry' },
  AUDIT_ARCHIVED: { kind: 'conflict', meaning: 'that month is archived already, or is not over yet' },
} as const satisfies ErrorCatalogue

export class AuditError extends KnownError<typeof AUDIT_ERRORS> {
  override readonly name = 'AuditError'
}

export function auditError(
  code: keyof typeof AUDIT_ERRORS,
  what: string,
  fix: string,
  cause?: unknown,
): AuditError {
  return new AuditError(AUDIT_ERRORS, code, { what, fix, cause })
}
