import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { listServer, listingIn } from './mcp-listing.ts'
import { sarifOf, type McpScan } from './mcp-report.ts'

type Message = { id?: number; method?: string; params?: { cursor?: string } }
const CAPABILITIES = { tools: {}, resources: {} }

/** A server that answers as it is told, a line for each message. */
function server(answer: (message: Message) => string | undefined) {
  const [toServer, fromServer] = [new PassThrough(), new PassThrough()]
  const asked: string[] = []
  toServer.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) {
      const message = JSON.parse(line) as Message
      asked.push(message.method ?? '')
      const said = answer(message)
      if (said === undefined) fromServer.end()
      else if (said !== '') fromServer.write(`${said}\n`)
    }
  })
  return { asked, streams: { toServer, fromServer } }
}

const reply = (message: Message, result: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id: message.id, result })

test('everything is asked for, page by page, and nothing else', async () => {
  const { asked, streams } = server((message) => {
    const { id, method, params } = message
    if (id === undefined)
      return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: {} })
    if (method === 'initialize') return reply(message, { capabilities: CAPABILITIES, instructions: 'use it' })
    if (method === 'tools/list')
      return reply(
        message,
        params?.cursor === undefined
          ? { tools: [{ name: 'a' }], nextCursor: '2' }
          : { tools: [{ name: 'b' }] },
      )
    if (method === 'resources/list') return reply(message, { resources: [{ uri: 'x:1' }] })
    return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } })
  })
  assert.deepEqual(await listServer(streams), {
    instructions: 'use it',
    tool: [{ name: 'a' }, { name: 'b' }],
    prompt: [],
    resource: [{ uri: 'x:1' }],
    'resource-template': [],
  })
  assert.deepEqual(asked, [
    ...['initialize', 'notifications/initialized', 'tools/list', 'tools/list'],
    ...['resources/list', 'resources/templates/list'],
  ])
})

test('a server that ends, errs, says nonsense, says a key twice, or never comes to an end, is told of', async () => {
  const after = (answer: (message: Message) => string | undefined) =>
    listServer(
      server((message) =>
        message.method === 'initialize'
          ? reply(message, { capabilities: CAPABILITIES })
          : message.id === undefined
            ? ''
            : answer(message),
      ).streams,
    )
  await assert.rejects(
    after(() => undefined),
    /ended before it answered tools\/list/,
  )
  await assert.rejects(
    after(({ id }) => JSON.stringify({ id, error: { code: -32603, message: 'broken' } })),
    /error: broken/,
  )
  await assert.rejects(
    after(() => 'hello'),
    /missing/,
  )
  await assert.rejects(
    after(({ id }) => `{"id":${id},"result":{"tools":[],"tools":[{}]}}`),
    /stands twice/,
  )
  await assert.rejects(
    after((message) => reply(message, { tools: {} })),
    /no list tools/,
  )
  await assert.rejects(
    after((message) => reply(message, { tools: [], nextCursor: 'x' })),
    /more than 100 pages/,
  )
})

test('a saved answer is read in each of its forms, and what has no list is refused', () => {
  const tools = [{ name: 'a' }]
  for (const saved of [tools, { tools }, { jsonrpc: '2.0', id: 1, result: { tools } }])
    assert.deepEqual(listingIn(saved).tool, tools)
  assert.throws(() => listingIn({ name: 'a' }), /no list/)
})

test('in SARIF what could not be looked at is a failure, and no list of results that is empty', () => {
  const whose = { client: 'cursor', path: '/h/a b.json', server: 's' }
  const found = {
    ...whose,
    rule: 'r',
    severity: 'high',
    reason: 'why',
    kind: 'tool',
    name: 't',
    field: '/x',
  } as const
  const scan: McpScan = {
    servers: [{ ...whose, state: 'not listed', why: 'gone', counts: {}, can: {} }],
    findings: [found, { ...found, severity: 'low' }],
    unread: [{ path: '/h/c.json', why: 'bad' }],
  }
  const { version, runs } = sarifOf(scan, '1.0') as {
    version: string
    runs: {
      tool: { driver: { rules: object[] } }
      invocations: {
        executionSuccessful: boolean
        toolExecutionNotifications: { message: { text: string } }[]
      }[]
      results: {
        ruleId: string
        level: string
        message: { text: string }
        locations: { physicalLocation: { artifactLocation: { uri: string } } }[]
      }[]
    }[]
  }
  const [run] = runs
  assert.equal(version, '2.1.0')
  assert.equal(run?.tool.driver.rules.length, 1)
  assert.equal(run.invocations[0]?.executionSuccessful, false)
  assert.deepEqual(
    run.invocations[0].toolExecutionNotifications.map(({ message }) => message.text),
    ['/h/c.json: bad', 's of /h/a b.json: gone'],
  )
  assert.deepEqual(
    run.results.map(({ level, message }) => [level, message.text]),
    [
      ['error', 's/tool/t#/x: why'],
      ['note', 's/tool/t#/x: why'],
    ],
  )
  assert.equal(run.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri, 'file:///h/a%20b.json')
})
