import { KnownError, type ErrorCatalogue, type Problem } from '../../core/error.ts'

export const ALERT_ERRORS = {
  ALERT_SENDER_INVALID: {
    kind: 'invalid',
    meaning: 'a setting of where alerts are sent cannot be used',
  },
  ALERT_SEND_FAILED: {
    kind: 'unavailable',
    meaning: 'an alert could not be sent on; it stays in the feed, waits, and is tried again',
  },
} as const satisfies ErrorCatalogue

export class AlertError extends KnownError<typeof ALERT_ERRORS> {
  override readonly name = 'AlertError'

  constructor(code: keyof typeof ALERT_ERRORS, problem: Problem) {
    super(ALERT_ERRORS, code, problem)
  }
}

export function invalidSender(what: string, fix: string): AlertError {
  return new AlertError('ALERT_SENDER_INVALID', { what, fix })
}

export function sendFailed(what: string, cause?: unknown): AlertError {
  const fix = 'look at what listens there; what waits is shown by warder watch status'
  return new AlertError('ALERT_SEND_FAILED', { what, fix, ...(cause === undefined ? {} : { cause }) })
}
