import { KnownError, type ErrorCatalogue } from '../../../core/error.ts'

export const SELFTEST_ERRORS = {
  SELFTEST_ATTEMPT_UNKNOWN: { kind: 'missing', meaning: 'there is no escape attempt or group of that name' },
  SELFTEST_DRIVER_UNKNOWN: { kind: 'missing', meaning: 'there is no sandbox driver of that name' },
  SELFTEST_RUNNING: { kind: 'conflict', meaning: 'a self-test of the sandbox is going on already' },
} as const satisfies ErrorCatalogue

/** A self-test that could not be made; nothing was tried. */
export class SelfTestError extends KnownError<typeof SELFTEST_ERRORS> {
  override readonly name = 'SelfTestError'
}
