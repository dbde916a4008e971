/**
 * What the daemon and process 1 of a sandbox say to each other. The other end is native/frame.c; the table of all
 * frames stands in native/README.md. A header of 12 bytes, little-endian: length of the body, type, zero, number.
 */
export const PROTOCOL_VERSION = 1
export const HEADER_BYTES = 12
/** The longest body that carries data; only SETUP and EXEC are longer. */
export const DATA_BYTES = 32 * 1024
export const BODY_BYTES = 1024 * 1024
const WORDS = 16384

export const ORDER = {
  setup: 1,
  exec: 2,
  input: 3,
  resize: 4,
  signal: 5,
  stop: 6,
  continue: 7,
  kill: 8,
  ping: 9,
  credit: 10,
  detach: 11,
} as const
export type Order = (typeof ORDER)[keyof typeof ORDER]

export const ANSWER = {
  ready: 64,
  started: 65,
  failed: 66,
  output: 67,
  errors: 68,
  exited: 69,
  stopped: 70,
  continued: 71,
  killed: 72,
  pong: 73,
  taken: 74,
  begun: 75,
} as const

export interface Frame {
  readonly type: number
  readonly id: number
  readonly body: Buffer
}

/** The streams a command is given: those of the sandbox itself, three pipes, or a terminal of its own. */
export const STDIO = { inherited: 0, pipes: 1, terminal: 2 } as const

export interface ExecOrder {
  readonly stdio: (typeof STDIO)[keyof typeof STDIO]
  readonly columns: number
  readonly rows: number
  readonly umask: number
  /** Bytes of output that may be on their way, for each of the two streams. */
  readonly windowBytes: number
  readonly cwd: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface SetupOrder {
  readonly processes: number
  readonly openFiles: number
  readonly fileBytes: number
  /** A port of the sandbox's loopback that is carried to a socket bound into it. */
  readonly bridge?: { readonly port: number; readonly socket: string }
  /** A further system call filter for commands. */
  readonly filter?: Uint8Array
}

export function encodeFrame(type: Order, id: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const limit = type === ORDER.exec || type === ORDER.setup ? BODY_BYTES : DATA_BYTES
  if (body.length > limit) throw new RangeError(`a frame of ${body.length} bytes is longer than ${limit}`)
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  bytes.writeUInt32LE(body.length, 0)
  bytes.writeUInt32LE(type, 4) // the upper half is the two zero bytes
  bytes.writeUInt32LE(id, 8)
  bytes.set(body, HEADER_BYTES)
  return bytes
}

/** @throws RangeError when a word cannot be carried: too long altogether, too many, or with a NUL in it */
export function encodeExec(id: number, order: ExecOrder): Buffer {
  const env = Object.entries(order.env).map(([name, value]) => `${name}=${value}`)
  const head = Buffer.alloc(13)
  head.writeUInt8(order.stdio, 0)
  head.writeUInt16LE(order.columns, 1)
  head.writeUInt16LE(order.rows, 3)
  head.writeUInt32LE(order.umask, 5)
  head.writeUInt32LE(order.windowBytes, 9)
  return encodeFrame(ORDER.exec, id, Buffer.concat([head, text(order.cwd), words(order.argv), words(env)]))
}

export function encodeSetup(id: number, setup: SetupOrder): Buffer {
  const filter = setup.filter ?? new Uint8Array()
  const head = Buffer.alloc(26)
  for (const [i, limit] of [setup.processes, setup.openFiles, setup.fileBytes].entries())
    head.writeBigUInt64LE(BigInt(limit), i * 8)
  head.writeUInt16LE(setup.bridge?.port ?? 0, 24)
  const body = [head, text(setup.bridge?.socket ?? ''), numbers(filter.length / 8), filter]
  return encodeFrame(ORDER.setup, id, Buffer.concat(body))
}

/** Numbers of four bytes, one after the other. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 4)
  return bytes
}

function text(value: string): Buffer {
  if (value.includes('\0')) throw new RangeError('a word with a NUL in it cannot be handed on')
  const bytes = Buffer.from(value)
  return Buffer.concat([numbers(bytes.length), bytes, Buffer.alloc(1)])
}

function words(values: readonly string[]): Buffer {
  if (values.length > WORDS) throw new RangeError(`${values.length} words are more than ${WORDS}`)
  return Buffer.concat([numbers(values.length), ...values.map(text)])
}

/** Cuts a stream into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws RangeError when what comes is no frame: then nothing after it can be understood either */
  take(chunk: Buffer): Frame[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readUInt32LE(0)
      if (length > DATA_BYTES || rest.readUInt16LE(6) !== 0)
        throw new RangeError('what came from process 1 is no frame')
      if (rest.length < HEADER_BYTES + length) break
      const body = rest.subarray(HEADER_BYTES, HEADER_BYTES + length)
      frames.push({ type: rest.readUInt16LE(4), id: rest.readUInt32LE(8), body })
      rest = rest.subarray(HEADER_BYTES + length)
    }
    this.#rest = rest
    return frames
  }
}
