import { createServer, type Server } from 'node:https'
import type { RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { systemCode } from '../../core/error.ts'
import type { Bind } from './bind.ts'
import type { ConsoleCertificate } from './certificate.ts'
import { consoleError } from './errors.ts'

export interface ListenOptions {
  readonly bind: Bind
  readonly certificate: ConsoleCertificate
  /** Who does not show a certificate of one of these (PEM) gets no further than TLS. */
  readonly clientCa: string | undefined
  readonly app: RequestListener
}

export interface Listening {
  readonly port: number
  /** How many are connected now. */
  connections(): number
  close(): Promise<void>
}

const MOST_CONNECTIONS = 256
/** From outside; on loopback all of this machine's users look alike. */
const MOST_OF_ONE_ADDRESS = 32

/** Slow clients are not waited for: each of these times is for the whole of what it names. */
const TIMES = {
  handshakeTimeout: 5000,
  headersTimeout: 5000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
} as const

/** Listens with TLS 1.3 and nothing else. @throws ConsoleError `CONSOLE_PORT` */
export async function listen({ bind, certificate, clientCa, app }: ListenOptions): Promise<Listening> {
  const server = createServer(
    {
      ...TIMES,
      key: certificate.key.export({ format: 'pem', type: 'pkcs8' }),
      cert: certificate.certificatePem,
      minVersion: 'TLSv1.3',
      ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
      maxHeaderSize: 16_384,
      requireHostHeader: true,
    },
    app,
  )
  const open = new Map<Socket, string>()
  server.maxConnections = MOST_CONNECTIONS
  server.on('connection', (socket: Socket) => admit(socket, open, bind))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  // what is no HTTP gets no answer that could be mistaken for one
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('upgrade', (_request, socket) => socket.destroy())
  await bound(server, bind)
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => open.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open.keys()) socket.destroy()
      }),
  }
}

function admit(socket: Socket, open: Map<Socket, string>, { isNear, isLoopback }: Bind): void {
  const address = socket.remoteAddress ?? ''
  const ofOne = [...open.values()].filter((each) => each === address).length
  if (!isNear(address) || (!isLoopback && ofOne >= MOST_OF_ONE_ADDRESS)) return void socket.destroy()
  open.set(socket, address)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => open.delete(socket))
}

function bound(server: Server, { address, port }: Bind): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const why = systemCode(cause) === 'EADDRINUSE' ? 'something else listens there' : systemCode(cause)
      reject(
        consoleError(
          'CONSOLE_PORT',
          `the console cannot listen on ${address}, port ${port}: ${why}`,
          'choose another port: warder console --port 9091, or console.listen',
          cause,
        ),
      )
    })
    server.listen(port, address, () => {
      server.removeAllListeners('error')
      server.on('error', () => undefined) // of single connections; each ends by itself
      resolve()
    })
  })
}
