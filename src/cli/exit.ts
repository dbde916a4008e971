import { KINDS } from '../core/error.ts'

/** Every exit code there is. `run` and `exec` give the code of the command they ran when it did run. */
export const EXIT = {
  ok: 0,
  bug: 1,
  invalid: KINDS.invalid.exit,
  denied: KINDS.forbidden.exit,
  missing: KINDS.missing.exit,
  conflict: KINDS.conflict.exit,
  stopped: KINDS.stopped.exit,
  unavailable: KINDS.unavailable.exit,
  unverified: 8,
  timedOut: 124,
  interrupted: 130,
} as const
export type ExitName = keyof typeof EXIT

/** What each code tells a script; `help exit-codes`, the man page and the tests read it from here. */
export const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: 'done',
  bug: 'a bug in Warder: an error nobody foresaw; --verbose shows where',
  invalid: 'the command, an argument, a file or a setting is not valid; nothing was done',
  denied: 'policy, a missing grant or the wrong user: the answer is no',
  missing: 'the thing named does not exist',
  conflict: 'it conflicts with the present state: already there, already answered, already running',
  stopped: 'Warder is stopped, or the agent is quarantined; warder status tells since when and why',
  unavailable: 'Warder cannot do it now: no daemon, no sandbox, no disk',
  unverified: 'a check found what must not be: a changed ledger, a wrong signature',
  timedOut: 'the time limit of the run was reached, and it was ended',
  interrupted: 'interrupted from the keyboard',
}
