import { once } from 'node:events'
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Front } from './mcp-front.ts'

/** A request over HTTP, as a client that follows no rules would send it. */
export interface Sent {
  readonly server?: string
  readonly path?: string
  readonly method?: string
  readonly caller?: string
  /** In the place of those a good client sends; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: string | Uint8Array
}

export interface Got {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The last message in it. */
  readonly message: Message
}

export interface Message {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { code: number; message: string; data?: Record<string, unknown> }
}

export async function send(front: Pick<Front, 'port' | 'token'>, sent: Sent): Promise<Got> {
  const { server = 'fixture', path = `/mcp/${server}`, method = 'POST', caller = 'ada', body } = sent
  const fields = {
    host: `127.0.0.1:${front.port}`,
    authorization: `Bearer ${front.token(caller)}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...sent.headers,
  }
  const headers = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((each) => [name, each]),
  )
  const asking = requestHttp({
    host: '127.0.0.1',
    port: front.port,
    path,
    method,
    headers,
    setHost: false,
    agent: false,
  })
  asking.end(body)
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, message: lastMessage(text) }
}

/** All messages of an answer, be it one or a stream of events. */
export function messagesIn(text: string): Message[] {
  const said = text.trimStart().startsWith('{')
    ? [text]
    : text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []))
  return said.map((each) => JSON.parse(each) as Message)
}

function lastMessage(text: string): Message {
  return messagesIn(text).findLast(({ method }) => method === undefined) ?? {}
}

export const STATELESS = '2026-07-28'

/** A request as the revision without sessions has it, with the header fields that go with it. */
export function stateless(
  method: string,
  params: Record<string, unknown> = {},
  id: string | number = 1,
): { readonly headers: Record<string, string>; readonly body: string } {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': STATELESS,
    'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, sampling: {}, roots: {} },
    ...(params['_meta'] as object | undefined),
  }
  const name = params['name'] ?? params['uri']
  return {
    headers: {
      'mcp-protocol-version': STATELESS,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
  }
}

/** A request as the revisions with sessions have it. */
export function inSession(
  method: string,
  params: Record<string, unknown> = {},
  id: string | number = 1,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

/** Begins a session. @returns its id */
export async function handshake(front: Pick<Front, 'port' | 'token'>, sent: Sent = {}): Promise<string> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  }
  const { headers } = await send(front, { ...sent, body: inSession('initialize', params) })
  const id = String(headers['mcp-session-id'])
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await send(front, { ...sent, headers: { ...sent.headers, 'mcp-session-id': id }, body })
  return id
}

export interface Hostile {
  readonly url: string
  /** What came in, in its order: `METHOD method`. */
  readonly heard: string[]
}

type Answering = (
  message: Message & { method: string },
  response: ServerResponse,
  request: IncomingMessage,
) => void

/** A server of the older kind or of any, which answers as the test says. */
export async function hostileServer(
  t: { after(fn: () => Promise<void> | void): void },
  answering: Answering,
): Promise<Hostile> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    response.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const message = (text === '' ? {} : JSON.parse(text)) as Message & { method: string }
      heard.push(`${request.method} ${message.method ?? ''}`.trim())
      if (request.method === 'POST') return answering(message, response, request)
      response.writeHead(405).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard }
}

/** Answers with a result, in JSON. */
export function result(
  response: ServerResponse,
  id: unknown,
  value: Record<string, unknown>,
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...value } }))
}

/** What any server of the kind has to answer before a tool of it is called. */
export function ordinary(
  { method, id }: Message,
  response: ServerResponse,
  tools: readonly unknown[] = [TOOL],
): boolean {
  if (method === 'server/discover')
    result(response, id, { supportedVersions: [STATELESS], capabilities: { tools: {} } })
  else if (method === 'initialize')
    result(response, id, {
      ...{ protocolVersion: '2025-11-25', capabilities: { tools: {} } },
      serverInfo: { name: 'hostile', version: '1' },
    })
  else if (method === 'tools/list') result(response, id, { tools, ttlMs: 0, cacheScope: 'private' })
  else if (id === undefined) response.writeHead(202).end()
  else return false
  return true
}

export const TOOL = { name: 'act', description: 'Acts', inputSchema: { type: 'object' } }
