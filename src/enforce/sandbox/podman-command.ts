import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { STDIO } from './control-frame.ts'
import { InputWindow, OutputStream, WINDOW_BYTES } from './exec-stream.ts'
import type { CommandListener, ControlChannel } from './control.ts'
import type { RunSignal, TerminalSize } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** How the first command of a container ended. */
export type FirstEnd =
  | { readonly code: number }
  | { readonly signal: number }
  | { readonly failure: string }
  | { readonly gone: true }

/** More than a pipe or a terminal can still hold. */
const LAST_CREDIT_BYTES = 4 * 1024 ** 2

/**
 * The command a container is made for. Its streams come over the control descriptor, because nothing else of a
 * container leads to us: podman's own way out would be a log or a socket of its keeper's.
 */
export class FirstCommand {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles once, never rejects. */
  readonly ended: Promise<FirstEnd>
  /** Resolves when all it wrote has come, whether or not anybody has read it. */
  readonly drained: Promise<void>
  readonly #channel: ControlChannel
  readonly #input: InputWindow
  readonly #output: OutputStream
  readonly #errors: OutputStream
  readonly #ended = Promise.withResolvers<FirstEnd>()
  readonly #drained = Promise.withResolvers<void>()
  readonly #id: number

  constructor(channel: ControlChannel, spec: SandboxSpec, size: TerminalSize | undefined) {
    this.#channel = channel
    this.#output = new OutputStream((bytes) => channel.credit(this.#id, 1, bytes))
    this.#errors = new OutputStream((bytes) => channel.credit(this.#id, 2, bytes))
    this.#input = new InputWindow((bytes) => channel.input(this.#id, bytes))
    this.stdin = this.#input
    this.stdout = this.#output
    this.stderr = this.#errors
    this.ended = this.#ended.promise
    this.drained = this.#drained.promise
    const { argv, cwd, env, umask } = spec
    const { columns, rows } = size ?? { columns: 0, rows: 0 }
    const stdio = size === undefined ? STDIO.pipes : STDIO.terminal
    this.#id = channel.exec(
      { stdio, columns, rows, umask, windowBytes: WINDOW_BYTES, cwd, argv, env },
      this.#listener(argv[0] ?? ''),
    )
    if (size !== undefined) this.#errors.finish()
  }

  signal(name: RunSignal): void {
    this.#channel.signal(this.#id, constants.signals[name])
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#channel.resize(this.#id, columns, rows)
  }

  /** Lets everything come that its pipes still hold, however slowly it is read here. */
  drain(): void {
    for (const stream of [1, 2] as const) this.#channel.credit(this.#id, stream, LAST_CREDIT_BYTES)
  }

  #listener(program: string): CommandListener {
    return {
      started: () => undefined,
      failed: (errno, step) => this.#over({ failure: `${program}: ${step} (error ${errno})` }),
      output: (bytes) => this.#take(this.#output, bytes),
      errors: (bytes) => this.#take(this.#errors, bytes),
      taken: (bytes) => this.#input.taken(bytes),
      exited: (how) => {
        this.#ended.resolve(how)
        this.#input.close()
      },
      gone: () => this.#over({ gone: true }),
    }
  }

  #take(stream: OutputStream, bytes: Buffer): void {
    stream.deliver(bytes)
    if (this.#output.hasEnded && this.#errors.hasEnded) this.#drained.resolve()
  }

  /** Nothing more will come. */
  #over(end: FirstEnd): void {
    this.#ended.resolve(end)
    this.#input.close()
    this.#output.finish()
    this.#errors.finish()
    this.#drained.resolve()
  }
}
