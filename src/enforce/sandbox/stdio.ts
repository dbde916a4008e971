import { closeSync, constants, fchownSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { PassThrough, Transform, type Readable, type Writable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { SandboxError } from './errors.ts'
import type { Native } from '../../platform/native.ts'
import type { TerminalSize } from './driver.ts'

/** The agent's standard streams: what its processes inherit, and our ends of them. */
export interface Stdio {
  /** Descriptors for its 0, 1 and 2; ours to close once it has them. */
  readonly inner: readonly [number, number, number]
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  resize(size: TerminalSize): void
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

const O_CLOEXEC = 0o2000000

/** Opening /dev/stdout again needs permission on what is behind it, so it belongs to whom the agent runs as. */
function giveTo({ uid, gid }: Owner, fd: number): void {
  if (process.getuid?.() === 0) fchownSync(fd, uid, gid)
}

/** Three pipes. Real ones, because a program that opens /dev/stderr cannot open a socket. */
export function pipes(native: Native, owner: Owner): Stdio {
  const [input, output, error] = [native.pipe(), native.pipe(), native.pipe()]
  for (const fd of [input.read, output.write, error.write]) giveTo(owner, fd)
  return {
    inner: [input.read, output.write, error.write],
    stdin: new Socket({ fd: input.write, readable: false, writable: true }),
    stdout: new Socket({ fd: output.read, readable: true, writable: false }),
    stderr: new Socket({ fd: error.read, readable: true, writable: false }),
    resize: () => undefined,
  }
}

/**
 * A fresh pseudo terminal, the only one the agent can reach: it becomes the controlling terminal of a session of its
 * own, so that nothing can be typed into the terminal Warder or the user sits at.
 */
export function terminal(native: Native, size: TerminalSize, owner: Owner): Stdio {
  const { master, slavePath } = native.openTerminal()
  native.resizeTerminal(master, size.columns, size.rows)
  const slave = openSync(slavePath, constants.O_RDWR | constants.O_NOCTTY | O_CLOEXEC)
  giveTo(owner, slave)
  const stream = new ReadStream(master)
  const stdout = new PassThrough()
  // a terminal whose last process has ended answers a read with an error: to the reader it is the end
  stream.on('error', () => stdout.end())
  stream.on('close', () => stdout.end())
  stream.pipe(stdout)
  const stderr = new PassThrough()
  stderr.end()
  return {
    inner: [slave, slave, slave],
    stdin: stream,
    stdout,
    stderr,
    resize: ({ columns, rows }) => {
      if (!stream.destroyed) native.resizeTerminal(master, columns, rows)
    },
  }
}

/** Without the native calls there are no pipes of our own and no terminals; files in between would not be streams. */
export function needNative(native: Native | { readonly missing: string }): Native {
  if (!('missing' in native)) return native
  throw new SandboxError(
    'SANDBOX_UNAVAILABLE',
    `the calls the sandbox needs are not there: ${native.missing}`,
    'install Warder with its dependencies, on Linux for x86-64 or arm64',
  )
}

export function closeInner({ inner }: Stdio): void {
  for (const fd of new Set(inner)) closeSync(fd)
}

/** Lets `limit` bytes through, over all streams that share one counter, and reports once when there were more. */
export class OutputMeter {
  #bytes = 0
  #isOver = false
  readonly #limit: number | undefined
  readonly #onOver: () => void

  constructor(limit: number | undefined, onOver: () => void) {
    this.#limit = limit
    this.#onOver = onOver
  }

  get bytes(): number {
    return this.#bytes
  }

  through(source: Readable): Readable {
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, this.#pass(chunk)),
    })
    source.on('error', () => meter.end())
    return source.pipe(meter)
  }

  #pass(chunk: Buffer): Buffer {
    const room = this.#limit === undefined ? chunk.length : Math.max(0, this.#limit - this.#bytes)
    this.#bytes += Math.min(room, chunk.length)
    if (chunk.length <= room) return chunk
    if (!this.#isOver) {
      this.#isOver = true
      this.#onOver()
    }
    return chunk.subarray(0, room)
  }
}
