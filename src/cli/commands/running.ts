import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { constants } from 'node:os'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { attachRun, type RunControl, type RunExit } from '../../client/attach.ts'
import { calls } from '../../client/calls.ts'
import type { Client } from '../../client/connect.ts'
import { hasFailed } from '../../api/restart.ts'
import type { OutputOf, RunRequest } from '../../api/endpoints.ts'
import { parseSecretOption, type SecretWanted } from '../../api/secrets.ts'
import { messageOf } from '../../core/error.ts'
import { formatDuration } from '../../core/quantity.ts'
import { isAgentName } from '../../core/principal.ts'
import type { Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { holdTerminal } from '../held-terminal.ts'
import { durationOption, option } from '../param.ts'
import { printable } from '../printable.ts'
import { whileAsked } from './asked.ts'

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
  readonly secret?: readonly string[]
  readonly domain?: readonly string[]
  readonly maxActions?: number | undefined
  readonly maxPrograms?: number | undefined
  readonly maxOutput?: number | undefined
  readonly restart?: 'on-failure' | undefined
  readonly workspaceMode?: RunRequest['workspaceMode']
}

const RESTART_PAUSE_MS = 500

/** Runs it, and again when it fails, if so told. @returns the exit code of the command that ran last */
export async function runInSandbox(input: RunningInput, context: Context): Promise<number> {
  refuseMisnamed(context.cwd)
  for (;;) {
    const exit = await runOnce(input, context)
    if (exit === undefined) return EXIT.interrupted
    const isRecycled = exit.reason === 'recycled'
    const goesOn = (isRecycled || (input.restart !== undefined && hasFailed(exit))) && !context.signal.aborted
    const code = exitCode(exit, context) // what it may say is for a terminal that was given back
    if (!goesOn) return code
    if (isRecycled) {
      context.out.note(`warder: ${exit.note ?? 'recycled'}; what it held is gone, and it is started afresh`)
      continue // under a permit of its own: what was allowed when it began may not be now
    }
    context.out.note(`warder: it failed with exit code ${code} and is started again`)
    await sleep(RESTART_PAUSE_MS) // a permit of its own, asked for anew: the daemon may say no
  }
}

/** Asks for the run, then relays its streams. @returns undefined when Ctrl-C came before there was anything to pass it on to */
async function runOnce(input: RunningInput, context: Context): Promise<RunExit | undefined> {
  const client = await context.client()
  const terminal = terminalSize(context)
  const request = requestOf(input, context, terminal)
  const opened = await opening(client, request, context)
  if (opened === undefined) return undefined
  for (const note of opened.notes) context.out.note(`warder: ${note}`)
  context.out.detail(
    `warder: ${opened.agent} runs as ${opened.run} in ${opened.profile}, entry ${opened.verdict.entry ?? 'none'}`,
  )
  return await relayHere(client, opened.permit, terminal, context)
}

async function opening(
  client: Client,
  request: RunRequest,
  context: Context,
): Promise<OutputOf<'open'> | undefined> {
  const { signal } = context
  try {
    const opened = await whileAsked(client, request.agent, context, () =>
      calls(client).call('open', request, signal),
    )
    return signal.aborted ? undefined : opened
  } catch (error) {
    if (signal.aborted) return undefined // whoever was asked is told that nobody waits any more
    throw error
  }
}

/** Spends a permit and relays the streams of this process until what it is for has ended. */
export async function relayHere(
  client: Client,
  permit: string,
  terminal: RunRequest['terminal'],
  context: Context,
): Promise<RunExit> {
  const tty = terminal === undefined ? undefined : holdTerminal()
  try {
    return await attachRun(client, permit, {
      // an input that has ended does not end a second time
      stdin: process.stdin.readableEnded ? Readable.from([]) : process.stdin,
      stdout: tty?.output ?? process.stdout,
      stderr: process.stderr,
      started: (control) => passOn(control, context.signal, terminal !== undefined),
    })
  } finally {
    await tty?.release()
    process.stdin.pause()
    for (const name of PASSED_ON) process.removeAllListeners(name)
  }
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
    restart: input.restart,
    workspaceMode: input.workspaceMode,
    budget: budgetOf(input),
    secrets: input.secret?.length ? input.secret.map(secretWanted) : undefined,
    domains: input.domain?.length ? [...input.domain] : undefined,
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

function secretWanted(text: string): SecretWanted {
  try {
    return parseSecretOption(text)
  } catch (error) {
    throw new CliError(CLI_ERRORS, 'USAGE', {
      what: `--secret ${printable(text)}: ${messageOf(error)}`,
      fix: 'see their names: warder secret list',
    })
  }
}

function budgetOf({ maxActions, maxPrograms, maxOutput }: RunningInput): RunRequest['budget'] {
  const most = { actions: maxActions, programs: maxPrograms, outputBytes: maxOutput }
  return Object.values(most).every((each) => each === undefined) ? undefined : most
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

export function terminalSize({ out }: Context): { columns: number; rows: number } | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY || out.isJson) return undefined
  // a terminal that does not know its size says 0
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
}

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH'] as const

function passOn(control: RunControl, interrupted: AbortSignal, hasTerminal: boolean): void {
  for (const name of ['SIGTERM', 'SIGHUP', ...(hasTerminal ? [] : ['SIGINT'])]) {
    process.on(name, () => control.signal(name))
  }
  if (hasTerminal) process.on('SIGWINCH', () => control.resize(process.stdout.columns, process.stdout.rows))
  else interrupted.addEventListener('abort', () => control.signal('SIGINT'))
}

export function exitCode(exit: RunExit, { out }: Context): number {
  switch (exit.reason) {
    case 'exited':
      if (exit.note !== undefined) out.note(`warder: ${exit.note}`)
      if (exit.code !== undefined) return exit.code
      return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0)
    case 'timeout':
      out.warn(`ended at its time limit after ${formatDuration(exit.durationMs)}`)
      return EXIT.timedOut
    case 'recycled':
      return EXIT.ok
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
