import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const HOOK_ERRORS = {
  HOOK_PAYLOAD: { kind: 'invalid', meaning: 'what a hook was given is not a payload Warder understands' },
  HOOK_SESSION: { kind: 'missing', meaning: 'no hook session has this id' },
} as const satisfies ErrorCatalogue

export class HookError extends KnownError<typeof HOOK_ERRORS> {
  override readonly name = 'HookError'
}

export function badPayload(why: string, cause?: unknown): HookError {
  return new HookError(HOOK_ERRORS, 'HOOK_PAYLOAD', {
    what: `the hook's payload cannot be used: ${why}`,
    fix: 'let the harness call the hook itself; if it did, its version may be newer than this Warder: warder doctor',
    cause,
  })
}
