import { randomBytes } from 'node:crypto'
import { createSecretScanner, SECRET_FAMILIES } from '../decide/inspect/secret/index.ts'

export type Redact = (text: string) => string

/**
 * What masks every text that is written down or shown: logs, the ledger, questions, lists. It is eager, down to what
 * only might be a secret, for a mask too many costs a reader nothing; personal numbers stay, since a record that hides
 * which account an agent touched would not be one.
 *
 * @param key of this installation, so that equal values can be told to be equal and by nobody else be tried
 */
export function redactorWith(key: Uint8Array): Redact {
  return createSecretScanner({ key, families: SECRET_FAMILIES, minimum: 'low' }).redact
}

/** For what is written before the keys are open: its tags are of this process alone. */
export function redactorOfProcess(): Redact {
  return redactorWith(randomBytes(32))
}
