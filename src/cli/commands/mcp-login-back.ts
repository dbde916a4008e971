import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { isSame, refused } from '../../enforce/mcp/oauth/index.ts'

/** Where the browser comes back to after a login: this machine alone, once. */
export interface WayBack {
  readonly redirect: string
  /** Resolves with what the browser brought, when it is to what was asked with this state. @throws McpLoginError when nobody comes */
  readonly answer: (state: string) => Promise<URLSearchParams>
  readonly close: () => void
}

const PATH = '/callback'
const WAIT_MS = 5 * 60_000
const SAID = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' }

/** RFC 8252, section 7.3: the port is free to choose, the address is a number, for names can be made to mean others. */
export async function openWayBack(signal: AbortSignal, waitMs = WAIT_MS): Promise<WayBack> {
  const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 10_000 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return {
    redirect: `http://${host}${PATH}`,
    answer: (state) => answered(server, host, { state, signal, waitMs }),
    close,
  }
}

async function answered(
  server: Server,
  host: string,
  { state, signal, waitMs }: { state: string; signal: AbortSignal; waitMs: number },
): Promise<URLSearchParams> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>()
  const stop = (): void =>
    reject(refused('nobody came back from the login', 'run it again, and log in where it says'))
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener('abort', stop, { once: true })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const url = URL.parse(request.url ?? '', `http://${host}`)
    const isOurs = request.method === 'GET' && request.headers.host === host && url?.pathname === PATH
    // a page that guesses the address must not end the wait, nor bring a code of its own
    if (!isOurs || !isSame(url.searchParams.get('state') ?? '', state))
      return void response.writeHead(404, SAID).end('There is nothing here.\n')
    response
      .writeHead(200, SAID)
      .end('Warder has the answer. This page can be closed.\n', () => resolve(url.searchParams))
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
