import { calls } from '../../client/calls.ts'
import type { Context } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { definedOnly, exitCode, relayHere, terminalSize } from './running.ts'

export interface InsideInput {
  readonly in: string
  readonly command: readonly string[]
  readonly agent: string | undefined
  readonly profile: string | undefined
  readonly workspace: string | undefined
  readonly reason: string | undefined
  readonly timeout: number | undefined
}

/** Runs a command in a sandbox that runs. @returns its exit code */
export async function execInside(input: InsideInput, context: Context): Promise<number> {
  refuseOwnBox(input)
  const { command, workspace, reason, timeout } = input
  const client = await context.client({ start: false })
  const terminal = terminalSize(context)
  const opened = await calls(client).call('execIn', {
    agent: input.in,
    argv: [...command],
    environment: shownWords(context),
    umask: process.umask(),
    ...(workspace === undefined ? {} : { workspace }),
    ...(reason === undefined ? {} : { reason }),
    ...(terminal === undefined ? {} : { terminal }),
    ...(timeout === undefined ? {} : { maxSeconds: Math.max(1, Math.ceil(timeout / 1000)) }),
  })
  const { agent, run, verdict } = opened
  context.out.detail(
    `warder: ${opened.program} runs in ${agent}, run ${run}, entry ${verdict.entry ?? 'none'}`,
  )
  return exitCode(await relayHere(client, opened.permit, terminal, context), context)
}

/** The sandbox is there already, and so is who runs in it. */
function refuseOwnBox({ agent, profile }: InsideInput): void {
  const given = agent !== undefined ? '--agent' : profile !== undefined ? '--profile' : undefined
  if (given === undefined) return
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `${given} does not go with --in: the sandbox runs already, with its agent and profile`,
    fix: `leave ${given} out, or leave --in out for a sandbox of its own`,
  })
}

/** The rest would be dropped anyway, so it is not even sent. */
function shownWords({ environment }: Context): Record<string, string> {
  const shown = /^(?:TERM|COLORTERM|NO_COLOR|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/
  return Object.fromEntries(Object.entries(definedOnly(environment)).filter(([name]) => shown.test(name)))
}
