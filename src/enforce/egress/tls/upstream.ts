import { createHash, X509Certificate } from 'node:crypto'
import { Agent, type ClientRequestArgs } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls'
import { messageOf } from '../../../core/error.ts'
import { isAddress } from '../broker/index.ts'
import { TlsError } from './errors.ts'

/** The way to one server, which has been decided on: nothing else is ever connected to in its place. */
export interface Route {
  /** Canonical, as the client named it: lower case, no dot at the end, addresses without brackets. */
  readonly host: string
  readonly port: number
  /** A new connection to the address that was checked. */
  dial(): Promise<Socket>
  /** Base64 of the SHA-256 of the server's SubjectPublicKeyInfo; one of them must be right. */
  readonly pins?: readonly string[]
  /** PEM certificates that replace the system's roots for this server. */
  readonly roots?: readonly string[]
}

const HANDSHAKE_MS = 20_000

/** Reading roots takes some ten milliseconds, so it is done once for each set of them. */
export type RootContexts = (roots: readonly string[] | undefined) => SecureContext

export function rootContexts(): RootContexts {
  const made = new Map<string, SecureContext>()
  return (roots) => {
    const key = roots?.join('\n') ?? ''
    const context =
      made.get(key) ??
      createSecureContext({ minVersion: 'TLSv1.2', ...(roots === undefined ? {} : { ca: [...roots] }) })
    made.set(key, context)
    return context
  }
}

/**
 * A connection to the server that has proved to be it: its certificate is valid for the very host, under a root that is
 * trusted, and where pins are set its key is one of them. There is no option to do without.
 *
 * @throws TlsError `TLS_UPSTREAM_UNVERIFIED`; what `dial` throws
 */
export async function openVerified(route: Route, contexts: RootContexts): Promise<Duplex> {
  const socket = await route.dial()
  socket.setNoDelay(true) // head and body are written one after the other, and must not wait for each other
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const timer = setTimeout(() => secure.destroy(new Error('the TLS handshake took too long')), HANDSHAKE_MS)
  const secure = connect({
    socket,
    secureContext: contexts(route.roots),
    // an address is not a name to be sent (RFC 6066, 3)
    servername: !isAddress(route.host) ? route.host : '',
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    checkServerIdentity: (_, certificate) =>
      checkServerIdentity(route.host, certificate) ?? wrongPin(route, certificate),
  })
  secure.once('secureConnect', () => resolve(secure))
  secure.once('error', (error) => reject(unverified(route, error)))
  // the server may close without a word; an error after this changes nothing any more
  secure.once('close', () => reject(unverified(route, new Error('it closed the connection'))))
  try {
    return await promise
  } catch (error) {
    secure.destroy()
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function wrongPin({ pins, host }: Route, { raw }: PeerCertificate): Error | undefined {
  if (pins === undefined || pins.length === 0) return undefined
  const key = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' })
  const shown = createHash('sha256').update(key).digest('base64')
  return pins.includes(shown) ? undefined : new Error(`the key of ${host} is none of those that are pinned`)
}

function unverified({ host, port }: Route, cause: unknown): TlsError {
  return new TlsError(
    'TLS_UPSTREAM_UNVERIFIED',
    `no verified connection to ${host} on port ${port}: ${messageOf(cause)}`,
    'look at the certificate of the server; it cannot be accepted for this once',
    cause,
  )
}

type Done = NonNullable<Parameters<Agent['createConnection']>[1]>

/** Connections to one server, kept as long as one client connection is open. */
export class UpstreamAgent extends Agent {
  readonly #open: () => Promise<Duplex>
  #isDestroyed = false

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 4, maxFreeSockets: 1 })
    this.#open = open
  }

  override createConnection(_: ClientRequestArgs, done?: Done): undefined {
    void this.#give(done)
    return undefined
  }

  override destroy(): void {
    this.#isDestroyed = true
    super.destroy()
  }

  async #give(done: Done | undefined): Promise<void> {
    const opened = await this.#tryOpen()
    if (!(opened instanceof Error) && !this.#isDestroyed) return done?.(null, opened)
    // the client went away meanwhile, and nobody would ever close it
    if (!(opened instanceof Error)) opened.destroy()
    const error = opened instanceof Error ? opened : new Error('the client went away')
    ;(done as ((error: Error) => void) | undefined)?.(error)
  }

  async #tryOpen(): Promise<Duplex | Error> {
    try {
      return await this.#open()
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error))
    }
  }
}
