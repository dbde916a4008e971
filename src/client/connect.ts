import type { KeyObject } from 'node:crypto'
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect as netConnect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { HANDSHAKE_TIMEOUT_MS, SESSION_HEADER } from '../api/handshake.ts'
import { messageOf, systemCode } from '../core/error.ts'
import { clientError, ClientError } from './error.ts'
import { busy, clientHandshake, isMomentary } from './handshake.ts'
import { readJson, readLines, throwProblem } from './reply.ts'
import { Turns } from './turns.ts'

export interface ConnectOptions {
  readonly socketPath: string
  /** Asked for on each new connection; absent on an agent's socket, which needs none. */
  readonly secret?: () => KeyObject
  /** The owner's session, if one was begun; sent with each request. */
  readonly session?: () => string | undefined
  readonly handshakeTimeoutMs?: number
  /** How long to come again while the daemon takes no further connection; 5 seconds unless told. */
  readonly retryBusyMs?: number
  /** The largest reply read into memory. */
  readonly maxReplyBytes?: number
}

export interface CallOptions {
  readonly method?: string
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export interface Reply {
  readonly status: number
  /** The parsed body; undefined for 204. */
  readonly json: unknown
}

export interface Upgraded {
  readonly socket: Duplex
  /** Bytes that came with the answer and belong to the new protocol. */
  readonly head: Buffer
  readonly headers: IncomingMessage['headers']
}

/** Calls to the daemon. Every error is a {@link ClientError} with the code, kind and fix the daemon gave. */
export interface Client {
  request(call: CallOptions): Promise<Reply>
  /** Newline-delimited JSON, one value at a time; ends when the daemon ends it, throws when it is cut. */
  stream(call: CallOptions): AsyncIterable<unknown>
  /** Turns the connection over to another protocol. */
  upgrade(call: CallOptions & { readonly protocol: string }): Promise<Upgraded>
  close(): void
}

/** A client of the daemon at `socketPath`. Nothing is opened until the first call; connections are kept and reused. */
export function connect(options: ConnectOptions): Client {
  const agent = socketAgent(options)
  const turns = new Turns(MOST_REQUESTS)
  const maxBytes = options.maxReplyBytes ?? 64 * 1024 * 1024
  const call = (settings: CallOptions, headers?: Record<string, string>): ClientRequest =>
    send(agent, settings, { ...sessionHeader(options), ...headers })
  return {
    request: (settings) =>
      turns.run(async () => {
        const response = await answered(call(settings))
        const json = await readJson(response, maxBytes)
        const status = response.statusCode ?? 0
        if (status >= 400) throwProblem(status, json)
        return { status, json }
      }),
    async *stream(settings) {
      const response = await answered(call(settings, { accept: 'application/x-ndjson' }))
      const status = response.statusCode ?? 0
      if (status >= 400) throwProblem(status, await readJson(response, maxBytes))
      yield* readLines(response)
    },
    upgrade: ({ protocol, ...settings }) =>
      upgraded(call(settings, { connection: 'Upgrade', upgrade: protocol }), maxBytes),
    close: () => agent.destroy(),
  }
}

function sessionHeader({ session }: ConnectOptions): Record<string, string> {
  const token = session?.()
  return token === undefined ? {} : { [SESSION_HEADER]: token }
}

/** Requests of one client under way at a time, of the 256 connections a daemon takes; streams come on top. */
const MOST_REQUESTS = 64
/** Connections of one client being opened at a time, of the 16 that a daemon lets be unproved. */
const MOST_OPENING = 8

/**
 * An agent whose connections have passed the handshake before HTTP sees them. Its own limit of sockets counts none that
 * is still being opened, so a burst would dial without end.
 */
function socketAgent(options: ConnectOptions): Agent {
  const agent = new Agent({ keepAlive: true })
  const turns = new Turns(MOST_OPENING)
  agent.createConnection = (_settings, done) => {
    if (done !== undefined) void turns.run(() => openFor(options, done))
    return undefined
  }
  return agent
}

type Done = (error: Error | null, socket: Duplex) => void

async function openFor(options: ConnectOptions, done: Done): Promise<void> {
  let socket: Socket
  try {
    socket = await open(options)
  } catch (error) {
    // the types want a stream even beside an error
    return done(error as Error, undefined as unknown as Duplex)
  }
  done(null, socket)
}

const RETRY_BUSY_MS = 5000

/** Opens a connection; while the daemon is full it comes again, so that a crowd does not keep an honest client out. */
async function open(options: ConnectOptions): Promise<Socket> {
  const { retryBusyMs = RETRY_BUSY_MS } = options
  for (let waited = 0, pause = 10; ; waited += pause, pause = Math.min(pause * 2, 200)) {
    try {
      return await openOnce(options)
    } catch (error) {
      if (!isMomentary(error) || waited >= retryBusyMs) throw error
      await sleep(pause)
    }
  }
}

async function openOnce(options: ConnectOptions): Promise<Socket> {
  const { socketPath, secret, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options
  const socket = await dial(socketPath)
  if (secret === undefined) return socket
  try {
    await clientHandshake(socket, secret(), AbortSignal.timeout(handshakeTimeoutMs))
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function dial(socketPath: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = netConnect(socketPath)
  const failed = (cause: Error): void => {
    const code = systemCode(cause)
    if (code === 'EAGAIN') return reject(busy(cause)) // the kernel's queue before the daemon is full
    const isDenied = code === 'EACCES' || code === 'EPERM'
    reject(
      clientError('DAEMON_UNREACHABLE', {
        what: isDenied ? `no permission to open ${socketPath}` : `no daemon answers on ${socketPath}`,
        fix: isDenied
          ? 'run the command as the user the daemon runs as'
          : 'warder run and warder exec start one themselves; to see what is wrong: warder doctor',
        where: socketPath,
        cause,
      }),
    )
  }
  socket.once('error', failed)
  socket.once('connect', () => {
    socket.off('error', failed)
    // while the handshake and the pool hold it, an error shows as a close
    socket.on('error', () => undefined)
    resolve(socket)
  })
  return promise
}

function send(agent: Agent, call: CallOptions, headers: Record<string, string> = {}): ClientRequest {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  const request = httpRequest({
    agent,
    method: call.method ?? (body === undefined ? 'GET' : 'POST'),
    path: call.path,
    ...(call.signal && { signal: call.signal }),
    headers: {
      host: 'warder',
      accept: 'application/json',
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      }),
      ...headers,
    },
  })
  request.end(body)
  return request
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  request.once('error', (error) => reject(lost(error)))
  return promise
}

function upgraded(request: ClientRequest, maxBytes: number): Promise<Upgraded> {
  const { promise, resolve, reject } = Promise.withResolvers<Upgraded>()
  request.once('upgrade', (response, socket, head) => resolve({ socket, head, headers: response.headers }))
  request.once('error', (error) => reject(lost(error)))
  request.once('response', (response) => {
    readJson(response, maxBytes)
      .then((json) => throwProblem(response.statusCode ?? 0, json))
      .catch(reject)
  })
  return promise
}

/** A connection that broke before a whole answer is an error with a name, never an empty answer. */
function lost(error: Error): Error {
  if (error instanceof ClientError || error.name === 'AbortError') return error
  return clientError('REPLY_INVALID', {
    what: `the daemon closed the connection without an answer: ${messageOf(error)}`,
    fix: 'look at the daemon: warder status; whether the request took effect is in: warder audit list',
    cause: error,
  })
}
