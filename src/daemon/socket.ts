import type { KeyObject } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { basename } from 'node:path'
import { HANDSHAKE_TIMEOUT_MS, type Refusal } from '../api/handshake.ts'
import { writeJsonLine } from '../api/line.ts'
import type { Clock } from '../platform/clock.ts'
import type { PeerCredentials, PeerLookup } from '../platform/peer.ts'
import { descriptorOf, listenPrivately, type Listener } from '../platform/unix-socket.ts'
import { FailureBook, serverHandshake } from './handshake.ts'

/**
 * Who speaks on a connection, settled before its first byte of HTTP: the owner, by proving the secret, or an agent,
 * by the socket it came in through.
 */
export type Peer =
  | { readonly kind: 'owner'; readonly credentials?: PeerCredentials }
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'agent'
      readonly name: string
      readonly run: string
      readonly credentials?: PeerCredentials
    }

export interface SocketOptions {
  /** Where the owner's socket stands; its directory is made private. */
  readonly path: string
  readonly secret: KeyObject
  /** Gets every authenticated connection as its own; it must not listen itself. */
  readonly http: HttpServer
  readonly clock: Clock
  readonly peers: PeerLookup
  readonly handshakeTimeoutMs?: number
  /** Connections that have not proved themselves yet; more are turned away. */
  readonly maxUnproved?: number
  /** Authentication is switched off (profile dev): who proves nothing is let in as nobody, and may only look. */
  readonly isAuthOff?: boolean
  /** Of the owner; those of agents are counted apart. */
  readonly maxConnections?: number
}

const MOST_OF_ONE_AGENT = 32

/** What is truly in force on the socket, for `status` and `doctor`. */
export interface SocketFacts {
  readonly path: string
  readonly peerUid: 'in force' | `not in force: ${string}`
  readonly connections: number
  readonly refused: number
}

/**
 * Opens the owner's socket: only this user can reach it (0700 directory, 0600 socket), only this user's processes
 * pass (peer uid from the kernel), and only who knows the secret gets as far as HTTP.
 *
 * @throws SocketError, FileError when the place is taken or unsafe
 */
export async function openSocket(options: SocketOptions): Promise<SocketServer> {
  const server = new SocketServer(options)
  await server.listen()
  return server
}

export class SocketServer {
  readonly #options: SocketOptions
  readonly #peers = new WeakMap<Socket, Peer>()
  readonly #failures = new FailureBook()
  readonly #connections = new Set<Socket>()
  readonly #owners = new Set<Socket>()
  readonly #listeners = new Set<Listener>()
  #unproved = 0
  #refused = 0

  constructor(options: SocketOptions) {
    this.#options = options
  }

  async listen(): Promise<void> {
    this.#listeners.add(await listenPrivately(this.#options.path, (socket) => void this.#acceptOwner(socket)))
  }

  /**
   * Opens a socket for one agent. There is no secret: whoever can open this inode is that agent, so bind it into
   * that agent's sandbox and nowhere else.
   *
   * @param uid the user the agent runs as, when the daemon is root and the agent is not
   * @returns how to end it: cuts its connections and removes the socket
   */
  async listenAgent(path: string, name: string, uid?: number): Promise<Listener> {
    const open = new Set<Socket>()
    const run = basename(path, '.sock') // the end of its number, which the planner gives each socket as its name
    const accept = (socket: Socket): void => {
      const seen = this.#admit(socket, uid ?? process.getuid?.(), open, MOST_OF_ONE_AGENT)
      if (seen !== undefined) this.#handOver(socket, { kind: 'agent', name, run, ...seen })
    }
    const listener = await listenPrivately(path, accept, uid)
    const tracked: Listener = {
      path,
      close: async () => {
        this.#listeners.delete(tracked)
        await listener.close()
        for (const socket of open) socket.destroy()
      },
    }
    this.#listeners.add(tracked)
    return tracked
  }

  /** Who speaks on this connection; undefined when it did not come through here, which must be refused. */
  peerOf(socket: unknown): Peer | undefined {
    return this.#peers.get(socket as Socket)
  }

  facts(): SocketFacts {
    const { path, peers } = this.#options
    const peerUid = peers.inForce ? 'in force' : (`not in force: ${peers.why}` as const)
    return { path, peerUid, connections: this.#connections.size, refused: this.#refused }
  }

  /** Takes no more connections and removes the sockets; those under way stay until {@link destroy}. */
  async close(): Promise<void> {
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
    this.#listeners.clear()
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const socket of this.#connections) socket.destroy()
  }

  async #acceptOwner(socket: Socket): Promise<void> {
    const { clock, secret, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = this.#options
    const { maxConnections = 256 } = this.#options
    const seen = this.#admit(socket, process.getuid?.(), this.#owners, maxConnections)
    if (seen === undefined) return
    const account = String(seen.credentials?.uid ?? 'unknown')
    const pause = this.#failures.pauseMs(account, clock.monotonicMs())
    if (pause > 0) return this.#refuse(socket, 'paused', Math.ceil(pause))
    if (this.#unproved >= (this.#options.maxUnproved ?? 16)) return this.#refuse(socket, 'busy')
    this.#unproved += 1
    const result = await serverHandshake(socket, secret, AbortSignal.timeout(handshakeTimeoutMs))
    this.#unproved -= 1
    if (result === 'authentication_failed' && this.#options.isAuthOff === true) {
      writeJsonLine(socket, { type: 'auth_result', ok: false })
      return this.#handOver(socket, { kind: 'anonymous' })
    }
    if (result !== 'authenticated') {
      // a peer that said nothing (a probe, a client that was interrupted) guessed nothing
      if (socket.bytesRead > 0) this.#failures.failed(account, clock.monotonicMs())
      return this.#refuse(socket, result)
    }
    this.#failures.succeeded(account)
    this.#handOver(socket, { kind: 'owner', ...seen })
  }

  /** The checks every connection passes first; undefined means it was turned away. */
  #admit(
    socket: Socket,
    uid: number | undefined,
    others: Set<Socket>,
    most: number,
  ): { credentials?: PeerCredentials } | undefined {
    socket.on('error', () => socket.destroy())
    // counted apart, so that an agent that opens many keeps only itself out
    for (const among of [this.#connections, others]) {
      among.add(socket)
      socket.once('close', () => among.delete(socket))
    }
    if (others.size > most) return this.#refuse(socket, 'busy')
    const { peers } = this.#options
    if (!peers.inForce) return {}
    try {
      const credentials = peers.credentials(descriptorOf(socket))
      return credentials.uid === uid ? { credentials } : this.#refuse(socket, 'other_user')
    } catch {
      // the kernel could not say who this is: then it is not us
      return this.#refuse(socket, 'other_user')
    }
  }

  #refuse(socket: Socket, code: Refusal, retryAfterMs?: number): undefined {
    this.#refused += 1
    if (socket.writable) {
      writeJsonLine(socket, { type: 'error', code, ...(retryAfterMs && { retry_after_ms: retryAfterMs }) })
    }
    socket.destroySoon()
    return undefined
  }

  #handOver(socket: Socket, peer: Peer): void {
    if (socket.destroyed) return
    this.#peers.set(socket, Object.freeze(peer))
    this.#options.http.emit('connection', socket)
  }
}
