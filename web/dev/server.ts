/**
 * The console's pages before a real daemon, without the listener of the daemon: to work on the pages.
 * `node web/dev/server.ts SOCKET KEYS [PORT] [PAGES]`; loopback only, no log-in worth the name, ends with its terminal.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { calls } from '../../src/client/calls.ts'
import { connect } from '../../src/client/connect.ts'
import { ClientError } from '../../src/client/error.ts'
import { setHeaders } from '../../src/daemon/console/headers.ts'
import { readPages } from '../../src/daemon/console/pages.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'

const [
  socketPath = '',
  keys = '',
  port = '9099',
  pages = fileURLToPath(new URL('../../dist/console/', import.meta.url)),
] = process.argv.slice(2)
const client = connect({ socketPath, secret: () => readSocketSecret(keys) })
const held = { isIn: false, freshUntil: 0 }
const FRESH_MS = 300_000
const NEEDS_FRESH = ['/v1/resume']

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => fail(response, error))
})
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  setHeaders(response, true)
  const { pathname, search } = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (pathname === '/events') return events(request, response)
  if (pathname.startsWith('/session')) return sessions(request, response, pathname)
  if (!pathname.startsWith('/v1/')) {
    return readPages(`${pages}/`).serve(pathname, request, response)
  }
  if (!held.isIn) return json(response, 401, { code: 'LOGIN_NEEDED', detail: 'log in', status: 401 })
  if (NEEDS_FRESH.includes(pathname) && Date.now() > held.freshUntil)
    return json(response, 403, { code: 'FRESH_NEEDED', detail: 'prove it again', status: 403 })
  const body = await textOf(request)
  const call = {
    method: request.method ?? 'GET',
    path: `${pathname}${search}`,
    ...(body === '' ? {} : { body: JSON.parse(body) as unknown }),
  }
  if (pathname !== '/v1/audit/export') return json(response, 200, (await client.request(call)).json)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for await (const value of client.stream(call)) response.write(`${JSON.stringify(value)}\n`)
  response.end()
}

function sessions(request: IncomingMessage, response: ServerResponse, path: string): void {
  if (request.method === 'DELETE') held.isIn = false
  if (request.method === 'POST') {
    held.isIn = true
    held.freshUntil = path === '/session/fresh' ? Date.now() + FRESH_MS : 0
  }
  if (!held.isIn) return json(response, 401, { code: 'LOGIN_NEEDED', detail: 'log in', status: 401 })
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  json(response, 200, {
    name: 'owner',
    role: 'owner',
    csrf: 'dev',
    freshUntil: null,
    idleUntil: expires,
    expires,
  })
}

async function events(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!held.isIn) return json(response, 401, { code: 'LOGIN_NEEDED', detail: 'log in', status: 401 })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const api = calls(client)
  const say = (event: string, data: unknown, id?: number): void =>
    void response.write(
      `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    )
  say('state', {})
  const last = request.headers['last-event-id']
  const after = last === undefined ? {} : { after: Number(last) }
  const entries = async (): Promise<void> => {
    for await (const entry of api.stream('auditFollow', after, gone.signal) as AsyncIterable<EntryAnswer>)
      say('entry', entry, entry.seq)
  }
  const questions = async (): Promise<void> => {
    for await (const change of api.stream('approvalFollow', {}, gone.signal)) say('approval', change)
  }
  await Promise.allSettled([entries(), questions()])
  response.end()
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const problem = error instanceof ClientError ? (error.problem ?? {}) : {}
  json(response, 502, { status: 502, code: 'DEV', detail: String(error), ...problem })
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
