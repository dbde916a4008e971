import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { STDIO } from './control-frame.ts'
import { SandboxError } from './errors.ts'
import { InputWindow, OutputStream, WINDOW_BYTES } from './exec-stream.ts'
import { OutputMeter } from './stdio.ts'
import type { Readable, Writable } from 'node:stream'
import type { CommandListener, ControlChannel } from './control.ts'
import type { CommandExit, ExecRequest, RunningCommand, RunSignal, TerminalSize } from './driver.ts'

/** What a command gets unless it asks for something else. */
export interface ExecDefaults {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly umask: number
}

/**
 * Runs a command in a running sandbox.
 *
 * @returns when the program has begun
 * @throws SandboxError when it did not: `SANDBOX_COMMAND_MISSING`, `SANDBOX_COMMAND_INVALID`, `SANDBOX_FAILED`
 */
export async function execCommand(
  channel: ControlChannel,
  request: ExecRequest,
  defaults: ExecDefaults,
): Promise<RunningCommand> {
  const command = new Command(channel, request, defaults)
  await command.begun
  return command
}

type Ending = Pick<CommandExit, 'reason' | 'note'>

/** A command in a sandbox, and the bytes that flow in and out of it. */
class Command implements RunningCommand {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exit: Promise<CommandExit>
  readonly begun: Promise<void>
  readonly #channel: ControlChannel
  readonly #id: number
  readonly #began = performance.now()
  readonly #begun = Promise.withResolvers<void>()
  readonly #exit = Promise.withResolvers<CommandExit>()
  readonly #input: InputWindow
  readonly #output: OutputStream
  readonly #errors: OutputStream
  #pid = 0
  #hasExited = false
  #ending: Ending | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(channel: ControlChannel, request: ExecRequest, defaults: ExecDefaults) {
    const { terminal } = request
    this.#channel = channel
    this.#output = new OutputStream((bytes) => this.#channel.credit(this.#id, 1, bytes))
    this.#errors = new OutputStream((bytes) => this.#channel.credit(this.#id, 2, bytes))
    this.#input = new InputWindow((bytes) => this.#channel.input(this.#id, bytes))
    const { maxOutputBytes } = request
    const meter = new OutputMeter(maxOutputBytes, () =>
      this.#end('output', `it wrote more than ${maxOutputBytes} bytes`),
    )
    const metered = (stream: Readable) => (maxOutputBytes === undefined ? stream : meter.through(stream))
    this.stdin = this.#input
    this.stdout = metered(this.#output)
    this.stderr = metered(this.#errors)
    this.begun = this.#begun.promise
    this.exit = this.#exit.promise
    this.#id = channel.exec(
      {
        stdio: terminal === undefined ? STDIO.pipes : STDIO.terminal,
        columns: terminal?.columns ?? 0,
        rows: terminal?.rows ?? 0,
        umask: request.umask ?? defaults.umask,
        windowBytes: WINDOW_BYTES,
        cwd: request.cwd ?? defaults.cwd,
        argv: request.argv,
        env: { ...defaults.env, ...request.env },
      },
      this.#listener(request),
    )
    if (terminal !== undefined) this.#errors.finish()
  }

  get pid(): number {
    return this.#pid
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#channel.resize(this.#id, columns, rows)
  }

  signal(name: RunSignal): void {
    this.#channel.signal(this.#id, constants.signals[name])
  }

  kill(note = 'it was stopped'): void {
    this.#end('killed', note)
  }

  detach(): void {
    this.#channel.detach(this.#id)
    this.#output.finish()
    this.#errors.finish()
  }

  #listener(request: ExecRequest): CommandListener {
    return {
      started: (pid) => {
        this.#pid = pid
        const { wallMs } = request
        if (wallMs !== undefined)
          this.#timer = setTimeout(
            () => this.#end('timeout', `it ran longer than ${wallMs / 1000} s`),
            wallMs,
          )
        this.#begun.resolve()
      },
      failed: (errno, step) => {
        this.#over({ reason: 'failed', note: `${step}: ${errorName(errno)}` })
        this.#closeStreams()
        this.#begun.reject(notBegun(request.argv[0] ?? '', errno, step))
      },
      output: (bytes) => this.#take(this.#output, bytes),
      errors: (bytes) => this.#take(this.#errors, bytes),
      taken: (bytes) => this.#input.taken(bytes),
      exited: (how) => {
        const signal = 'signal' in how ? { signal: signalName(how.signal) } : how
        this.#over({ reason: 'exited', ...this.#ending }, signal)
        this.#hasExited = true
        this.#input.close()
        this.#forgetIfOver()
      },
      gone: () => {
        this.#over({ reason: 'sandbox-ended', note: 'its sandbox has ended', ...this.#ending })
        this.#closeStreams()
        this.#begun.reject(
          new SandboxError(
            'SANDBOX_RUN_MISSING',
            'the sandbox ended before the command began',
            'start it again',
          ),
        )
      },
    }
  }

  #take(stream: OutputStream, bytes: Buffer): void {
    stream.deliver(bytes)
    if (bytes.length === 0) this.#forgetIfOver()
  }

  #forgetIfOver(): void {
    if (this.#hasExited && this.#output.hasEnded && this.#errors.hasEnded) this.#channel.forget(this.#id)
  }

  /** Its whole session, so that what it started in the foreground does not stay behind. */
  #end(reason: CommandExit['reason'], note: string): void {
    this.#ending ??= { reason, note }
    this.#channel.signal(this.#id, constants.signals.SIGKILL, true)
  }

  #over(ending: Ending, how: { readonly code?: number; readonly signal?: string } = {}): void {
    clearTimeout(this.#timer)
    this.#exit.resolve({ ...how, ...ending, durationMs: performance.now() - this.#began })
  }

  #closeStreams(): void {
    this.#channel.forget(this.#id)
    this.#input.close()
    this.#output.finish()
    this.#errors.finish()
  }
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}

function errorName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`
}

const ENOENT = 2

function notBegun(program: string, errno: number, step: string): SandboxError {
  const reason = `${program}: ${step}: ${errorName(errno)}`
  return errno === ENOENT
    ? new SandboxError(
        'SANDBOX_COMMAND_MISSING',
        reason,
        'name a program the sandbox shows; see: warder sandbox explain',
      )
    : new SandboxError(
        'SANDBOX_FAILED',
        reason,
        'see whether the sandbox stands still or is at one of its limits',
      )
}
