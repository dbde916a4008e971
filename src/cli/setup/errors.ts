import { KnownError, messageOf, type ErrorCatalogue } from '../../core/error.ts'

export const SETUP_ERRORS = {
  SETUP_UNREADABLE: {
    kind: 'invalid',
    meaning: 'the settings of a coding agent are not in a form that can be changed',
  },
  SETUP_SCOPE: { kind: 'invalid', meaning: 'this coding agent has no settings of that scope' },
  SETUP_MISSING: { kind: 'missing', meaning: 'no settings of this coding agent were changed by Warder' },
  SETUP_DEAD: { kind: 'unavailable', meaning: 'a hook that was set up does not answer' },
} as const satisfies ErrorCatalogue

export class SetupError extends KnownError<typeof SETUP_ERRORS> {
  override readonly name = 'SetupError'
}

export function unreadable(path: string, cause: unknown): SetupError {
  return new SetupError(SETUP_ERRORS, 'SETUP_UNREADABLE', {
    what: `${path} cannot be changed: ${messageOf(cause)}`,
    fix: 'mend the file first; nothing in it was touched',
    where: path,
    cause,
  })
}
