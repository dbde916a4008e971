/**
 * The smallest server that answers: a list with one tool, and 1 kB of text for each call of it. Over stdio, or over HTTP
 * (`mcp-echo.ts http`, which says its port). What is measured is what stands before it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

const TEXT = 'The quick brown fox jumps over the lazy dog near the river bank. '.repeat(16).slice(0, 1024)
const TOOL = {
  name: 'echo',
  description: 'Answers with a text',
  inputSchema: { type: 'object', properties: { said: { type: 'string' } } },
}

function answer(text: string): string | undefined {
  const { id, method, params } = JSON.parse(text) as {
    id?: unknown
    method: string
    params?: { protocolVersion?: string }
  }
  if (id === undefined) return undefined
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: params?.protocolVersion ?? '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'echo', version: '1' },
    },
    'tools/list': { resultType: 'complete', tools: [TOOL], ttlMs: 0, cacheScope: 'private' },
    'tools/call': { resultType: 'complete', content: [{ type: 'text', text: TEXT }] },
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} })
}

if (process.argv[2] === 'http') {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const said = request.method === 'POST' ? answer(Buffer.concat(chunks).toString()) : undefined
      if (said === undefined) return response.writeHead(request.method === 'POST' ? 202 : 405).end()
      return response
        .writeHead(200, {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(said)),
        })
        .end(said)
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
  process.stdin.resume().once('end', () => process.exit(0))
} else {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const said = answer(line)
    if (said !== undefined) process.stdout.write(`${said}\n`)
  })
}
