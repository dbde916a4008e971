import { createServer, type Server, type Socket } from 'node:net'
import { Readable, Writable } from 'node:stream'
import type { InputOf, OutputOf } from '../api/endpoints.ts'
import { messageOf, systemCode } from '../core/error.ts'
import { checkSocketPath } from '../platform/unix-socket.ts'
import { attachRun, type RunExit } from './attach.ts'
import { calls } from './calls.ts'
import type { Client } from './connect.ts'
import { clientError } from './error.ts'

/** Where a forward listens out here: a port of this machine's loopback, or a Unix socket that only this user can open. */
export type ForwardPlace = { readonly port: number } | { readonly path: string }

export interface ForwardOptions {
  readonly at: ForwardPlace
  /** Told of connections that came to nothing. */
  readonly problem: (why: string) => void
}

/** A port inside, as it can be reached out here. */
export interface Forward {
  readonly opened: OutputOf<'forward'>
  /** `127.0.0.1:8080`, or the path of the socket. */
  readonly address: string
  /** How it ended: `exited` when it was closed here. @throws ClientError when the daemon was lost */
  readonly ended: Promise<RunExit>
  close(): void
}

const HOST = '127.0.0.1'
const LINGER_MS = 5000

/**
 * Asks for a way in to a port of a running sandbox, and listens for it out here until it is closed or the run ends.
 *
 * @throws ClientError `FORWARD_PLACE_TAKEN` before anything is asked; else as the daemon gave it
 */
export async function forwardPort(
  client: Client,
  request: InputOf<'forward'>,
  { at, problem }: ForwardOptions,
): Promise<Forward> {
  const ready = Promise.withResolvers<OutputOf<'forward'>>()
  ready.promise.catch(() => undefined) // told below
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    ready.promise.then(
      ({ ticket }) => carry(client, ticket, socket, problem),
      () => socket.destroy(),
    )
  })
  const address = await listen(server, at) // first: a port that is taken is the commonest mistake
  try {
    const opened = await calls(client).call('forward', request)
    server.maxConnections = opened.connections
    const { started, ended, close } = hold(client, opened.permit)
    const over = ended.finally(() => server.close())
    await Promise.race([started, over])
    ready.resolve(opened)
    return { opened, address, ended: over, close }
  } catch (error) {
    ready.reject(error)
    server.close()
    throw error
  }
}

/** Holds the forward open: it ends with this connection to the daemon. */
function hold(client: Client, permit: string) {
  const started = Promise.withResolvers<void>()
  const input = new Readable({ read: () => undefined })
  const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })
  const streams = { stdin: input, stdout: nowhere(), stderr: nowhere(), started: () => started.resolve() }
  const ended = attachRun(client, permit, streams)
  return { started: started.promise, ended, close: () => void input.push(null) }
}

/** One connection, until the server inside has said its last or whoever came has gone. */
async function carry(
  client: Client,
  ticket: string,
  socket: Socket,
  problem: ForwardOptions['problem'],
): Promise<void> {
  const gone = new AbortController()
  socket.on('error', () => undefined) // shows as a close
  socket.once('close', () => gone.abort())
  const errors: Buffer[] = []
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      errors.push(chunk)
      done()
    },
  })
  try {
    const { code } = await attachRun(client, ticket, {
      stdin: socket,
      stdout: socket,
      stderr,
      signal: gone.signal,
    })
    if (code !== 0 && !gone.signal.aborted) problem(Buffer.concat(errors).toString().trim() || 'it broke')
  } catch (error) {
    if (!gone.signal.aborted) problem(messageOf(error))
  } finally {
    socket.end().resume() // what still comes is for nobody; unread it would cut off what was said last
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
}

async function listen(server: Server, at: ForwardPlace): Promise<string> {
  if ('path' in at) checkSocketPath(at.path)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (cause) => reject(taken(at, cause)))
  server.once('listening', resolve)
  // the mode of a socket comes from the umask in bind, so there is no moment at which others could enter
  const mask = process.umask(0o177)
  try {
    server.listen('path' in at ? { path: at.path } : { host: HOST, port: at.port })
  } finally {
    process.umask(mask)
  }
  await promise
  const address = server.address()
  return typeof address === 'object' && address !== null ? `${HOST}:${address.port}` : String(address)
}

function taken(at: ForwardPlace, cause: unknown): Error {
  const place = 'path' in at ? at.path : `${HOST}:${at.port}`
  const isInUse = systemCode(cause) === 'EADDRINUSE'
  const ways =
    'path' in at
      ? 'name another path; what a killed forward left there may be removed'
      : 'take another port: warder forward AGENT PORT:LOCAL, or PORT:0 for any that is free'
  return clientError('FORWARD_PLACE_TAKEN', {
    what: isInUse ? `${place} is in use` : `cannot listen on ${place}: ${messageOf(cause)}`,
    fix: ways,
    where: place,
    cause,
  })
}
