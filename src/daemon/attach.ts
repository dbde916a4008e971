import { once } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import {
  encodeJsonFrame,
  FrameDecoder,
  frameJson,
  writeFrame,
  writeFrames,
  type Frame,
} from '../api/frame.ts'
import { KnownError } from '../core/error.ts'
import { problemOf } from './http/problem.ts'

/** A run as its terminal sees it. */
export interface AttachedRun {
  readonly runId: string
  readonly agent: string
  /** With a terminal everything comes through `stdout`. */
  readonly stdout: Readable
  readonly stderr?: Readable
  write(bytes: Uint8Array): Promise<void>
  endInput(): void
  resize(columns: number, rows: number): void
  signal(name: string): void
  /** Ends it; called when whoever started it has gone away. */
  kill(reason: string): void
  readonly exit: Promise<Readonly<Record<string, unknown>>>
}

export interface AttachOptions {
  /** Spends the permit and starts the run. */
  readonly open: (permit: string) => Promise<AttachedRun>
  /** Told of what nobody foresaw. */
  readonly bug: (error: unknown) => void
}

const GONE = 'the client went away'

/**
 * Relays one run over an upgraded connection. The first frame is `started` with the permit; `open` spends it. When the
 * connection breaks the run is killed: nothing goes on that nobody watches.
 */
export async function attach(socket: Duplex, head: Buffer, { open, bug }: AttachOptions): Promise<void> {
  const decoder = new FrameDecoder()
  socket.unshift(head)
  let run: AttachedRun | undefined
  try {
    const first = await firstFrame(socket, decoder)
    const { permit } = frameJson(first.frame)
    const started = await open(String(permit))
    run = started
    socket.once('close', () => started.kill(GONE))
    // one that left while the sandbox was being built will not close a second time
    if (socket.destroyed) started.kill(GONE)
    await writeFrame(socket, encodeJsonFrame('started', { run: run.runId, agent: run.agent }))
    const input = takeInput(socket, decoder, run, first.rest)
    const exit = await relayOutput(socket, run)
    await writeFrame(socket, encodeJsonFrame('exit', exit))
    socket.end()
    await input
  } catch (error) {
    run?.kill(GONE) // whatever broke the relay, nobody watches any more
    if (!(error instanceof KnownError) && !socket.destroyed) bug(error)
    if (!socket.destroyed && socket.writable) socket.end(encodeJsonFrame('error', problemOf(error)))
  }
}

async function firstFrame(socket: Duplex, decoder: FrameDecoder): Promise<{ frame: Frame; rest: Frame[] }> {
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  for (;;) {
    const [chunk] = (await once(socket, 'data', { signal: closed.signal })) as [Buffer]
    socket.pause()
    const [frame, ...rest] = decoder.push(chunk)
    if (frame !== undefined) return { frame, rest }
    socket.resume()
  }
}

async function takeInput(
  socket: Duplex,
  decoder: FrameDecoder,
  run: AttachedRun,
  early: Frame[],
): Promise<void> {
  try {
    for (const frame of early) await takeFrame(run, frame)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const frame of decoder.push(chunk)) await takeFrame(run, frame)
    }
  } catch {
    // a client out of step or gone: the run must not outlive it
    run.kill(GONE)
  }
}

async function takeFrame(run: AttachedRun, frame: Frame): Promise<void> {
  switch (frame.kind) {
    case 'stdin':
      return run.write(frame.payload)
    case 'stdin-end':
      return run.endInput()
    case 'resize': {
      const { columns, rows } = frameJson(frame)
      return run.resize(Number(columns), Number(rows))
    }
    case 'signal':
      return run.signal(String(frameJson(frame)['name']))
    case 'ping':
      return undefined
    default:
      throw new Error(`a client sends no ${frame.kind} frame`)
  }
}

async function relayOutput(socket: Duplex, run: AttachedRun): Promise<Readonly<Record<string, unknown>>> {
  const pump = async (from: Readable, kind: 'stdout' | 'stderr'): Promise<void> => {
    for await (const chunk of from as AsyncIterable<Buffer>) await writeFrames(socket, kind, chunk)
  }
  const pumps = [
    pump(run.stdout, 'stdout'),
    ...(run.stderr === undefined ? [] : [pump(run.stderr, 'stderr')]),
  ]
  const relayed = Promise.allSettled(pumps)
  const exit = await run.exit
  await relayed
  return exit
}
