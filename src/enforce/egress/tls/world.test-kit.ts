/** A small world for tests: a server with a real certificate, the proxy in front of it, and what either of them saw. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { keepSecret } from '../../../platform/locked-memory-secret.ts'
import { createBroker, type Broker, type BrokerEvent, type SecretBinding } from '../broker/index.ts'
import { createContentGuard, type ContentRule, type ContentScanner } from '../content/index.ts'
import { createAuthority } from './authority.ts'
import { createInterceptor } from './intercept.ts'
import type { ExchangeLimits, ExchangeRecord, RequestAnswer } from './record.ts'
import { trustBundle, trustEnvironment } from './trust.ts'
import type { Route } from './upstream.ts'

export const HOST = 'api.service.test'
/** A second name of the same server, which no secret is bound to. */
export const OTHER = 'other.test'

export interface WorldOptions {
  readonly serve: RequestListener
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly bindings?: readonly SecretBinding[]
  readonly content?: readonly ContentRule[]
  readonly scanner?: ContentScanner
  readonly answer?: RequestAnswer
  readonly limits?: Partial<ExchangeLimits>
  readonly route?: Partial<Route>
}

export interface World extends AsyncDisposable {
  readonly proxyPort: number
  readonly serverPort: number
  readonly authorityPem: string
  /** PEM of the authority that made the server's certificate. */
  readonly serverRoot: string
  readonly environment: Record<string, string>
  readonly records: ExchangeRecord[]
  readonly events: BrokerEvent[]
  readonly broker: Broker
  /** All that the server understood of what it got. */
  readonly witness: () => string
  /** How often somebody connected to the server. */
  readonly connections: () => number
  /** Adds to what was understood. */
  readonly note: (text: string) => void
  readonly directory: string
}

export function secret(text: string): SecretBinding['value'] {
  return keepSecret(Buffer.from(text))
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const there = createAuthority({ hosts: [HOST, OTHER, '127.0.0.1'], now: Date.now })
  const seen: string[] = []
  const server = createHttps(
    { SNICallback: (name, done) => done(null, there.contextFor(name)) },
    watched(options.serve, seen),
  )
  server.on('upgrade', (request, socket, head) => {
    seen.push(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n`)
    options.onUpgrade?.(request, socket, head)
  })
  const count = { connections: 0 }
  server.on('connection', () => (count.connections += 1))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const serverPort = (server.address() as AddressInfo).port

  const authority = createAuthority({ hosts: [HOST, OTHER], now: Date.now })
  const records: ExchangeRecord[] = []
  const events: BrokerEvent[] = []
  const bindings = options.bindings ?? []
  const broker = createBroker({
    bindings,
    agent: 'a',
    run: 'r',
    now: Date.now,
    alert: (event) => events.push(event),
  })
  const interceptor = createInterceptor({
    agent: 'a',
    run: 'r',
    authority,
    broker,
    content: createContentGuard(options.content ?? [], {
      ...(options.scanner === undefined ? {} : { scanner: options.scanner }),
      placeholders: bindings.map(({ placeholder }) => placeholder),
    }),
    decideRequest: () => options.answer ?? { effect: 'allow', rule: 'test' },
    record: (record) => records.push(record),
    now: Date.now,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  const proxy = createHttp((_, response) => response.writeHead(500).end())
  const clients = new Set<Duplex>()
  proxy.on('connection', (socket) => clients.add(socket))
  proxy.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const [host = '', port = '443'] = (request.url ?? '').split(':')
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    const dial = async () => {
      const dialled = connect(serverPort, '127.0.0.1')
      await once(dialled, 'connect')
      return dialled
    }
    interceptor.tls(socket, head, {
      host,
      port: Number(port),
      dial,
      roots: [there.certificatePem],
      ...options.route,
    })
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const proxyPort = (proxy.address() as AddressInfo).port
  const directory = mkdtempSync(join(tmpdir(), 'warder-world-'))
  const [bundlePath, authorityPath] = [join(directory, 'bundle.pem'), join(directory, 'authority.pem')]
  writeFileSync(bundlePath, trustBundle('', authority.certificatePem))
  writeFileSync(authorityPath, authority.certificatePem)
  return {
    proxyPort,
    serverPort,
    authorityPem: authority.certificatePem,
    serverRoot: there.certificatePem,
    environment: trustEnvironment({ bundlePath, authorityPath, proxyUrl: `http://127.0.0.1:${proxyPort}` }),
    records,
    events,
    broker,
    witness: () => seen.join(''),
    connections: () => count.connections,
    note: (text) => void seen.push(text),
    directory,
    [Symbol.asyncDispose]: async () => {
      interceptor.close()
      broker.close()
      for (const client of clients) client.destroy()
      server.closeAllConnections()
      proxy.close()
      server.close()
      await Promise.all([once(proxy, 'close'), once(server, 'close')])
      rmSync(directory, { recursive: true })
    },
  }
}

interface Called {
  readonly host?: string
  readonly servername?: string
}

/** A client of its own inside an opened connection. */
export async function call(
  world: World,
  { host = HOST, servername = host }: Called = {},
): Promise<TLSSocket> {
  const socket = connect(world.proxyPort, '127.0.0.1')
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`)
  await once(socket, 'data')
  const secure = connectTls({
    socket,
    servername,
    ca: world.authorityPem,
    ALPNProtocols: ['http/1.1'],
    checkServerIdentity: () => undefined,
  })
  await once(secure, 'secureConnect')
  return secure.on('error', () => undefined)
}

/** It says these bytes and hears everything until the end. */
export async function speak(
  world: World,
  said: readonly (string | Buffer)[],
  to: Called = {},
): Promise<string> {
  const secure = await call(world, to)
  const heard: Buffer[] = []
  secure.on('data', (chunk: Buffer) => heard.push(chunk))
  for (const part of said) {
    secure.write(part)
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (!secure.closed) await once(secure, 'close')
  return Buffer.concat(heard).toString('latin1')
}

/** Writes down all that a server understood of a request, before it is served. */
function watched(serve: RequestListener, seen: string[]): RequestListener {
  return (request, response) => {
    seen.push(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n`)
    request.on('data', (chunk: Buffer) => seen.push(chunk.toString('latin1')))
    serve(request, response)
  }
}
