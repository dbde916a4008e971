import { isAbsolute, join, normalize } from 'node:path'
import { sandboxEnvironment } from './environment.ts'
import { SandboxError } from './errors.ts'
import type { InsideCommand } from './door-inside.ts'
import type { TerminalSize } from './driver.ts'
import type { Lookup } from './lookup.ts'
import type { Profile } from './profile.ts'
import type { SandboxSpec } from './spec.ts'

/** What somebody wants run in a sandbox that runs. */
export interface InsideRequest {
  readonly argv: readonly string[]
  /** Its caller's own, of which only words about terminal and language go along. */
  readonly environment: Readonly<Record<string, string>>
  readonly umask: number
  readonly terminal?: TerminalSize | undefined
  readonly maxSeconds?: number | undefined
}

/** How a terminal shows things and in which language; everything else inside is the sandbox's own. */
const SHOWN = /^(?:TERM|COLORTERM|NO_COLOR|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/

/**
 * Turns a request into exactly what will be done in the sandbox of `spec`.
 *
 * @param profile the profile of that sandbox; absent: it is gone, and nothing of the caller's goes along
 * @throws SandboxError `SANDBOX_COMMAND_MISSING`, `SANDBOX_COMMAND_INVALID`
 */
export function insideCommand(
  runId: string,
  request: InsideRequest,
  spec: SandboxSpec,
  profile: Profile | undefined,
  lookup: Lookup,
): InsideCommand {
  const [program = '', ...args] = request.argv
  if (request.argv.some((word) => word.includes('\0'))) throw invalid('a word of the command holds a NUL')
  const { terminal, maxSeconds, umask } = request
  const { outputBytes } = spec.limits
  return {
    runId,
    argv: [programInside(program, spec, lookup), ...args],
    env: shownEnvironment(request.environment, profile),
    cwd: spec.cwd,
    umask,
    ...(terminal === undefined || profile?.terminal !== true ? {} : { terminal }),
    limits: {
      ...(maxSeconds === undefined ? {} : { wallMs: maxSeconds * 1000 }),
      ...(outputBytes === undefined ? {} : { outputBytes }),
    },
  }
}

/** Absolute, as it is called inside. What has a slash need not be there outside: the agent may have made it. */
function programInside(program: string, { env, cwd }: SandboxSpec, lookup: Lookup): string {
  if (program === '') throw invalid('the command is empty')
  if (program.includes('/')) return normalize(isAbsolute(program) ? program : join(cwd, program))
  const found = (env['PATH'] ?? '')
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, program))
    .find((path) => lookup.isExecutable(path))
  if (found !== undefined) return found
  throw new SandboxError(
    'SANDBOX_COMMAND_MISSING',
    `${JSON.stringify(program)} is in no directory of the sandbox's PATH`,
    'check the spelling, or give its absolute path inside',
  )
}

function shownEnvironment(
  given: Readonly<Record<string, string>>,
  profile: Profile | undefined,
): Record<string, string> {
  if (profile === undefined) return {}
  const shown = Object.fromEntries(Object.entries(given).filter(([name]) => SHOWN.test(name)))
  const passed = sandboxEnvironment(profile.environment, shown, { path: '', home: '', user: '' })
  return Object.fromEntries(Object.entries(passed).filter(([name]) => Object.hasOwn(shown, name)))
}

function invalid(what: string): SandboxError {
  return new SandboxError('SANDBOX_COMMAND_INVALID', what, 'name a program after --')
}
