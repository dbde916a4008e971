import type { Readable, Writable } from 'node:stream'
import { ATTACH_PATH, ATTACH_PROTOCOL } from '../api/frame.ts'
import {
  encodeFrame,
  encodeJsonFrame,
  FrameDecoder,
  frameJson,
  writeFrame,
  writeFrames,
  type Frame,
} from '../api/frame.ts'
import { readProblem } from '../api/problem.ts'
import type { Client } from './connect.ts'
import { clientError, errorOf } from './error.ts'

/** How a run ended. */
export interface RunExit {
  readonly code?: number
  readonly signal?: string
  /** `exited`, or what ended it: `timeout`, `output`, `killed`, `memory`, `sandbox-failed`. */
  readonly reason: string
  readonly durationMs: number
  readonly note?: string
}

/** The near end of a run's streams. */
export interface AttachStreams {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Called once the run has started, with a way to tell it of resizes and signals. */
  readonly started?: (control: RunControl) => void
  /** Lets go of it, which ends it. */
  readonly signal?: AbortSignal
}

export interface RunControl {
  readonly run: string
  resize(columns: number, rows: number): void
  signal(name: string): void
}

/**
 * Spends a permit on a run and relays its streams until it ends.
 *
 * @throws ClientError as the daemon gave it; `REPLY_INVALID` when the connection was cut before the run ended
 */
export async function attachRun(client: Client, permit: string, streams: AttachStreams): Promise<RunExit> {
  const { socket, head } = await client.upgrade({ path: ATTACH_PATH, protocol: ATTACH_PROTOCOL })
  const decoder = new FrameDecoder()
  const letGo = (): void => void socket.destroy()
  if (streams.signal?.aborted === true) letGo()
  streams.signal?.addEventListener('abort', letGo, { once: true })
  const stopInput = new AbortController()
  const send = (frame: Buffer): void => void writeFrame(socket, frame).catch(() => undefined) // the read side tells
  let exit: RunExit | undefined
  const take = async (frame: Frame): Promise<void> => {
    switch (frame.kind) {
      case 'started':
        streams.started?.({
          run: String(frameJson(frame)['run']),
          resize: (columns, rows) => send(encodeJsonFrame('resize', { columns, rows })),
          signal: (name) => send(encodeJsonFrame('signal', { name })),
        })
        return void forwardInput(streams.stdin, socket, stopInput.signal)
      case 'stdout':
        return write(streams.stdout, frame.payload)
      case 'stderr':
        return write(streams.stderr, frame.payload)
      case 'exit':
        exit = frameJson(frame) as unknown as RunExit
        return
      case 'error':
        throw errorOf(
          readProblem(frameJson(frame)) ?? { type: '', title: '', status: 500, detail: '', code: 'BUG' },
        )
      default:
        return
    }
  }
  try {
    send(encodeJsonFrame('started', { permit }))
    socket.unshift(head)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const frame of decoder.push(chunk)) await take(frame)
    }
  } finally {
    stopInput.abort()
    streams.signal?.removeEventListener('abort', letGo)
    socket.destroy()
  }
  if (exit !== undefined) return exit
  throw clientError('REPLY_INVALID', {
    what: 'the connection to the daemon was cut before the run ended; the run was killed with it',
    fix: 'look at the daemon: warder status; what was done is in: warder audit list',
  })
}

async function forwardInput(stdin: Readable, socket: Writable, signal: AbortSignal): Promise<void> {
  let written = Promise.resolve()
  const onData = (chunk: Buffer): void => {
    stdin.pause()
    written = writeFrames(socket, 'stdin', chunk).then(
      () => void (signal.aborted || stdin.resume()),
      () => undefined,
    )
  }
  // a stream that holds nothing more ends though it is paused: its end must not overtake its last bytes
  const onEnd = (): void =>
    void written.then(() => writeFrame(socket, encodeFrame('stdin-end'))).catch(() => undefined)
  stdin.on('data', onData).once('end', onEnd)
  signal.addEventListener('abort', () => {
    stdin.off('data', onData).off('end', onEnd)
    stdin.pause()
    if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  })
}

function write(to: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    // a reader that went away (| head) is no reason to kill the run
    if (to.destroyed || !to.writable) return resolve()
    to.write(bytes, () => resolve())
  })
}
