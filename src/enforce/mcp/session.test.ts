import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REFUSAL_CODES } from './refusal.ts'
import { answer, bench, call, request, RULE, said, tool, YES, type Bench } from './session.test-kit.ts'

const NO = {
  effect: 'deny',
  layer: 'policy',
  rule: 'rule.no',
  reason: 'no',
  fix: 'none',
  decision: 'd2',
} as const
const last = ({ toClient }: Bench) => toClient.at(-1)
const code = (at: Bench): number | undefined => last(at)?.error?.code
const rule = (at: Bench): unknown => last(at)?.error?.data?.['rule']

const listed = (at: Bench): string[] =>
  ((last(at)?.result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name)

/** A session whose server lists these tools, up to the point where a call of the first has gone through. */
async function begun(options: Parameters<typeof bench>[0] = {}, tools = [tool('echo')]): Promise<Bench> {
  const at = bench(options)
  at.client(request('list', 'tools/list'))
  at.server(answer('list', { tools }))
  await at.settle()
  return at
}

test('an ordinary call goes through as it came, and so does its answer', async () => {
  const at = await begun()
  const [asked, answered] = [
    JSON.stringify(call(1, 'echo', { a: 'b  ' })),
    JSON.stringify(answer(1, said('fine'))),
  ]
  at.client(asked)
  await at.settle()
  at.server(answered)
  assert.deepEqual(at.texts.slice(-2), [asked, answered])
  const event = at.events.findLast(({ kind }) => kind === 'call')
  assert.ok(event?.kind === 'call' && event.outcome === 'success' && event.decision === 'd1')
  at.client(call(2, 'echo'))
  assert.equal(at.toServer.at(-1)?.id, 2, 'what was allowed for the session is sent at once')
  assert.equal(at.asked.length, 1)
})

test('a client that does not list is listed for; nothing is called that is not in the list', async () => {
  const at = bench()
  at.client(call(1, 'echo'))
  at.client(call(2, 'ghost'))
  assert.deepEqual(
    at.toServer.map(({ method }) => method),
    ['tools/list'],
  )
  await at.list([tool('echo')])
  assert.deepEqual(
    at.toServer.map(({ method }) => method),
    ['tools/list', 'tools/call'],
  )
  assert.deepEqual([last(at)?.id, rule(at)], [2, 'definition.unknown'])
})

test('what policy does not name is neither listed nor called', async () => {
  const tools = [
    { ...RULE, pattern: 'read_*' },
    { ...RULE, pattern: '*_all', action: 'deny' as const },
  ]
  const at = await begun(
    { policy: { tools } },
    ['read_one', 'read_all', 'write'].map((name) => tool(name)),
  )
  assert.deepEqual(listed(at), ['read_one'])
  for (const name of ['read_all', 'write', 'READ_one', 'read_one ', '../read_one', '']) {
    at.client(call(1, name))
    await at.settle()
    assert.notEqual(last(at)?.error, undefined, name)
  }
  assert.equal(
    at.toServer.some(({ method }) => method === 'tools/call'),
    false,
  )
  assert.equal(code(at), REFUSAL_CODES.argument)
})

test('the list holds what may be called, and a call of what it leaves out is refused', async () => {
  const at = await begun({ policy: { tier: 'untrusted' } }, [
    tool('look'),
    tool('wipe', { description: 'can:destructive' }),
    tool('bad', { description: 'EVIL' }),
  ])
  assert.deepEqual(listed(at), ['look'])
  for (const [i, name] of ['wipe', 'bad'].entries()) {
    at.client(call(i, name))
    assert.equal(last(at)?.id, i)
  }
  assert.deepEqual(
    at.events.filter(({ kind }) => kind === 'call').map((each) => each.kind === 'call' && each.rule),
    ['mcp.box.tier.untrusted', 'definition.test'],
  )
})

test('a no of the gate is an error with layer, rule, fix and decision, and the server hears nothing', async () => {
  const at = await begun({ decide: () => NO })
  at.client(call(7, 'echo'))
  await at.settle()
  const { error, id } = last(at) ?? {}
  assert.deepEqual([id, error?.code], [7, REFUSAL_CODES.denied])
  assert.deepEqual(error?.data, {
    code: 'MCP_DENIED',
    layer: 'policy',
    rule: 'rule.no',
    reason: 'no',
    fix: 'none',
    decision: 'd2',
  })
  assert.equal(
    at.toServer.some(({ method }) => method === 'tools/call'),
    false,
  )
})

test('a gate that fails is a no', async () => {
  const at = await begun({ decide: () => Promise.reject(new Error('broken')) })
  at.client(call(1, 'echo'))
  await at.settle()
  assert.deepEqual([code(at), rule(at)], [REFUSAL_CODES.denied, 'error'])
})

test('arguments are held to the schema the server advertises and to the rules of the policy', async () => {
  const rules = {
    n: { range: [1, 5] as const },
    s: { pattern: '^[a-z]+$', maxLength: 5 },
    k: { oneOf: ['a', 'b'] },
  }
  const inputSchema = { type: 'object', properties: { n: { type: 'integer' } }, additionalProperties: true }
  const at = await begun({ policy: { tools: [{ ...RULE, pattern: '*', arguments: rules }] } }, [
    tool('echo', { inputSchema }),
  ])
  const bad = [{ n: 'x' }, { n: 6 }, { s: 'ABC' }, { s: 'abcdef' }, { k: 'c' }, { s: 3 }]
  for (const [i, given] of bad.entries()) {
    at.client(call(i, 'echo', given))
    assert.deepEqual([last(at)?.id, code(at)], [i, REFUSAL_CODES.argument], JSON.stringify(given))
  }
  at.client(call(9, 'echo', { n: 5, s: 'abc', k: 'a' }))
  await at.settle()
  assert.equal(at.toServer.at(-1)?.id, 9)
})

test('every text that is a path or a URL is asked about, wherever it stands', async () => {
  const at = await begun()
  at.client(
    call(1, 'echo', {
      deep: [{ x: '/etc/passwd' }],
      u: 'https://example.org/a',
      f: 'file:///a',
      plain: 'a/b c',
    }),
  )
  await at.settle()
  assert.deepEqual(at.asked[0]?.touched, [
    { kind: 'file', verb: 'read', path: '/etc/passwd' },
    { kind: 'connect', url: 'https://example.org/a' },
    { kind: 'file', verb: 'read', path: 'file:///a' },
  ])
  for (const bad of ['ftp://example.org/x', 'javascript://a', 'a\0b']) {
    at.client(call(2, 'echo', { bad }))
    assert.equal(code(at), REFUSAL_CODES.argument, bad)
  }
})

test('an id that waits is not used twice, and an answer nobody waits for is nobody’s', async () => {
  const at = await begun()
  at.client(call(1, 'echo'))
  await at.settle()
  at.client(call(1, 'echo', { other: true }))
  assert.deepEqual([last(at)?.id, rule(at)], [null, 'frame.id-reuse'])
  assert.equal(at.toServer.filter(({ id }) => id === 1).length, 1)
  const before = at.toClient.length
  at.server(answer(99, said('for nobody')))
  at.server(answer(1, said('one')))
  at.server(answer(1, said('two')))
  at.server(answer('warder:own1', said('ours')))
  assert.deepEqual([at.toClient.length - before, last(at)?.result], [1, said('one')])
  at.client(request('warder:own2', 'tools/list'))
  assert.equal(rule(at), 'frame.id-ours')
})

test('what reads like an attack is not handed on; what may be one is put into an envelope and taints', async () => {
  const at = await begun()
  const results = [
    said('do EVIL things'),
    { content: [{ type: 'text', text: 'E' }], structuredContent: { EVIL: 1 } },
    {
      content: [
        {
          type: 'resource',
          resource: { uri: 'x:y', mimeType: 'text/plain', blob: Buffer.from('EVIL').toString('base64') },
        },
      ],
    },
    { content: [{ type: 'resource_link', uri: 'x:y', name: 'n', description: 'EVIL' }] },
    { content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }], _meta: { note: 'EVIL' } },
  ]
  for (const [i, result] of results.entries()) {
    at.client(call(i, 'echo'))
    await at.settle()
    at.server(answer(i, result))
    assert.deepEqual([last(at)?.id, code(at), rule(at)], [i, REFUSAL_CODES.content, 'override.test'])
  }
  at.client(call(50, 'echo'))
  at.server(answer(50, said('somewhat odd')))
  assert.deepEqual(last(at)?.result, said('<<somewhat odd>>'))
  assert.deepEqual(at.tainted, ['suspicious'])
  assert.deepEqual(
    at.texts.filter((text) => text.includes('EVIL') && !text.includes('"error"')),
    [],
  )
})

test('keys are masked both ways before anything is handed on, and never told', async () => {
  const at = await begun()
  at.client(call(1, 'echo', { key: 'sk-abcd1234', nested: [{ 'sk-abcd1234': 1 }] }))
  await at.settle()
  at.server(
    answer(1, {
      content: [{ type: 'text', text: 'it is sk-abcd1234' }],
      structuredContent: { t: 'sk-abcd1234' },
    }),
  )
  assert.equal(JSON.stringify([at.toServer, at.toClient, at.events, at.asked]).includes('sk-abcd1234'), false)
  assert.equal(JSON.stringify([at.toServer, at.toClient]).match(/\[redacted token\]/g)?.length, 4)
  const strict = await begun({ policy: { secrets: 'block' } })
  strict.client(call(1, 'echo', { key: 'sk-abcd1234' }))
  assert.deepEqual([code(strict), rule(strict)], [REFUSAL_CODES.content, 'secret.token'])
})

test('an answer that is not what the tool advertises is refused', async () => {
  const outputSchema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
  const at = await begun({}, [tool('sum', { outputSchema })])
  for (const [i, structuredContent] of [{ n: 'x' }, {}, { n: 1 }].entries()) {
    at.client(call(i, 'sum'))
    await at.settle()
    at.server(answer(i, { content: [], structuredContent }))
  }
  assert.deepEqual(
    at.toClient.slice(-3).map(({ error }) => error?.data?.['rule']),
    ['schema.output', 'schema.output', undefined],
  )
})

test('a frame that cannot be read ends what waits with an error, and the session goes on', async () => {
  const at = await begun()
  at.client(call(1, 'echo'))
  await at.settle()
  at.server('Server listening on port 3000')
  assert.equal(at.session.open, 1, 'a line of log is no answer')
  at.server('{"jsonrpc":"2.0","id":1,"id":1,"result":{"content":[]}}')
  assert.deepEqual([last(at)?.id, code(at), rule(at)], [1, REFUSAL_CODES.server, 'frame.duplicate-key'])
  at.client(call(2, 'echo'))
  at.session.tooLong('server', 99_999_999)
  assert.deepEqual([last(at)?.id, rule(at)], [2, 'frame.size'])
  at.client('{"jsonrpc":"2.0","id":3,')
  assert.deepEqual([last(at)?.id, code(at)], [null, -32_700])
  at.client('[]')
  assert.deepEqual([last(at)?.id, code(at)], [null, -32_600])
  at.client(call(4, 'echo'))
  at.server(answer(4, said('fine')))
  assert.deepEqual(last(at)?.result, said('fine'))
})

test('what takes too long, and what the server leaves open when it ends, is answered by an error', async () => {
  const at = await begun()
  at.client(call(1, 'echo'))
  await at.settle()
  at.nowMs += 121_000
  at.session.tick()
  assert.deepEqual([last(at)?.id, code(at)], [1, REFUSAL_CODES.timeout])
  assert.equal(at.toServer.at(-1)?.method, 'notifications/cancelled')
  at.client(call(2, 'echo'))
  at.session.close('the server has ended')
  assert.deepEqual([last(at)?.id, code(at)], [2, REFUSAL_CODES.server])
  at.client(call(3, 'echo'))
  assert.deepEqual([last(at)?.id, code(at)], [3, REFUSAL_CODES.server])
})

test('a call is cancelled while it is asked about: nothing is sent, and nobody is answered', async () => {
  const waiting = Promise.withResolvers<typeof YES>()
  const at = await begun({ decide: () => waiting.promise })
  at.client(call(1, 'echo'))
  at.client({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  const before = at.texts.length
  waiting.resolve(YES)
  await at.settle()
  assert.equal(at.texts.length, before)
})

test('calls are counted by the minute and by the session', async () => {
  const limits = {
    ...bench().session,
    callsPerMinute: 2,
    calls: 3,
    callMs: 1000,
    openRequests: 8,
    messageBytes: 10_000,
    tools: 5,
  }
  const at = await begun({ policy: { limits } })
  const tries = [0, 0, 0, 61_000, 0, 61_000].map((more, i) => {
    at.nowMs += more
    at.client(call(i, 'echo'))
    const refused = last(at)?.id === i ? rule(at) : undefined
    return refused
  })
  await at.settle()
  assert.deepEqual(tries, [undefined, undefined, 'limit.rate', undefined, 'limit.calls', 'limit.calls'])
})

test('as many calls of a tool are under way as its rule lets be; one the client gave up lasts until its time', async () => {
  const tools = [
    { ...RULE, pattern: 'hook_*', atOnce: 2, callMs: 8000 },
    { ...RULE, pattern: 'echo' },
  ]
  const at = await begun(
    { policy: { tools } },
    ['hook_a', 'hook_b', 'echo'].map((name) => tool(name)),
  )
  const tried = async (id: number, name: string) => {
    at.client(call(id, name))
    await at.settle()
    return last(at)?.id === id ? rule(at) : 'sent'
  }
  assert.deepEqual([await tried(1, 'hook_a'), await tried(2, 'hook_b')], ['sent', 'sent'])
  assert.equal(await tried(3, 'hook_a'), 'limit.at-once')
  assert.deepEqual([last(at)?.error?.code, await tried(4, 'echo')], [REFUSAL_CODES.limit, 'sent'])
  at.server(answer(1, said('fine')))
  assert.equal(await tried(5, 'hook_a'), 'sent')
  at.client({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } })
  assert.equal(await tried(6, 'hook_a'), 'limit.at-once', 'the server may be at work on it all the same')
  at.nowMs += 8001
  at.session.tick()
  assert.equal(await tried(7, 'hook_b'), 'sent')
})

test('methods and notices nobody knows, tasks, and what policy does not name are not passed on', async () => {
  const at = await begun()
  for (const method of [
    'tools/register',
    'tasks/get',
    'completion/complete',
    'constructor',
    '__proto__',
    'sampling/createMessage',
  ]) {
    at.client(request(method, method))
    assert.deepEqual([last(at)?.id, code(at)], [method, REFUSAL_CODES.method], method)
  }
  const before = at.texts.length
  at.client({ jsonrpc: '2.0', method: 'notifications/strange' })
  at.server({ jsonrpc: '2.0', method: 'notifications/strange' })
  at.server({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: 'none', progress: 1 },
  })
  at.server({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'EVIL' } })
  assert.equal(at.texts.length, before)
  at.server({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'fine' } })
  assert.equal(last(at)?.method, 'notifications/message')
})

test('questions of a server are refused unless policy names them, and never when they ask for a secret', async () => {
  const ask = (at: Bench, id: string, method: string, params: object): unknown => {
    at.server({ jsonrpc: '2.0', id, method, params })
    return at.toServer.at(-1)?.error?.code
  }
  const closed = await begun()
  for (const method of ['sampling/createMessage', 'elicitation/create', 'roots/list', 'tools/call'])
    assert.equal(ask(closed, method, method, {}), REFUSAL_CODES.denied, method)
  const questions = { sampling: 'deny', elicitation: 'allow', roots: 'allow' } as const
  const at = await begun({ policy: { questions } })
  const form = (name: string, message = 'Please fill in') => ({
    message,
    requestedSchema: { type: 'object', properties: { [name]: { type: 'string' } } },
  })
  for (const name of ['password', 'api_key', 'accessToken', 'card_number', 'recoveryPhrase'])
    assert.equal(ask(at, name, 'elicitation/create', form(name)), REFUSAL_CODES.denied, name)
  assert.equal(ask(at, 'm', 'elicitation/create', form('x', 'What is your PASSWORD?')), REFUSAL_CODES.denied)
  assert.equal(
    ask(at, 'u', 'elicitation/create', { mode: 'url', message: 'go', url: 'http://x.org' }),
    REFUSAL_CODES.denied,
  )
  at.server({ jsonrpc: '2.0', id: 'ok', method: 'elicitation/create', params: form('colour') })
  await at.settle()
  assert.deepEqual([last(at)?.id, last(at)?.method], ['ok', 'elicitation/create'])
  at.client(answer('ok', { action: 'accept', content: { colour: 'sk-abcd1234' } }))
  assert.deepEqual(at.toServer.at(-1)?.result, { action: 'accept', content: { colour: '[redacted token]' } })
  const before = at.texts.length
  at.client(answer('ok', { action: 'accept' }))
  at.client(answer('never-asked', {}))
  assert.equal(at.texts.length, before, 'an answer to no question goes nowhere')
})

test('questions embedded in an answer are read like others, and one no is the answer’s', async () => {
  const state = {
    seal: (value: string) => `sealed ${value}`,
    open: (text: string) => ({ value: text.slice(7) }),
  }
  const questions = { sampling: 'deny', elicitation: 'allow', roots: 'deny' } as const
  const at = await begun({ policy: { questions }, ports: { state } })
  const asking = (method: string, params: object) => ({
    resultType: 'input_required',
    requestState: 's',
    inputRequests: { a: { method, params } },
  })
  at.client(call(1, 'echo'))
  await at.settle()
  at.server(answer(1, asking('sampling/createMessage', {})))
  await at.settle()
  assert.deepEqual([last(at)?.id, code(at)], [1, REFUSAL_CODES.denied])
  at.client(call(2, 'echo'))
  at.server(answer(2, asking('elicitation/create', { message: 'colour?', requestedSchema: {} })))
  await at.settle()
  assert.equal(last(at)?.result?.['requestState'], 'sealed s')
  at.client(
    request(3, 'tools/call', { name: 'echo', arguments: {}, requestState: 'sealed s', inputResponses: {} }),
  )
  assert.equal(at.toServer.at(-1)?.params?.['requestState'], 's')
})

test('from words of strangers to an act a further yes is needed, each time', async () => {
  const at = await begun({}, [
    tool('fetch', { description: 'can:network-out' }),
    tool('save', { description: 'can:file-write' }),
  ])
  at.client(call(1, 'save'))
  await at.settle()
  at.server(answer(1, said('saved')))
  at.client(call(2, 'fetch'))
  await at.settle()
  at.server(answer(2, said('a page')))
  for (const id of [3, 4]) at.client(call(id, 'save'))
  await at.settle()
  assert.deepEqual(
    at.asked.map(({ name, flows }) => [name, ...flows]),
    [['save'], ['fetch'], ['save', 'external-data to write'], ['save', 'external-data to write']],
  )
})

test('what was remembered is forgotten when it must be', async () => {
  const answers: (typeof YES | typeof NO)[] = [YES, NO]
  const at = await begun({ decide: () => answers.shift() ?? NO })
  at.client(call(1, 'echo'))
  await at.settle()
  at.session.forget()
  at.client(call(2, 'echo'))
  await at.settle()
  assert.deepEqual([last(at)?.id, rule(at)], [2, 'rule.no'])
})

test('whatever either side says, every request is answered once and nothing is thrown', async () => {
  const word = fc.constantFrom(
    'tools/call',
    'tools/list',
    'initialize',
    'resources/read',
    'x',
    'notifications/cancelled',
  )
  const id = fc.oneof(fc.nat(3), fc.constantFrom('a', null, 1.5))
  const message = fc.oneof(
    fc.record({
      jsonrpc: fc.constant('2.0'),
      id,
      method: word,
      params: fc.oneof(fc.object({ maxDepth: 2 }), fc.constant({ name: 'echo' })),
    }),
    fc.record({ jsonrpc: fc.constant('2.0'), id, result: fc.object({ maxDepth: 2 }) }),
    fc.jsonValue({ maxDepth: 2 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), message), { maxLength: 30 }), async (script) => {
      const at = bench()
      for (const [isClient, each] of script) {
        if (isClient) at.client(each)
        else at.server(each)
      }
      await at.settle()
      at.session.close('over')
      await at.settle()
      assert.equal(at.session.open, 0)
    }),
    { numRuns: 200 },
  )
})
