import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'

/**
 * A run's standard streams over one upgraded connection, both ways: one byte kind, four bytes length (big endian),
 * the payload. Data kinds carry bytes; the others a JSON object, or nothing for `stdin-end` and `ping`.
 */
export const FRAME_KINDS = {
  stdin: 1,
  'stdin-end': 2,
  stdout: 3,
  stderr: 4,
  resize: 5,
  signal: 6,
  exit: 7,
  started: 8,
  error: 9,
  ping: 10,
} as const
export type FrameKind = keyof typeof FRAME_KINDS

export interface Frame {
  readonly kind: FrameKind
  readonly payload: Buffer
}

/** The largest payload; more is split by {@link writeFrames} and refused by {@link FrameDecoder}. */
export const MAX_PAYLOAD_BYTES = 64 * 1024
const HEADER_BYTES = 5

export const FRAME_ERRORS = {
  FRAME_INVALID: { kind: 'invalid', meaning: 'the other end of a run sent bytes that are not a frame' },
} as const satisfies ErrorCatalogue

export class FrameError extends KnownError<typeof FRAME_ERRORS> {
  override readonly name = 'FrameError'
}

const KIND_OF = new Map<number, FrameKind>(
  Object.entries(FRAME_KINDS).map(([kind, byte]) => [byte, kind as FrameKind]),
)
const EMPTY_KINDS: readonly FrameKind[] = ['stdin-end', 'ping']

/** One frame as bytes. @throws FrameError when the payload is too large */
export function encodeFrame(kind: FrameKind, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  if (payload.length > MAX_PAYLOAD_BYTES) throw invalid(`a payload of ${payload.length} bytes is too large`)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt8(FRAME_KINDS[kind], 0)
  frame.writeUInt32BE(payload.length, 1)
  frame.set(payload, HEADER_BYTES)
  return frame
}

/** A frame whose payload is JSON: `resize`, `signal`, `exit`, `started`, `error`. */
export function encodeJsonFrame(kind: FrameKind, value: object): Buffer {
  return encodeFrame(kind, Buffer.from(JSON.stringify(value)))
}

/** The JSON object in a frame. @throws FrameError when there is none */
export function frameJson(frame: Frame): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(frame.payload.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>
    }
  } catch {
    // answered below: no object, no message
  }
  throw invalid(`the ${frame.kind} frame holds no JSON object`)
}

/** Writes bytes as frames and waits while the other end is slow, so that a flood of output fills no memory. */
export async function writeFrames(to: Writable, kind: FrameKind, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += MAX_PAYLOAD_BYTES) {
    await writeFrame(to, encodeFrame(kind, bytes.subarray(at, at + MAX_PAYLOAD_BYTES)))
  }
}

/** Writes one encoded frame; resolves when there is room for the next, rejects when the stream is closed. */
export async function writeFrame(to: Writable, frame: Buffer): Promise<void> {
  if (to.destroyed || !to.writable) throw new Error('the stream is closed')
  if (to.write(frame)) return
  await drained(to)
}

/** Resolves when there is room again; rejects when the stream closes, for then it never drains. */
export async function drained(stream: Writable): Promise<void> {
  const ended = new AbortController()
  const onClose = (): void => ended.abort()
  stream.once('close', onClose)
  try {
    await once(stream, 'drain', { signal: ended.signal })
  } finally {
    // an agent that talks for days waits here millions of times
    stream.off('close', onClose)
  }
}

/**
 * Takes bytes as they come and gives whole frames. After it has thrown, the stream cannot be trusted to be in step
 * and must be closed.
 */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0)

  /** @throws FrameError for an unknown kind, too large a payload, or a payload where none belongs */
  push(chunk: Uint8Array): Frame[] {
    const bytes = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk])
    const frames: Frame[] = []
    let at = 0
    while (bytes.length - at >= HEADER_BYTES) {
      const { kind, sizeBytes } = readHeader(bytes, at)
      const end = at + HEADER_BYTES + sizeBytes
      if (end > bytes.length) break
      frames.push({ kind, payload: bytes.subarray(at + HEADER_BYTES, end) })
      at = end
    }
    this.#pending = bytes.subarray(at)
    return frames
  }

  /** Call when the stream ends. @throws FrameError when it ended inside a frame: the reply was cut */
  end(): void {
    if (this.#pending.length > 0) throw invalid('the stream was cut inside a frame')
  }
}

/** The header is judged before its payload is waited for, so that nobody can make us hold more than one frame. */
function readHeader(bytes: Buffer, at: number): { kind: FrameKind; sizeBytes: number } {
  const kind = KIND_OF.get(bytes.readUInt8(at))
  const sizeBytes = bytes.readUInt32BE(at + 1)
  if (kind === undefined) throw invalid(`kind ${bytes.readUInt8(at)} is unknown`)
  if (sizeBytes > MAX_PAYLOAD_BYTES) throw invalid(`a payload of ${sizeBytes} bytes is too large`)
  if (sizeBytes > 0 && EMPTY_KINDS.includes(kind)) throw invalid(`a ${kind} frame has no payload`)
  return { kind, sizeBytes }
}

function invalid(why: string): FrameError {
  return new FrameError(FRAME_ERRORS, 'FRAME_INVALID', {
    what: `the run's connection is out of step: ${why}`,
    fix: 'use a client and a daemon of the same version (warder version)',
  })
}

/** Where a client takes over the streams of a run, upgraded to frames. */
export const ATTACH_PATH = '/v1/attach'
export const ATTACH_PROTOCOL = 'warder-run/1'
