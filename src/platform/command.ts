/**
 * Runs one program, by its absolute path and a list of arguments; no shell has a part in it. The child gets an
 * environment that was named, a working directory that was named, no descriptor but its three, and a process group of
 * its own, which is killed as a whole when time or output run out, and when the program ends and leaves others behind.
 *
 * What it does not do: confine. A child that starts a session of its own leaves the group; what must not get away runs
 * in the sandbox.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { isAbsolute, normalize } from 'node:path'
import { KnownError, messageOf, systemCode, type ErrorCatalogue } from '../core/error.ts'
import { checkedWord, type Operands } from '../core/safe/argument.ts'
import { isEnvironmentName } from '../core/safe/name.ts'
import { systemClock, type Clock } from './clock.ts'
import { collect } from './command-output.ts'

export const COMMAND_ERRORS = {
  COMMAND_INVALID: {
    kind: 'invalid',
    meaning: 'a program, argument or option cannot be handed to a child process',
  },
  COMMAND_UNSTARTABLE: { kind: 'unavailable', meaning: 'a program is not there or cannot be started' },
} as const satisfies ErrorCatalogue

export class CommandError extends KnownError<typeof COMMAND_ERRORS> {
  override readonly name = 'CommandError'
}

/** Words of our own, and at the end what came from outside, behind `--`. */
export type Arguments = readonly string[] | readonly [...string[], Operands]

export interface CommandOptions {
  /** The whole environment (default: `PATH=/usr/bin:/bin` and `LANG=C.UTF-8`); nothing of our own is added. */
  readonly environment?: Readonly<Record<string, string>>
  /** Absolute (default `/`). */
  readonly cwd?: string
  /** For the child's stdin, which is empty otherwise. */
  readonly input?: string | Uint8Array
  /** Default 30 s. */
  readonly timeoutMs?: number
  /** Of stdout and stderr together (default 1 MiB); with one byte more everything is killed. */
  readonly maxOutputBytes?: number
  readonly abort?: AbortSignal
  readonly clock?: Pick<Clock, 'monotonicMs'>
}

export interface CommandResult {
  /** `exited`, or why it was killed; `signal` when somebody else killed it. */
  readonly reason: 'exited' | 'signal' | 'timeout' | 'output' | 'aborted'
  /** Only when it exited. */
  readonly code?: number
  readonly signal?: string
  /** At most the limit, cut where it was reached. */
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly durationMs: number
}

const CLEAN: Readonly<Record<string, string>> = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }
const DEFAULT_TIMEOUT_MS = 30_000
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1
const DEFAULT_OUTPUT_BYTES = 1024 * 1024
const MOST_ARGUMENTS = 4096

/**
 * Runs `file` and waits for its end. A failing program is a result, not an error.
 *
 * @throws FormError `FORM_INVALID` for an argument with a control character, NUL or half a surrogate pair
 * @throws CommandError `COMMAND_INVALID`, `COMMAND_UNSTARTABLE`
 */
export async function run(
  file: string,
  args: Arguments,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { clock = systemClock, maxOutputBytes = DEFAULT_OUTPUT_BYTES } = options
  const timeoutMs = checkedAmount('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS)
  checkedAmount('maxOutputBytes', maxOutputBytes, Number.MAX_SAFE_INTEGER)
  const begin = clock.monotonicMs()
  const child = start(checkedProgram(file), argumentList(args), options)
  let reason: CommandResult['reason'] | undefined
  const end = (why: CommandResult['reason']) => {
    reason ??= why
    endGroup(child)
  }
  const output = collect(child, maxOutputBytes, () => end('output'))
  const timer = setTimeout(() => end('timeout'), timeoutMs)
  const abort = () => end('aborted')
  options.abort?.addEventListener('abort', abort, { once: true })
  if (options.abort?.aborted === true) abort()
  try {
    child.stdin?.end(options.input ?? '')
    const { code, signal } = await ended(child, file)
    reason ??= signal === null ? 'exited' : 'signal'
    const how = code !== null && reason === 'exited' ? { code } : signal === null ? {} : { signal }
    return { reason, ...how, ...output(), durationMs: clock.monotonicMs() - begin }
  } finally {
    clearTimeout(timer)
    options.abort?.removeEventListener('abort', abort)
  }
}

/** The words as the child will see them: ours, then `--` and those from outside. */
export function argumentList(args: Arguments): string[] {
  const words = args.flatMap((arg, index) => {
    if (typeof arg === 'string') return [checkedWord(arg)]
    if (index !== args.length - 1)
      throw invalid('operands are not the last of the arguments', 'put them at the end')
    return ['--', ...arg.words.map(checkedWord)]
  })
  return words.length <= MOST_ARGUMENTS
    ? words
    : fail(`${words.length} arguments are too many`, `give at most ${MOST_ARGUMENTS}`)
}

function checkedProgram(file: string): string {
  const isPlain = isAbsolute(file) && normalize(file) === file && !file.endsWith('/')
  return isPlain
    ? checkedWord(file)
    : fail('the program is not named by its absolute path', 'name it as /usr/bin/NAME: PATH is not searched')
}

function checkedEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(environment)) {
    // a value may hold line ends and tabs; a NUL would end it early and half a pair would change on the way
    const isPlain =
      isEnvironmentName(name) && typeof value === 'string' && !value.includes('\0') && value.isWellFormed()
    if (!isPlain)
      fail(
        'the environment holds a name or value no child can be given',
        'use plain names, and values without NUL',
      )
  }
  return { ...environment }
}

function checkedAmount(name: string, amount: number, most: number): number {
  const isFit = Number.isSafeInteger(amount) && amount > 0 && amount <= most
  return isFit ? amount : fail(`${name} is ${amount}`, `give a whole number from 1 to ${most}`)
}

function start(
  file: string,
  args: readonly string[],
  { cwd = '/', environment = CLEAN }: CommandOptions,
): ChildProcess {
  if (!isAbsolute(cwd) || cwd.includes('\0'))
    fail('the working directory is not an absolute path', 'give its whole path')
  const env = checkedEnvironment(environment)
  return spawn(file, [...args], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** When it has ended and its pipes are closed; what it left behind in its group is killed, so that they do close. */
function ended(child: ChildProcess, file: string): Promise<{ code: number | null; signal: string | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; signal: string | null }>()
  child.once('error', (cause) => {
    reject(
      new CommandError(COMMAND_ERRORS, 'COMMAND_UNSTARTABLE', {
        what: `${JSON.stringify(file)} cannot be started: ${systemCode(cause) ?? messageOf(cause)}`,
        fix: 'check that the program and the working directory are there and may be used',
        cause,
      }),
    )
  })
  let grace: NodeJS.Timeout | undefined
  child.once('exit', () => {
    endGroup(child)
    // somebody may hold the pipes who left the group: what came until then is what there is
    grace = setTimeout(() => closePipes(child), PIPE_GRACE_MS)
  })
  child.once('close', (code, signal) => {
    clearTimeout(grace)
    resolve({ code, signal })
  })
  return promise
}

const PIPE_GRACE_MS = 1000

function closePipes(child: ChildProcess): void {
  child.stdout?.destroy()
  child.stderr?.destroy()
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // the whole group has ended, or became another user's by a set-user-id program, and is waited for
    if (!['ESRCH', 'EPERM'].includes(systemCode(error) ?? '')) throw error
  }
}

function invalid(what: string, fix: string): CommandError {
  return new CommandError(COMMAND_ERRORS, 'COMMAND_INVALID', { what, fix })
}

function fail(what: string, fix: string): never {
  throw invalid(what, fix)
}
