import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeAll, unbridgeAll } from './mcp-bridge.ts'
import { clientNamed } from './mcp-clients.ts'
import { entriesIn } from './mcp-entries.ts'
import { unwrapAll, wrapAll } from './mcp-wrap.ts'

const client = clientNamed('claude-code')!
const PATH = '/opt/bin/warder'
const TEXT = `{
  "mcpServers": {
    "far": { "type": "http", "url": "https://mcp.example.com/mcp",
             "headers": { "Authorization": "Bearer k-1" }, "disabled": false }, // ours
    "keyed": { "url": "https://mcp.example.com/?key=abc" },
    "old": { "type": "sse", "url": "https://mcp.example.com/sse" },
    "near": { "command": "x" }
  }
}
`

test('a server reached by URL becomes a command of ours, with no key among its arguments, and comes back as written', () => {
  const { text, bridged } = bridgeAll(client, TEXT, PATH)
  assert.deepEqual(bridged, ['far'])
  const [far] = entriesIn({ client }, text)
  assert.deepEqual(far?.command, [
    ...[PATH, 'mcp', 'remote', 'https://mcp.example.com/mcp'],
    ...['--header', 'Authorization: ${MCP_HEADER_1}'],
  ])
  assert.deepEqual(far.environment, { MCP_HEADER_1: 'Bearer k-1' })
  const { text: wrapped, made, left } = wrapAll(client, text, { path: PATH, settings: [] })
  assert.deepEqual(
    left.map(({ name }) => name),
    ['keyed', 'old'],
  )
  assert.equal(unbridgeAll(client, unwrapAll(client, wrapped, made), TEXT), TEXT)
  const later = wrapped.replace(
    '"near"',
    '"mine": { "command": "/b/warder", "args": ["mcp", "remote", "https://o"] }, "near"',
  )
  const back = unbridgeAll(client, unwrapAll(client, later, made), TEXT)
  assert.ok(
    back.includes('"headers": { "Authorization": "Bearer k-1" }') &&
      back.includes('"mcp", "remote", "https://o"'),
  )
})

test('only what is written plainly, in JSON, is bridged', () => {
  for (const [name, text] of [
    ['codex', '[mcp_servers.a]\nurl = "https://mcp.example.com"\n'],
    ['cursor', '{"mcpServers":{"a":{"url":"https://u:p@mcp.example.com"}}}'],
    ['cursor', '{"mcpServers":{"a":{"url":"ftp://mcp.example.com"}}}'],
    ['cursor', '{"mcpServers":{"a":{"url":"https://mcp.example.com","command":"x"}}}'],
  ] as const)
    assert.deepEqual(bridgeAll(clientNamed(name)!, text, PATH), { text, bridged: [] })
})
