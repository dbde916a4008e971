import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const CONSOLE_ERRORS = {
  CONSOLE_BIND_REFUSED: {
    kind: 'forbidden',
    meaning: 'the console would be open to a network without what that needs',
  },
  CONSOLE_ADDRESS: { kind: 'invalid', meaning: 'a setting of the console is no address, port or network' },
  CONSOLE_CLIENT_CA: {
    kind: 'invalid',
    meaning: 'the authorities browsers have to show a certificate of cannot be read',
  },
  CONSOLE_POLICY_CHANGED: {
    kind: 'conflict',
    meaning: 'the policy file is not what a change of it was made from',
  },
  CONSOLE_PORT: { kind: 'conflict', meaning: 'the console cannot listen where it should' },
  CONSOLE_OFF: { kind: 'unavailable', meaning: 'the console is not on, or this Warder has none' },
  CONSOLE_HOST: { kind: 'forbidden', meaning: 'a request to the console names another host' },
  CONSOLE_ORIGIN: { kind: 'forbidden', meaning: 'a request to the console comes from another page' },
  CONSOLE_CSRF: {
    kind: 'forbidden',
    meaning: 'an act at the console came without the word only its page knows',
  },
  CONSOLE_ROLE: { kind: 'forbidden', meaning: 'somebody at the console may not make this call' },
  NOT_FOR_CONSOLE: {
    kind: 'forbidden',
    meaning: 'the call is made at a terminal, never through the console',
  },
  LOGIN_NEEDED: { kind: 'forbidden', meaning: 'nobody is logged in at the console (HTTP status 401)' },
  FRESH_NEEDED: {
    kind: 'forbidden',
    meaning: 'an act at the console needs the passphrase or passkey, given a short time ago',
  },
  CONSOLE_BUSY: {
    kind: 'unavailable',
    meaning: 'as many streams are open as there may be (HTTP status 429)',
  },
} as const satisfies ErrorCatalogue

export type ConsoleCode = keyof typeof CONSOLE_ERRORS

export class ConsoleError extends KnownError<typeof CONSOLE_ERRORS> {
  override readonly name = 'ConsoleError'
}

export function consoleError(code: ConsoleCode, what: string, fix: string, cause?: unknown): ConsoleError {
  return new ConsoleError(CONSOLE_ERRORS, code, cause === undefined ? { what, fix } : { what, fix, cause })
}
