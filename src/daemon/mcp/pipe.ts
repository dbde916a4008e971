import type { Duplex } from 'node:stream'

/** What a piece of a stream is, on the pipe between the daemon and its MCP process. */
export const PIECES = [
  'from-client',
  'client-end',
  'from-server',
  'to-client',
  'to-server',
  'server-end',
  'ended',
] as const
export type Piece = (typeof PIECES)[number]

const HEAD_BYTES = 9
const MOST_BYTES = 64 * 1024 * 1024

/**
 * The streams of all sessions on one pipe: a byte for what it is, four for the session, four for the length, then the
 * bytes. JSON would have to escape each message once more.
 */
export class Pipe {
  readonly #stream: Duplex
  readonly #heard: (piece: Piece, session: number, bytes: Buffer) => void
  #kept: Buffer[] = []
  #size = 0

  /** @param broken told when the other end says what cannot be understood */
  constructor(
    stream: Duplex,
    heard: (piece: Piece, session: number, bytes: Buffer) => void,
    broken: () => void,
  ) {
    this.#stream = stream
    this.#heard = heard
    stream.on('data', (chunk: Buffer) => {
      if (!this.#take(chunk)) broken()
    })
    stream.on('error', broken)
  }

  /** @returns false when the other end is behind: what comes next had better wait for {@link drained} */
  say(piece: Piece, session: number, bytes: Uint8Array | string = ''): boolean {
    const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length)
    frame[0] = PIECES.indexOf(piece)
    frame.writeUInt32BE(session, 1)
    frame.writeUInt32BE(body.length, 5)
    frame.set(body, HEAD_BYTES)
    return this.#stream.writable ? this.#stream.write(frame) : true
  }

  /** Resolves when the other end has caught up, or is gone. */
  drained(): Promise<void> {
    if (!this.#stream.writable || !this.#stream.writableNeedDrain) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stream.once('drain', resolve).once('close', resolve)
    return promise
  }

  /** @returns false for what is none of our frames */
  #take(chunk: Buffer): boolean {
    this.#kept.push(chunk)
    this.#size += chunk.length
    while (this.#size >= HEAD_BYTES) {
      const head = this.#atLeast(HEAD_BYTES)
      const piece = PIECES[head[0]!]
      const [session, length] = [head.readUInt32BE(1), head.readUInt32BE(5)]
      if (piece === undefined || length > MOST_BYTES) return false
      const end = HEAD_BYTES + length
      if (this.#size < end) return true
      const all = this.#atLeast(end)
      this.#size -= end
      if (all.length > end) this.#kept[0] = all.subarray(end)
      else this.#kept.shift()
      this.#heard(piece, session, all.subarray(HEAD_BYTES, end))
    }
    return true
  }

  /** The first piece of what is kept, joined with the others only where it is too short. */
  #atLeast(least: number): Buffer {
    const [first] = this.#kept
    if (first !== undefined && first.length >= least) return first
    const all = Buffer.concat(this.#kept, this.#size)
    this.#kept = [all]
    return all
  }
}
