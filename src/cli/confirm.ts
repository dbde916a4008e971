import { createInterface } from 'node:readline/promises'
import type { Context } from './command.ts'
import { CLI_ERRORS, CliError } from './failure.ts'

/**
 * Makes a person type the name of what they are about to act on, so that it is not done by habit.
 *
 * @param given the name from `--confirm`, for scripts
 * @throws CliError `DECLINED` for another name, `NEEDS_ANSWER` when nobody can be asked
 */
export async function confirmName(
  context: Context,
  name: string,
  given: string | undefined,
  what: string,
): Promise<void> {
  const typed = given ?? (await ask(context, name, what))
  if (typed === name) return
  throw new CliError(CLI_ERRORS, 'DECLINED', {
    what: `"${typed}" is not "${name}"; nothing was done`,
    fix: `type ${name} to go on`,
  })
}

async function ask({ canAsk }: Context, name: string, what: string): Promise<string> {
  if (!canAsk) {
    throw new CliError(CLI_ERRORS, 'NEEDS_ANSWER', {
      what: `this must be confirmed: ${what}`,
      fix: `add --confirm ${name}`,
    })
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await lines.question(`${what}. Type ${name} to confirm: `)).trim()
  } finally {
    lines.close()
  }
}
