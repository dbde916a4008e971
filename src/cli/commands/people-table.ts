import type { MemberAnswer } from '../../api/people.ts'
import type { Out } from '../out.ts'
import { localTime } from '../out.ts'
import { durationOption, manyOption, option } from '../param.ts'

/** What the owner says of whom to let in. */
export const TERMS = {
  scope: manyOption('a capability it may use; give it again for more', { value: 'CAPABILITY' }),
  workspace: option('the directory its commands run in', { value: 'DIR', completes: 'file' }),
  for: durationOption('how long it may come back (default and most: 30d)'),
  accept: manyOption('wide-scope, for a scope without an end', { value: 'RISK' }),
} as const

interface Given {
  readonly scope: readonly string[]
  readonly workspace: string | undefined
  readonly for: number | undefined
  readonly accept: readonly string[]
}

export function termsOf({ scope, workspace, for: durationMs, accept }: Given, minimal: readonly string[]) {
  return {
    scope: scope.length === 0 ? [...minimal] : [...scope],
    ...(workspace === undefined ? {} : { workspace }),
    ...(durationMs === undefined ? {} : { expiresIn: `${durationMs}ms` }),
    // what is not a known risk is refused by the daemon, with the list
    accept: [...accept] as 'wide-scope'[],
  }
}

/** Guests or devices as a table. */
export function membersTable(out: Out, members: readonly MemberAnswer[], value: object, empty: string): void {
  out.table(
    members,
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'SCOPE', value: ({ scope }) => scope.join(' '), shrinks: true },
      { title: 'UNTIL', value: ({ expiresAt }) => localTime(Date.parse(expiresAt)) },
      { title: 'FINGERPRINT', value: ({ fingerprint = '' }) => fingerprint },
      { title: 'ID', value: ({ id }) => id, shrinks: true },
    ],
    { value, empty },
  )
}
