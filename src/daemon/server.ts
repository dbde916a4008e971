import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { ATTACH_PATH, ATTACH_PROTOCOL } from '../api/frame.ts'
import { SESSION_HEADER } from '../api/handshake.ts'
import type { Credential } from '../gate/index.ts'
import { attach, type AttachOptions } from './attach.ts'
import { HTTP_ERRORS, HttpError } from './http/problem.ts'
import type { Peer } from './socket.ts'

export interface ServerOptions {
  readonly app: RequestListener
  readonly peerOf: (socket: unknown) => Peer | undefined
  readonly attaching: AttachOptions
  /** How long a client may take for the head of a request. */
  readonly headersMs?: number
  /** And for the whole of it. */
  readonly requestMs?: number
  /** How often that is looked at. */
  readonly checkEveryMs?: number
}

export interface HttpServer {
  readonly server: Server
  /** Resolves when every run's last words have been passed on. */
  readonly relayed: () => Promise<void>
}

const HEADERS_MS = 10_000
const REQUEST_MS = 60_000
const CHECK_EVERY_MS = 1000

/** No client of ours sends a second request before the answer; an agent that sends thousands would fill our memory. */
const MOST_UNANSWERED = 16

/** The HTTP server behind every socket: it never listens itself, it is given connections that were vouched for. */
export function createHttpServer(options: ServerOptions): HttpServer {
  const { app, peerOf, attaching } = options
  const { headersMs = HEADERS_MS, requestMs = REQUEST_MS, checkEveryMs = CHECK_EVERY_MS } = options
  const unanswered = new WeakMap<object, number>()
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkEveryMs,
      keepAliveTimeout: 60_000,
    },
    (request, response) => {
      const { socket } = request
      const waiting = (unanswered.get(socket) ?? 0) + 1
      if (waiting > MOST_UNANSWERED) return void socket.destroy()
      unanswered.set(socket, waiting)
      response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
      app(request, response)
    },
  )
  // Node looks for clients that stall only once a server listens; this one is handed its connections instead
  server.emit('listening')
  const attached = new Set<Promise<void>>()
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const isOurs = request.url === ATTACH_PATH && request.headers.upgrade === ATTACH_PROTOCOL
    if (!isOurs || peerOf(request.socket)?.kind !== 'owner') {
      socket.end(
        `HTTP/1.1 ${isOurs ? '403 Forbidden' : '404 Not Found'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
      )
      return
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${ATTACH_PROTOCOL}\r\n\r\n`,
    )
    const relay = attach(socket, head, attaching)
      .catch((error: unknown) => {
        // a relay that breaks must not take the daemon, and with it every run, along
        socket.destroy()
        attaching.bug(error)
      })
      .finally(() => attached.delete(relay))
    attached.add(relay)
  })
  return { server, relayed: async () => void (await Promise.allSettled(attached)) }
}

/** Told of a token, the user who showed it, and at whose own socket it was an agent. Never throws. */
export type Shown = (
  token: string,
  uid: number | undefined,
  by?: { readonly name: string; readonly run?: string },
) => void

const TOKEN_HEADERS = ['authorization', 'proxy-authorization', 'x-api-key'] as const

/** Hands on what a request shows as a token, though none of it opens anything here: a thief tries what he found. */
export function tellTokens({ headers }: IncomingMessage, peer: Peer | undefined, shown: Shown): void {
  const by = peer?.kind === 'agent' ? peer : undefined
  const uid = peer?.kind === 'owner' ? peer.credentials?.uid : undefined
  // a session that an owner shows is looked up, and told of when it is nobody's
  for (const name of by === undefined ? TOKEN_HEADERS : [...TOKEN_HEADERS, SESSION_HEADER]) {
    const value = headers[name]
    if (typeof value === 'string' && value !== '') shown(value.slice(value.lastIndexOf(' ') + 1), uid, by)
  }
}

/** The credential of whoever sent this request. @throws HttpError `CALLER_UNKNOWN` when nobody vouched for the connection */
export function credentialOf(request: IncomingMessage, peerOf: ServerOptions['peerOf']): Credential {
  const peer = peerOf(request.socket)
  if (peer === undefined) {
    throw new HttpError(HTTP_ERRORS, 'CALLER_UNKNOWN', {
      what: 'this connection did not come through the daemon’s socket',
      fix: 'use the warder command or the library',
    })
  }
  if (peer.kind === 'agent') return { kind: 'agent', name: peer.name, run: peer.run }
  if (peer.kind === 'anonymous') return { kind: 'anonymous' }
  const { uid, pid } = peer.credentials ?? {}
  const session = request.headers[SESSION_HEADER]
  return {
    kind: 'peer',
    ...(uid === undefined ? {} : { uid }),
    ...(pid === undefined ? {} : { pid }),
    ...(typeof session === 'string' ? { session } : {}),
  }
}
