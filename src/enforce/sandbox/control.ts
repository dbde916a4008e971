import type { Duplex } from 'node:stream'
import { messageOf } from '../../core/error.ts'
import {
  ANSWER,
  encodeExec,
  encodeFrame,
  encodeSetup,
  FrameReader,
  numbers,
  ORDER,
  PROTOCOL_VERSION,
  type ExecOrder,
  type Frame,
  type Order,
  type SetupOrder,
} from './control-frame.ts'
import { SandboxError } from './errors.ts'

/** Who is told what process 1 says of one command. */
export interface CommandListener {
  /** The program itself has begun; `pid` is its number inside. */
  started(pid: number): void
  /** It did not begin; `errno` is the kernel's number. */
  failed(errno: number, step: string): void
  /** Empty: the end of the stream. */
  output(bytes: Buffer): void
  errors(bytes: Buffer): void
  /** So many bytes of input were taken, and as many more may be sent. */
  taken(bytes: number): void
  exited(how: { readonly code: number } | { readonly signal: number }): void
  /** The sandbox is gone, and with it the command. */
  gone(): void
}

/** How many processes there were, and how many are not yet as they were told to be. */
export interface Receipt {
  readonly processes: number
  readonly left: number
}

/** How long an answer may take before the next way of stopping is tried. */
export const ANSWER_DEADLINE_MS = 250

/** The daemon's end of the control descriptor: orders go out, answers come back by number. */
export class ControlChannel {
  /** Resolves when process 1 has begun and waits for its first order; false: it is gone. */
  readonly begun: Promise<boolean>
  /** Resolves when the other end is gone and everything it said was heard. */
  readonly closed: Promise<void>
  readonly #socket: Duplex
  readonly #beginning = Promise.withResolvers<boolean>()
  readonly #closing = Promise.withResolvers<void>()
  readonly #reader = new FrameReader()
  readonly #waiting = new Map<number, PromiseWithResolvers<Frame | undefined>>()
  readonly #commands = new Map<number, CommandListener>()
  #lastId = 0
  #isClosed = false

  constructor(socket: Duplex) {
    this.#socket = socket
    this.begun = this.#beginning.promise
    this.closed = this.#closing.promise
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => this.close())
    socket.on('close', () => this.close())
    socket.on('end', () => this.close())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Must come first. Resolves when process 1 has taken it, false when it is gone or of another version. */
  async setUp(setup: SetupOrder): Promise<boolean> {
    const id = this.#nextId()
    const answer = this.#answerTo(id)
    this.#socket.write(encodeSetup(id, setup))
    const frame = await answer
    return frame?.type === ANSWER.ready && frame.body.readUInt32LE(0) === PROTOCOL_VERSION
  }

  /** @throws SandboxError when the command cannot be told, or nobody is there to tell it to */
  exec(order: ExecOrder, listener: CommandListener): number {
    if (this.#isClosed)
      throw new SandboxError('SANDBOX_RUN_MISSING', 'the sandbox has ended', 'start it again')
    const id = this.#nextId()
    const bytes = execBytes(id, order)
    this.#commands.set(id, listener)
    this.#socket.write(bytes)
    return id
  }

  input(id: number, bytes: Uint8Array): void {
    this.#send(ORDER.input, id, bytes)
  }

  resize(id: number, columns: number, rows: number): void {
    const body = Buffer.alloc(4)
    body.writeUInt16LE(columns, 0)
    body.writeUInt16LE(rows, 2)
    this.#send(ORDER.resize, id, body)
  }

  /** @param wholeSession whatever the command started goes along, unless it made a session of its own */
  signal(id: number, signal: number, wholeSession = false): void {
    this.#send(ORDER.signal, id, Buffer.concat([numbers(signal), Buffer.of(wholeSession ? 1 : 0)]))
  }

  credit(id: number, stream: 1 | 2, bytes: number): void {
    this.#send(ORDER.credit, id, Buffer.concat([Buffer.of(stream), numbers(bytes)]))
  }

  /** Nobody listens to the command any more; it goes on without its streams. */
  detach(id: number): void {
    this.#send(ORDER.detach, id)
  }

  /** The command needs no more listening to. */
  forget(id: number): void {
    this.#commands.delete(id)
  }

  /** @returns undefined when no answer came in time: then another way must be taken */
  async stop(deadlineMs = ANSWER_DEADLINE_MS): Promise<Receipt | undefined> {
    return receiptOf(await this.#ask(ORDER.stop, ANSWER.stopped, deadlineMs))
  }

  async continue(deadlineMs = ANSWER_DEADLINE_MS): Promise<Receipt | undefined> {
    return receiptOf(await this.#ask(ORDER.continue, ANSWER.continued, deadlineMs))
  }

  async kill(deadlineMs = ANSWER_DEADLINE_MS): Promise<Receipt | undefined> {
    return receiptOf(await this.#ask(ORDER.kill, ANSWER.killed, deadlineMs))
  }

  /** Whether process 1 is there and listens. */
  async ping(deadlineMs = ANSWER_DEADLINE_MS): Promise<boolean> {
    return (await this.#ask(ORDER.ping, ANSWER.pong, deadlineMs)) !== undefined
  }

  /** Process 1 ends, and everything with it, when this end is closed. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    for (const waiting of this.#waiting.values()) waiting.resolve(undefined)
    this.#waiting.clear()
    for (const command of this.#commands.values()) command.gone()
    this.#commands.clear()
    this.#beginning.resolve(false)
    this.#closing.resolve()
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 0xffff_fffe) + 1
    return this.#lastId
  }

  #send(type: Order, id: number, body?: Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(encodeFrame(type, id, body))
  }

  async #ask(order: Order, answer: number, deadlineMs: number): Promise<Frame | undefined> {
    if (this.#isClosed) return undefined
    const id = this.#nextId()
    const answered = this.#answerTo(id)
    this.#send(order, id)
    const timer = setTimeout(() => this.#settle(id), deadlineMs)
    const frame = await answered
    clearTimeout(timer)
    return frame?.type === answer ? frame : undefined
  }

  #answerTo(id: number): Promise<Frame | undefined> {
    const waiting = Promise.withResolvers<Frame | undefined>()
    this.#waiting.set(id, waiting)
    return waiting.promise
  }

  #settle(id: number, frame?: Frame): void {
    this.#waiting.get(id)?.resolve(frame)
    this.#waiting.delete(id)
  }

  #take(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.take(chunk)) this.#hear(frame)
    } catch {
      this.close() // nothing after it can be understood; closing ends the sandbox
    }
  }

  #hear(frame: Frame): void {
    if (frame.type === ANSWER.begun) return this.#beginning.resolve(true)
    const command = this.#commands.get(frame.id)
    if (command === undefined) return this.#settle(frame.id, frame)
    tell(command, frame)
  }
}

function tell(command: CommandListener, { type, body }: Frame): void {
  switch (type) {
    case ANSWER.started:
      return command.started(body.readUInt32LE(0))
    case ANSWER.failed:
      return command.failed(body.readUInt32LE(0), body.toString('latin1', 4))
    case ANSWER.output:
      return command.output(body)
    case ANSWER.errors:
      return command.errors(body)
    case ANSWER.taken:
      return command.taken(body.readUInt32LE(0))
    case ANSWER.exited: {
      const value = body.readUInt32LE(4)
      return command.exited(body.readUInt32LE(0) === 1 ? { signal: value } : { code: value })
    }
    default:
      throw new RangeError(`process 1 sent a frame of type ${type}`)
  }
}

function receiptOf(frame: Frame | undefined): Receipt | undefined {
  return frame && { processes: frame.body.readUInt32LE(0), left: frame.body.readUInt32LE(4) }
}

function execBytes(id: number, order: ExecOrder): Buffer {
  try {
    return encodeExec(id, order)
  } catch (cause) {
    throw new SandboxError(
      'SANDBOX_COMMAND_INVALID',
      `the command cannot be handed on: ${messageOf(cause)}`,
      'give fewer or shorter arguments and variables, without NUL characters',
      { cause },
    )
  }
}
