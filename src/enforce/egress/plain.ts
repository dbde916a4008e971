import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tellRefused } from './admit.ts'
import { ambiguity, headerPairs, LARGEST_HEAD_BYTES, MOST_HEADERS } from './head.ts'
import { isSameTarget, parseTarget, targetName, type Target } from './host.ts'
import type { Inspection } from './inspection.ts'
import { answerBytes, answerTo, refusal, type Refusal } from './refusal.ts'
import type { EgressRun, Tracked } from './run.ts'
import type { Route } from './tls/upstream.ts'

/** Requests that are not in TLS: what a proxy is asked for with a whole address, and what comes through a tunnel. */
export interface PlainDoor {
  /** @param target the host all requests of this connection must be for; absent: each names its own */
  serve(client: Tracked, target?: Target): void
  close(): void
}

export interface PlainOptions {
  readonly run: EgressRun
  readonly inspection: Inspection
  /** What a connection to this place will be made with, once the request was allowed. */
  readonly targetOf: (target: Target) => Route
  /** A CONNECT that comes behind other requests. */
  readonly connect: (client: Tracked, request: IncomingMessage, sent: Buffer) => void
}

interface Client {
  readonly tracked: Tracked
  readonly target: Target | undefined
}

/** node:http reads strictly (RFC 9112); what it leaves open is checked here before anything of a request is believed. */
export function createPlainDoor(options: PlainOptions): PlainDoor {
  const clients = new WeakMap<Socket, Client>()
  const server = createServer({
    maxHeaderSize: LARGEST_HEAD_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: false,
  })
  server.maxHeadersCount = 0 // silently dropping headers would let one request look like another; we count and refuse
  server.timeout = 0 // the run's own watch knows who is slow
  server.keepAliveTimeout = 0
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const client = clients.get(request.socket)
    if (client === undefined) return void request.socket.destroy()
    busy(client.tracked, response, options.run.ports.clock.monotonicMs)
    serveOne(options, client, request, response)
  }
  server.on('request', take).on('checkContinue', take).on('checkExpectation', take)
  server.on('upgrade', (request, socket, head) => {
    const client = clients.get(request.socket)
    if (client === undefined) return void socket.destroy()
    client.tracked.isWaiting = false
    upgradeOne(options, client, request, socket as Socket, head)
  })
  server.on('connect', (request, socket, head) => {
    const client = clients.get(request.socket)
    // a tunnel within a tunnel, or one into which an earlier answer would still be written
    if (client === undefined || client.target !== undefined || !client.tracked.isWaiting)
      return void socket.destroy()
    options.connect(client.tracked, request, head)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerBroken(options.run, error, socket as Socket),
  )
  return {
    serve: (tracked, target) => {
      clients.set(tracked.socket, { tracked, target })
      tracked.isWaiting = true
      server.emit('connection', tracked.socket)
      tracked.socket.resume() // it was held while its first bytes were looked at
    },
    close: () => closeServer(server),
  }
}

function closeServer(server: Server): void {
  server.closeAllConnections()
  server.removeAllListeners()
}

/** While it is answered it need not say anything; afterwards the next head is waited for. */
function busy(tracked: Tracked, response: ServerResponse, monotonicMs: () => number): void {
  tracked.isWaiting = false
  response.once('close', () => {
    tracked.isWaiting = true
    tracked.movedAtMs = monotonicMs()
  })
}

function serveOne(
  options: PlainOptions,
  client: Client,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const read = readRequest(client, request)
  if ('refusal' in read) {
    tellRefused(options.run, 'http', read.refusal)
    return refuse(response, read.refusal, read.host)
  }
  request.url = read.url
  options.inspection.interceptor.plain(request, response, options.targetOf(read.target))
}

function upgradeOne(
  options: PlainOptions,
  client: Client,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const read = readRequest(client, request)
  if ('refusal' in read) {
    tellRefused(options.run, 'http', read.refusal)
    return void socket.end(answerBytes(read.refusal, read.host), () => socket.destroy())
  }
  request.url = read.url
  options.inspection.interceptor.plainUpgrade(request, socket, head, options.targetOf(read.target))
}

type Read =
  | { readonly target: Target; readonly url: string }
  | { readonly refusal: Refusal; readonly host: string }

/** The place a request is for, which every part of it must agree on. */
function readRequest({ target: fixed }: Client, request: IncomingMessage): Read {
  const url = request.url ?? ''
  const why = ambiguousRequest(request)
  if (why !== undefined) return malformed(why)
  const named =
    fixed === undefined ? /^http:\/\/([^/?#]+)([/?][^#]*)?$/i.exec(url) : ['', targetName(fixed), url]
  if (named === null) return malformed('a proxy is asked with a whole address, http://HOST/PATH')
  const [, authority = '', rest = '/'] = named
  if (fixed !== undefined && !rest.startsWith('/'))
    return malformed('inside a tunnel a request names its path alone')
  const target = parseTarget(authority, 80)
  if (target === undefined) return malformed('the address names no host, or more than a host and a port')
  const { host } = request.headers
  const said = host === undefined ? undefined : parseTarget(host, fixed === undefined ? 80 : fixed.port)
  if (host !== undefined && (said === undefined || !isSameTarget(said, target))) {
    return {
      refusal: refusal(
        'mismatch',
        'egress.host',
        'Host names another place than the request is for',
        'let Host and address be the same',
      ),
      host: targetName(target),
    }
  }
  return { target, url: `http://${targetName(target)}${rest.startsWith('?') ? '/' : ''}${rest}` }
}

function ambiguousRequest(request: IncomingMessage): string | undefined {
  const pairs = headerPairs(request.rawHeaders)
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') return 'it is not HTTP/1.1'
  if (request.httpVersion === '1.1' && request.headers.host === undefined) return 'there is no Host'
  if (request.httpVersion === '1.0' && request.headers['transfer-encoding'] !== undefined)
    return 'HTTP/1.0 knows no Transfer-Encoding'
  if (pairs.length > MOST_HEADERS) return `there are more than ${MOST_HEADERS} header lines`
  return ambiguity(pairs)
}

function malformed(why: string): Read {
  return { refusal: ambiguous(why), host: 'this request' }
}

function ambiguous(why: string): Refusal {
  return refusal('malformed', 'egress.http', why, 'send a request every reader reads alike (RFC 9112)')
}

function refuse(response: ServerResponse, refused: Refusal, host: string): void {
  const { status, headers, body } = answerTo(refused, host)
  response.writeHead(status, headers).end(body)
}

function answerBroken(run: EgressRun, error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const why =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? `the head is larger than ${LARGEST_HEAD_BYTES} bytes`
      : 'the request cannot be read'
  const refused = ambiguous(why)
  tellRefused(run, 'http', refused)
  socket.end(answerBytes(refused, 'this request'), () => socket.destroy())
}
