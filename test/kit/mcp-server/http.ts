import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node'
import { createMcpHandler, isInitializeRequest, isLegacyRequest } from '@modelcontextprotocol/server'
import { createFixture, type Changes } from './fixture.ts'

/** Node's own type says `undefined` where theirs says nothing. */
type Like = Parameters<typeof toWebRequest>[0]

/** Serves the fixture in both ways of the protocol: sessions for the revisions that have them, each request alone for the rest. */
export async function serveHttp(): Promise<number> {
  const changes: Changes = {
    tools: () => modern.notify.toolsChanged(),
    prompts: () => modern.notify.promptsChanged(),
  }
  const modern = createMcpHandler(() => createFixture(changes), { legacy: 'reject' })
  const serveModern = toNodeHandler(modern)
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const [hostIsOurs, originIsOurs] = [localhostHostValidation(), localhostOriginValidation()]
  const server = createServer((request, response) => {
    if (!hostIsOurs(request, response) || !originIsOurs(request, response)) return
    void answered(request, response).catch(() => response.destroy())
  })

  async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === 'POST' ? await bodyOf(request) : undefined
    const asked = request as Like
    if (!(await isLegacyRequest(await toWebRequest(asked, body)))) return serveModern(asked, response, body)
    const transport = await sessionOf(request, body)
    if (transport !== undefined) return transport.handleRequest(request, response, body)
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}')
  }

  async function sessionOf(
    request: IncomingMessage,
    body: unknown,
  ): Promise<NodeStreamableHTTPServerTransport | undefined> {
    const id = request.headers['mcp-session-id']
    if (typeof id === 'string') return sessions.get(id)
    if (!isInitializeRequest(body))
      return new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (session: string) => void sessions.set(session, transport),
      onsessionclosed: (session: string) => void sessions.delete(session),
    })
    await createFixture(changes).connect(transport)
    return transport
  }

  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return (server.address() as AddressInfo).port
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return {}
  }
}
