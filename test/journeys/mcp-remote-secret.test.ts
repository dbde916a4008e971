import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { house, type House } from '../kit/house.ts'
import { internet, type Internet } from '../kit/internet.ts'
import { wrapped } from '../kit/mcp.ts'
import { configure } from '../kit/owner.ts'

// A server elsewhere that wants a token, which neither the client nor the program that speaks to it ever holds.

const KEY = 'sk-ant-api03-q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6TuV1oAiKrWx5MzQ'
const HOST = 'tracker.test'
const WARDER = fileURLToPath(new URL('../../bin/warder', import.meta.url))

const teardown: (() => Promise<void> | void)[] = []
const t = { after: (fn: () => Promise<void> | void) => void teardown.push(fn) }
let home: House
let world: Internet

interface Asked {
  readonly id?: number
  readonly method: string
  readonly params?: { readonly protocolVersion?: string }
}

const TOOLS = [{ name: 'issues', description: 'Lists the open issues', inputSchema: { type: 'object' } }]

/** The server: JSON over many lines, and nothing without the token. */
function answer({ id, method, params }: Asked, isKnown: boolean): string {
  const result =
    method === 'initialize'
      ? {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'tracker', version: '1' },
        }
      : method === 'tools/list'
        ? { tools: TOOLS }
        : { content: [{ type: 'text', text: isKnown ? 'three issues are open' : 'who are you' }] }
  return JSON.stringify({ jsonrpc: '2.0', id, result }, undefined, 2)
}

before(async () => {
  home = house(t)
  world = await internet(t, {
    names: [HOST],
    directory: home.home,
    serve: (request, body, response) => {
      const isKnown = request.headers.authorization === `Bearer ${KEY}`
      const asked = request.method === 'POST' ? (JSON.parse(body) as Asked) : undefined
      response.setHeader('content-type', 'application/json')
      response.statusCode = asked === undefined ? 405 : !isKnown ? 401 : asked.id === undefined ? 202 : 200
      response.end(asked?.id === undefined ? '' : answer(asked, isKnown))
    },
  })
  const url = `https://${HOST}:${world.port}/mcp`
  const header = 'authorization: Bearer ${TRACKER_TOKEN}'
  const command = JSON.stringify([WARDER, 'mcp', 'remote', url, '--header', header])
  configure(
    home,
    'policy.yaml',
    `version: 1
rules:
  - id: tracker-host
    agents: [mcp-tracker]
    effect: allow
    capabilities: ["net:connect:${HOST}:${world.port}"]
    reason: the server speaks to its own host
egress:
  - id: tracker
    hosts: [${HOST}]
    addresses: [127.0.0.0/8]
    inspect: true
mcp:
  servers:
    tracker: { tier: trusted, command: ${command}, use_secrets: [tracker-token], tools: { "*": allow } }
    loose: { tier: trusted, use_secrets: [tracker-token], tools: { "*": allow } }
`,
  )
  const set = await home.warder(
    [
      'secret',
      'set',
      'tracker-token',
      '--host',
      `${HOST}:${world.port}`,
      '--for',
      'mcp-tracker',
      '--place',
      'header',
    ],
    { env: world.environment, input: KEY },
  )
  assert.equal(set.code, 0, set.stderr)
})
after(async () => {
  for (const end of teardown.toReversed()) await end()
})

test('a token kept here is put in at the border, for that host alone; nobody on this side ever has it', async (s) => {
  const it = await wrapped(s, home, 'tracker', [], { env: world.environment })
  assert.deepEqual(await it.names(), ['issues'])
  assert.equal(await it.text('issues'), 'three issues are open')
  assert.ok(world.arrived().includes(KEY), 'it did arrive')
  assert.equal(it.said().includes(KEY), false)
  const used = await home.command(['audit', 'list', '--action', 'broker:', '--json'])
  assert.match(used.stdout, /tracker-token/)
  const receipts = join(home.state, 'mcp/receipts')
  const kept = readdirSync(receipts).map((name) => readFileSync(join(receipts, name), 'utf8'))
  assert.equal([used.stdout, ...kept].join('').includes(KEY), false)
})

test('no secret is lent to a command that only the client names', async () => {
  const { code, stderr } = await home.warder(['mcp', 'wrap', '--name', 'loose', '--', '/usr/bin/env'], {
    env: world.environment,
  })
  assert.equal(code, 3)
  assert.match(stderr, /the policy does not say what it is started as/)
})

test('the sandbox of a server is the one the policy names, whatever its client asks for', async () => {
  const asked = ['mcp', 'wrap', '--name', 'tracker', '--profile', 'agent']
  const { code, stderr } = await home.warder(asked, { env: world.environment })
  assert.equal(code, 3)
  assert.match(stderr, /runs in the sandbox profile mcp-server/)
})
