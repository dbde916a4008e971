import { KnownError, type ErrorCatalogue } from '../../../core/error.ts'

export const BROKER_ERRORS = {
  BROKER_BINDING_INVALID: {
    kind: 'invalid',
    meaning: 'a secret cannot be bound as asked: its value, placeholder or places do not allow it',
  },
} as const satisfies ErrorCatalogue

/** A secret cannot be handed to the broker; the run does not start with it. */
export class BrokerError extends KnownError<typeof BROKER_ERRORS> {
  override readonly name = 'BrokerError'

  constructor(secret: string, what: string, fix: string) {
    super(BROKER_ERRORS, 'BROKER_BINDING_INVALID', { what: `secret ${secret}: ${what}`, fix, where: secret })
  }
}
