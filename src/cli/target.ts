import { CLI_ERRORS, CliError } from './failure.ts'

/** An agent, or all: exactly one of them. @returns undefined for all @throws CliError `USAGE` */
export function oneTarget(agent: string | undefined, all: boolean, verb: string): string | undefined {
  if ((agent === undefined) === all) return agent
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: agent === undefined ? 'nobody is named' : 'an agent is named, and --all too',
    fix: `warder ${verb} AGENT, or warder ${verb} --all`,
  })
}
