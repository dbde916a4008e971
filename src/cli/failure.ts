import { KINDS, KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import { ClientError } from '../client/error.ts'
import { EXIT } from './exit.ts'
import type { Out } from './out.ts'

export const CLI_ERRORS = {
  USAGE: { kind: 'invalid', meaning: 'the command line is not one Warder understands' },
  NEEDS_ANSWER: { kind: 'invalid', meaning: 'a question must be answered and nobody is there to answer it' },
  DECLINED: { kind: 'conflict', meaning: 'the person at the terminal said no' },
  STDIN_INVALID: { kind: 'invalid', meaning: 'standard input does not hold what the command reads from it' },
  FILE_INVALID: {
    kind: 'invalid',
    meaning: 'a file given to a command is not there, or is not text in UTF-8',
  },
  FILE_CHANGED: { kind: 'conflict', meaning: 'a file changed between being looked at and being written' },
  HOOK_TAKEN: { kind: 'conflict', meaning: 'a hook of git stands there that is not of Warder’s making' },
  SERVICE_FOREIGN: { kind: 'conflict', meaning: 'a service unit of the same name is not of Warder’s making' },
  SERVICE_MISSING: { kind: 'missing', meaning: 'the service is not installed' },
  SERVICE_FAILED: { kind: 'unavailable', meaning: 'systemd did not do what it was asked' },
} as const satisfies ErrorCatalogue

export class CliError extends KnownError<typeof CLI_ERRORS> {
  override readonly name = 'CliError'
}

/** Says what went wrong, in the form that was asked for, and gives the exit code. */
export function reportFailure(thrown: unknown, out: Out): number {
  if (thrown instanceof KnownError) {
    const { code, kind, message: what, where, fix } = thrown
    const more = extras(thrown)
    const lines = [
      `error: ${what}`,
      ...(where === undefined ? [] : [`  where: ${where}`]),
      ...more.problems.slice(1).map((problem) => `  also: ${problem.where ?? ''} ${problem.what}`),
      `  fix: ${fix}`,
    ]
    const error = { code, kind, what, ...(where !== undefined && { where }), fix, ...more.wire }
    out.failure({ error }, lines.join('\n'))
    if (thrown.cause !== undefined) out.detail(`  cause: ${messageOf(thrown.cause)}`)
    return KINDS[kind].exit
  }
  const what = messageOf(thrown)
  const fix = 'this is a bug in Warder; --verbose shows where it happened'
  out.failure({ error: { code: 'BUG', kind: 'bug', what, fix } }, `error: ${what}\n  fix: ${fix}`)
  if (thrown instanceof Error && thrown.stack !== undefined) out.detail(thrown.stack)
  return EXIT.bug
}

interface FileProblem {
  readonly what: string
  readonly where?: string
}

/** What the daemon added to an error: every problem of a file, the verdict of a refusal. */
function extras(thrown: KnownError): { problems: readonly FileProblem[]; wire: object } {
  const { problems, verdict } = thrown instanceof ClientError ? (thrown.problem ?? {}) : {}
  const listed = Array.isArray(problems) ? (problems as FileProblem[]) : []
  return {
    problems: listed,
    wire: { ...(listed.length > 0 && { problems: listed }), ...(verdict !== undefined && { verdict }) },
  }
}
