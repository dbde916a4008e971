import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { callerOf, type Caller } from './callers.ts'
import { FIELDS } from './exchange.ts'
import { fieldsOf } from './field.ts'
import { Lines, type ServeHost } from './lines.ts'
import { acceptedBy, checkOnce, checkPlace, loopbackPlace, type Place } from './place.ts'
import { remove, listen, post, type Asked, type AnswerLimits } from './request.ts'
import { CODES, turnedMessage, type Turned } from './refusal.ts'

/** Plain JSON: it comes from the daemon. */
export interface ServeOptions {
  /** On 127.0.0.1; 0: any free one. */
  readonly port: number
  /** Served at `/mcp/NAME`. */
  readonly servers: readonly string[]
  readonly callers: readonly Caller[]
  /** Pages that may speak to it; none by default. */
  readonly origins?: readonly string[]
  readonly limits?: Partial<ServeLimits>
}

export interface ServeLimits extends AnswerLimits {
  readonly headMs: number
  readonly openMs: number
  readonly idleMs: number
  readonly answerMs: number
  readonly mostListMs: number
  readonly mostConnections: number
  readonly mostSessions: number
  readonly mostRequests: number
}

export const SERVE_LIMITS: ServeLimits = {
  messageBytes: 4 * 1024 ** 2,
  bodyMs: 30_000,
  headMs: 10_000,
  openMs: 30_000,
  idleMs: 10 * 60_000,
  answerMs: 5 * 60_000,
  keepAliveMs: 15_000,
  waitingBytes: 8 * 1024 ** 2,
  mostListMs: 60_000,
  mostConnections: 256,
  mostSessions: 32,
  mostRequests: 64,
}

export interface Served {
  readonly port: number
  close(): Promise<void>
}

const HEAD_BYTES = 32 * 1024
const PATH = /^\/mcp\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/
const MORE_THAN_A_BODY_MS = 5000

/** Serves MCP over Streamable HTTP on the loopback interface, for clients that have a token. */
export async function startServe(options: ServeOptions, host: ServeHost): Promise<Served> {
  const limits: ServeLimits = { ...SERVE_LIMITS, ...options.limits }
  const lines = new Lines({ ...limits, host, monotonicMs: () => performance.now() })
  const server = createServer({
    ...{ maxHeaderSize: HEAD_BYTES, insecureHTTPParser: false, requireHostHeader: true },
    headersTimeout: limits.headMs,
    requestTimeout: limits.headMs + limits.bodyMs + MORE_THAN_A_BODY_MS,
    connectionsCheckingInterval: Math.min(1000, limits.headMs), // who sends its head byte by byte
    keepAliveTimeout: 30_000,
  })
  server.maxConnections = limits.mostConnections
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(options.port, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo
  const place = loopbackPlace(port, options.origins)
  server.on('request', (request, response) => {
    void serve({ options, limits, lines, place }, request, response).catch((error: unknown) => {
      host.warn(`a request over HTTP failed: ${error instanceof Error ? error.message : String(error)}`)
      response.destroy()
    })
  })
  server.on('error', () => undefined)
  refuseTheRest(server)
  return { port, close: () => ended(server, lines) }
}

/** What is no plain request: nothing of it is served. */
function refuseTheRest(server: Server): void {
  server.on('checkContinue', (_request, response) => response.writeHead(417, { connection: 'close' }).end())
  server.on('checkExpectation', (_request, response) =>
    response.writeHead(417, { connection: 'close' }).end(),
  )
  server.on('connect', (_request, socket) => socket.destroy())
  server.on('upgrade', (_request, socket) => socket.destroy())
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
    else socket.destroy()
  })
}

async function ended(server: Server, lines: Lines): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  lines.close('Warder stops serving')
  setImmediate(() => server.closeAllConnections())
  await promise
}

interface Serving {
  readonly options: ServeOptions
  readonly limits: ServeLimits
  readonly lines: Lines
  readonly place: Place
}

async function serve(
  { options, limits, lines, place }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  const fields = fieldsOf(request.rawHeaders)
  const turned = checkOnce(fields) ?? checkPlace(fields, place)
  if (turned !== undefined) return turnedAway(response, turned)
  const caller = callerOf(fields, options.callers)
  // who has no token does not even hear which servers there are
  if (caller === undefined) return turnedAway(response, NO_TOKEN, { 'www-authenticate': 'Bearer' })
  const server = PATH.exec(request.url ?? '')?.[1]
  const isServed =
    server !== undefined && options.servers.includes(server) && (caller.servers?.includes(server) ?? true)
  if (!isServed) return turnedAway(response, NO_SUCH)
  const accepted = acceptedBy(fields)
  const asked: Asked = { request, response, fields, accepted, caller: caller.name, server, lines, limits }
  if (request.method === 'POST') return post(asked)
  if (request.method === 'GET') return listen(asked)
  if (request.method === 'DELETE') return remove(asked)
  turnedAway(response, NO_METHOD, { allow: 'POST, GET, DELETE' })
}

export function turnedAway(
  response: ServerResponse,
  turned: Turned,
  more: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  const body = Buffer.from(turnedMessage(turned, null))
  response.writeHead(turned.status, {
    ...{ ...FIELDS, ...more, connection: 'close' },
    ...{ 'content-type': 'application/json', 'content-length': String(body.length) },
  })
  response.end(body)
}

const NO_TOKEN: Turned = {
  ...{ status: 401, code: CODES.denied, rule: 'http-token' },
  reason: 'the request has no token this server knows',
  fix: 'send authorization: Bearer with the token of this client',
}

const NO_SUCH: Turned = {
  ...{ status: 404, code: CODES.denied, rule: 'http-path' },
  reason: 'nothing is served there',
  fix: 'ask for /mcp/NAME, with the name of a server this client may use',
}

const NO_METHOD: Turned = {
  ...{ status: 405, code: CODES.denied, rule: 'http-method' },
  reason: 'only POST, GET and DELETE are served',
  fix: 'use one of them',
}
