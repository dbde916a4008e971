import { Server, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { messageOf } from '../../../core/error.ts'
import { isAddress } from '../broker/index.ts'
import { LARGEST_HEAD_BYTES } from '../head.ts'
import { answerBytes, refusal, type Refusal } from '../refusal.ts'
import type { Authority } from './authority.ts'
import type { Place } from './clear.ts'
import { exchange, type Connection, type House } from './exchange.ts'
import { EXCHANGE_LIMITS, type InterceptorOptions } from './record.ts'
import { Tally } from './tally.ts'
import { upgrade } from './upgrade.ts'
import { openVerified, rootContexts, UpstreamAgent, type Route } from './upstream.ts'

/** Opens the TLS of a run's connections and serves the requests in it, and those that come without TLS. */
export interface Interceptor {
  /**
   * Serves a client that has been told it is connected. Owns the socket from here on.
   *
   * @param head bytes that were read already
   */
  tls(socket: Socket, head: Buffer, route: Route): void
  plain(request: IncomingMessage, response: ServerResponse, route: Route): void
  plainUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, route: Route): void
  /** Breaks off everything that is open. */
  close(): void
}

const HANDSHAKE_MS = 20_000

export function createInterceptor(options: InterceptorOptions): Interceptor {
  return new RunInterceptor(options)
}

class RunInterceptor implements Interceptor {
  readonly #house: House
  readonly #connections = new Map<Duplex, Connection & { readonly agent: UpstreamAgent }>()
  readonly #roots = rootContexts()
  readonly #server: Server

  constructor(options: InterceptorOptions) {
    this.#house = { options, limits: { ...EXCHANGE_LIMITS, ...options.limits } }
    this.#server = this.#createServer()
  }

  tls(socket: Socket, head: Buffer, route: Route): void {
    const { authority } = this.#house.options
    socket.on('error', () => socket.destroy())
    if (authority === undefined) return void socket.destroy()
    try {
      if (head.length > 0) socket.unshift(head)
      this.#handshake(socket, authority, route)
    } catch (error) {
      this.#tellUnopened(route, error)
      socket.destroy()
    }
  }

  plain(request: IncomingMessage, response: ServerResponse, route: Route): void {
    const connection = this.#connect({ scheme: 'http', route })
    response.once('close', () => connection.agent.destroy())
    void exchange(this.#house, connection, request, response)
  }

  plainUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, route: Route): void {
    const connection = this.#connect({ scheme: 'http', route })
    this.#keep(socket, connection)
    void upgrade(this.#house, connection, request, socket, head)
  }

  close(): void {
    for (const [socket, { agent }] of this.#connections) {
      agent.destroy()
      socket.destroy()
    }
    this.#connections.clear()
  }

  #handshake(socket: Socket, authority: Authority, route: Route): void {
    const isNamed = !isAddress(route.host)
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: authority.contextFor(route.host),
      ALPNProtocols: ['http/1.1'],
      // another name inside than outside would be a way past the rules
      SNICallback: (name, done) =>
        isNamed && name.toLowerCase() === route.host
          ? done(null, authority.contextFor(route.host))
          : done(new Error('another name than the connection is to')),
    })
    const timer = setTimeout(() => secure.destroy(new Error('the TLS handshake took too long')), HANDSHAKE_MS)
    secure.once('close', () => {
      clearTimeout(timer)
      socket.destroy()
    })
    const failed = (error: Error) => {
      this.#tellUnopened(route, error)
      secure.destroy()
    }
    secure.once('error', failed)
    // the types of node:tls know this event of the server's side under another name
    secure.once('secure', () => {
      clearTimeout(timer)
      secure.off('error', failed)
      secure.on('error', () => secure.destroy())
      secure.disableRenegotiation()
      if (isNamed && secure.servername !== route.host)
        return failed(new Error('it named no host, or another one'))
      this.#accept(secure, { scheme: 'https', route })
    })
  }

  #accept(socket: Duplex & { setTimeout?: unknown }, place: Place): void {
    const connection = this.#connect(place)
    this.#keep(socket, connection)
    this.#server.emit('connection', socket)
  }

  #connect({ scheme, route }: Place): Connection & { readonly agent: UpstreamAgent } {
    const open = scheme === 'https' ? () => openVerified(route, this.#roots) : () => route.dial()
    return { scheme, route, agent: new UpstreamAgent(open) }
  }

  #keep(socket: Duplex, connection: Connection & { readonly agent: UpstreamAgent }): void {
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      this.#connections.delete(socket)
      connection.agent.destroy()
    })
  }

  #createServer(): Server {
    const { headMs, idleMs } = this.#house.limits
    const server = new Server({
      maxHeaderSize: LARGEST_HEAD_BYTES,
      insecureHTTPParser: false,
      requireHostHeader: true,
    })
    server.maxHeadersCount = 0 // headers that are dropped in silence would not be looked at
    server.timeout = idleMs
    server.keepAliveTimeout = headMs
    const patience = new Patience(headMs)
    server.on('connection', (socket: Socket) => patience.begin(socket))
    const take = (request: IncomingMessage, response: ServerResponse) => {
      patience.busy(request.socket)
      response.once('close', () => patience.idle(request.socket))
      const connection = this.#connections.get(request.socket)
      if (connection === undefined) return void request.socket.destroy()
      void exchange(this.#house, connection, request, response)
    }
    server.on('request', take).on('checkContinue', take).on('checkExpectation', take)
    server.on('upgrade', (request, socket, head) => {
      patience.busy(socket)
      const connection = this.#connections.get(socket)
      if (connection === undefined) return void socket.destroy()
      void upgrade(this.#house, connection, request, socket, head)
    })
    server.on('connect', (_, socket) => void socket.destroy())
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#answerBroken(error, socket))
    return server
  }

  #answerBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || !socket.writable || error.code === 'ECONNRESET')
      return void socket.destroy()
    const refused = unreadableRequest(error.code)
    const tally = new Tally(connection, this.#house.options.now, this.#house.options.record)
    tally.refused(refused)
    tally.tell()
    socket.end(answerBytes(refused, connection.route.host), () => socket.destroy())
  }

  /** A connection that came to nothing is on record all the same: it may have been tried for a reason. */
  #tellUnopened(route: Route, error: unknown): void {
    const { now, record } = this.#house.options
    const tally = new Tally({ scheme: 'https', route }, now, record)
    tally.refused(unopened(error))
    tally.tell()
  }
}

/** What TLS itself says begins with numbers of its own that mean nothing to anybody who reads the record. */
function unopened(error: unknown): Refusal {
  const { code, reason } = (error ?? {}) as { readonly code?: unknown; readonly reason?: unknown }
  if (code === 'ERR_SSL_NO_APPLICATION_PROTOCOL') {
    const why = 'the program speaks no HTTP/1.1 (ALPN), and nothing else is spoken to inspected hosts'
    return refusal('protocol', 'egress.tls', `TLS was not opened: ${why}`, HTTP2_FIX)
  }
  const why = typeof reason === 'string' ? reason : messageOf(error)
  return refusal('mismatch', 'egress.tls', `TLS was not opened: ${why}`, TRUST_FIX)
}

const TRUST_FIX =
  'name the host of the connection in the handshake, and trust the certificate authority of the run'
const HTTP2_FIX = 'let the program offer HTTP/1.1 as well, or leave inspect out for this host'

function unreadableRequest(code: string | undefined): Refusal {
  const why =
    code === 'HPE_HEADER_OVERFLOW'
      ? `the head is larger than ${LARGEST_HEAD_BYTES} bytes`
      : 'the request cannot be read'
  return refusal('malformed', 'egress.http', why, 'send a request every reader reads alike (RFC 9112)')
}

/** How long a client may take for the head of its next request; one that is being served takes as long as it takes. */
class Patience {
  readonly #headMs: number
  readonly #clients = new Map<Duplex, { requests: number; timer: NodeJS.Timeout | undefined }>()

  constructor(headMs: number) {
    this.#headMs = headMs
  }

  begin(socket: Duplex): void {
    this.#clients.set(socket, { requests: 0, timer: this.#timer(socket) })
    socket.once('close', () => {
      clearTimeout(this.#clients.get(socket)?.timer)
      this.#clients.delete(socket)
    })
  }

  busy(socket: Duplex): void {
    const client = this.#clients.get(socket)
    if (client === undefined) return
    client.requests += 1
    clearTimeout(client.timer)
  }

  idle(socket: Duplex): void {
    const client = this.#clients.get(socket)
    if (client === undefined) return
    client.requests -= 1
    // requests may come before the one in front of them is answered
    if (client.requests === 0) client.timer = this.#timer(socket)
  }

  #timer(socket: Duplex): NodeJS.Timeout {
    return setTimeout(() => socket.destroy(), this.#headMs)
  }
}
