import { cutText } from './cut-text.ts'
import type { Plan } from './runs.ts'

/** What a run looks like to a person, for the record: arguments may hold secrets, so the ledger masks those it knows the
 * shape of, and what is too long is cut. */
export function aboutOf({ spec, workspace, grants, identity }: Plan, runId: string): Record<string, string> {
  return {
    run: runId,
    command: cutText(spec.argv.join(' '), 2000),
    profile: spec.profile,
    workspace,
    ...(grants.length === 0 ? {} : { grants: grants.join(' ') }),
    ...identity,
  }
}
