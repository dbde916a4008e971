import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { constants } from 'node:os'
import { attachRun, type RunControl, type RunExit } from '../../client/attach.ts'
import { calls } from '../../client/calls.ts'
import type { RunRequest } from '../../api/endpoints.ts'
import { formatDuration } from '../../core/quantity.ts'
import { isAgentName } from '../../core/principal.ts'
import type { Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { durationOption, option } from '../param.ts'

/** What `run` and `exec` share. */
export const RUN_OPTIONS = {
  profile: option('the sandbox profile (warder sandbox list)', { completes: 'profile' }),
  workspace: option('the directory it works in (default: this one)', { value: 'DIR', completes: 'file' }),
  reason: option('why, for the record'),
  timeout: durationOption('end it after this long'),
} as const

export interface RunningInput {
  readonly kind: 'run' | 'exec'
  readonly command: readonly string[]
  readonly agent: string | undefined
  readonly profile: string | undefined
  readonly workspace: string | undefined
  readonly reason: string | undefined
  readonly timeout: number | undefined
  readonly grant: readonly string[]
  readonly grantFor: number | undefined
}

/** Asks for the run, then relays its streams. @returns the exit code of the command that ran */
export async function runInSandbox(input: RunningInput, context: Context): Promise<number> {
  refuseMisnamed(context.cwd)
  const client = await context.client()
  const terminal = terminalSize(context)
  const opened = await calls(client).call('open', requestOf(input, context, terminal))
  for (const note of opened.notes) context.out.note(`warder: ${note}`)
  context.out.detail(
    `warder: ${opened.agent} runs as ${opened.run} in ${opened.profile}, entry ${opened.verdict.entry ?? 'none'}`,
  )
  const tty = terminal === undefined ? undefined : holdTerminal()
  let exit: RunExit
  try {
    exit = await attachRun(client, opened.permit, {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      started: (control) => passOn(control, context.signal, terminal !== undefined),
    })
  } finally {
    tty?.release()
    process.stdin.pause()
    for (const name of PASSED_ON) process.removeAllListeners(name)
  }
  return exitCode(exit, context) // what it may say is for a terminal that was given back
}

/** A name that is not UTF-8 reaches us with its bytes replaced, and may then be the name of another directory. */
function refuseMisnamed(cwd: string): void {
  if (!cwd.includes('\ufffd')) return
  const [here, named] = [statSync('.'), statSync(cwd, { throwIfNoEntry: false })]
  if (named?.dev === here.dev && named.ino === here.ino) return
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: 'the name of this directory is not UTF-8, so it cannot be told apart from others',
    fix: 'rename it, or go to a directory with another name',
    where: cwd,
  })
}

function requestOf(
  input: RunningInput,
  { cwd, environment }: Context,
  terminal: RunRequest['terminal'],
): RunRequest {
  const [program = ''] = input.command
  const agent = input.agent ?? (input.kind === 'run' ? nameOf(program) : undefined)
  const optional = {
    agent,
    profile: input.profile,
    reason: input.reason,
    terminal,
    maxSeconds: input.timeout === undefined ? undefined : Math.max(1, Math.ceil(input.timeout / 1000)),
    grantFor: input.grantFor === undefined ? undefined : `${input.grantFor}ms`,
  }
  const present = Object.entries(optional).filter(([, value]) => value !== undefined)
  return {
    kind: input.kind,
    workspace: input.workspace ?? cwd,
    cwd,
    argv: [...input.command],
    environment: definedOnly(environment),
    umask: process.umask(),
    grants: [...input.grant],
    ...Object.fromEntries(present),
  }
}

export function definedOnly(environment: Context['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** `/opt/Claude Code` becomes `claude-code`: the name an agent goes by until it is given one. */
function nameOf(program: string): string {
  const name = basename(program)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63)
  return isAgentName(name) ? name : 'agent'
}

function terminalSize({ out }: Context): { columns: number; rows: number } | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY || out.isJson) return undefined
  // a terminal that does not know its size says 0
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
}

/** Every key goes to the agent, Ctrl-C too; the terminal is given back however the run ends. */
function holdTerminal(): { release(): void } {
  process.stdin.setRawMode(true)
  // Node's raw mode still turns a line feed into a new line: inside that was done, and full-screen programs mean it
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
  const release = (): void => void process.stdin.setRawMode(false)
  process.once('exit', release)
  return { release }
}

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH'] as const

function passOn(control: RunControl, interrupted: AbortSignal, hasTerminal: boolean): void {
  for (const name of ['SIGTERM', 'SIGHUP', ...(hasTerminal ? [] : ['SIGINT'])]) {
    process.on(name, () => control.signal(name))
  }
  if (hasTerminal) process.on('SIGWINCH', () => control.resize(process.stdout.columns, process.stdout.rows))
  else interrupted.addEventListener('abort', () => control.signal('SIGINT'))
}

function exitCode(exit: RunExit, { out }: Context): number {
  switch (exit.reason) {
    case 'exited':
      if (exit.code !== undefined) return exit.code
      return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0)
    case 'timeout':
      out.warn(`ended at its time limit after ${formatDuration(exit.durationMs)}`)
      return EXIT.timedOut
    case 'killed':
      out.warn(`stopped: ${exit.note ?? 'the run was killed'}`)
      return EXIT.stopped
    case 'sandbox-failed':
      out.warn(`the sandbox did not start: ${exit.note ?? 'see warder doctor'}`)
      return EXIT.unavailable
    default:
      out.warn(`ended by its ${exit.reason} limit${exit.note === undefined ? '' : `: ${exit.note}`}`)
      return 128 + constants.signals.SIGKILL
  }
}
