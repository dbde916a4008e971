import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const SANDBOX_ERRORS = {
  SANDBOX_PROFILE_INVALID: { kind: 'invalid', meaning: 'a sandbox profile is not of the shape it must have' },
  SANDBOX_PROFILE_MISSING: { kind: 'missing', meaning: 'there is no sandbox profile of that name' },
  SANDBOX_PROFILE_FIXED: {
    kind: 'forbidden',
    meaning:
      'an override changes a field the profile keeps fixed, or gives more than the profile without the owner',
  },
  SANDBOX_COMMAND_INVALID: { kind: 'invalid', meaning: 'the command cannot be run in the sandbox as given' },
  SANDBOX_COMMAND_MISSING: { kind: 'missing', meaning: 'the command is not among what the sandbox shows' },
  SANDBOX_PATH_INVALID: { kind: 'invalid', meaning: 'a path cannot be shown in the sandbox as asked' },
  SANDBOX_PATH_EXCLUDED: {
    kind: 'forbidden',
    meaning: 'a path lies under a hard exclusion and is never shown',
  },
  SANDBOX_CHANGED: {
    kind: 'conflict',
    meaning: 'a file or directory was exchanged between the decision and the start',
  },
  SANDBOX_MODEL_REFUSED: {
    kind: 'forbidden',
    meaning: 'the sandbox would show a model that is not as it was signed',
  },
  SANDBOX_UNENFORCEABLE: {
    kind: 'unavailable',
    meaning: 'the profile asks for something this version or this machine cannot enforce',
  },
  SANDBOX_UNAVAILABLE: { kind: 'unavailable', meaning: 'the sandbox cannot be built on this machine' },
  SANDBOX_FAILED: { kind: 'unavailable', meaning: 'the sandbox was not built; the command did not run' },
  SANDBOX_STOPPED: { kind: 'stopped', meaning: 'the door is closed: nothing is started any more' },
  SANDBOX_OUTBOX_EMPTY: { kind: 'missing', meaning: 'no results of that agent wait to be taken' },
  SANDBOX_RUN_MISSING: { kind: 'missing', meaning: 'there is no such run, or it has ended' },
} as const satisfies ErrorCatalogue

/** The sandbox could not be described, built or controlled; nothing ran, or what ran was ended. */
export class SandboxError extends KnownError<typeof SANDBOX_ERRORS> {
  override readonly name = 'SandboxError'

  constructor(
    code: keyof typeof SANDBOX_ERRORS,
    what: string,
    fix: string,
    more: { readonly where?: string; readonly cause?: unknown } = {},
  ) {
    super(SANDBOX_ERRORS, code, { what, fix, ...more })
  }
}
