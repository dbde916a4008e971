import assert from 'node:assert/strict'
import { readFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/client/validators/cf-worker'
import { house, until, type House } from '../kit/house.ts'
import { send, stateless } from '../kit/mcp-http.ts'

/** A server without packages: inside the sandbox there is the workspace, and what programs need. */
const SERVER = `
const tools = ['greet', 'destroy', 'confirm'].map((name) => ({ name, description: 'Does ' + name, inputSchema: { type: 'object' } }))
const asked = { confirm: { method: 'elicitation/create', params: { message: 'Really?', requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } } } } } }
const text = (said) => ({ resultType: 'complete', content: [{ type: 'text', text: said }] })
function answer(method, params) {
  if (method === 'initialize') return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'house', version: '1' } }
  if (method === 'server/discover') return { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' }
  if (method === 'tools/list') return { resultType: 'complete', tools, ttlMs: 999999999, cacheScope: 'public' }
  if (params.name !== 'confirm') return text('hello from the house')
  if (params.requestState !== undefined) return text('state ' + params.requestState)
  return { resultType: 'input_required', inputRequests: asked, requestState: 'round-1' }
}
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: answer(method, params) }))
})
`

function policed(t: TestContext): House {
  const home = house(t)
  const directory = join(home.home, '.config/warder')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(home.workspace, 'server.cjs'), SERVER)
  const command = JSON.stringify([process.execPath, join(home.workspace, 'server.cjs')])
  const tools = '{ greet: allow, confirm: allow, destroy: deny }'
  const own = `{ tier: trusted, command: ${command}, questions: { elicitation: allow }, tools: ${tools} }`
  writeFileSync(
    join(directory, 'policy.yaml'),
    `version: 1\nmcp:\n  servers:\n    house: ${own}\n    other: { agents: [nobody], command: ${command} }\n`,
    { mode: 0o600 },
  )
  return home
}

test('servers of the policy are served over HTTP to clients with a token, each call decided and in the record', async (t) => {
  const home = policed(t)
  const args = ['mcp', 'serve', 'house', 'other', '--client', 'editor', '--listen', '127.0.0.1:0', '--json']
  const child = home.start(args)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += String(chunk)))
  const [line] = (await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(said))),
  ])) as [Buffer]
  const { urls, clients } = JSON.parse(String(line)) as {
    urls: [string, string]
    clients: [{ client: string; tokenFile: string }]
  }
  const { tokenFile } = clients[0]
  const secret = readFileSync(tokenFile, 'utf8').trim()
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600)
  assert.ok(!String(line).includes(secret) && !said.includes(secret))
  const front = { port: Number(new URL(urls[0]).port), token: () => secret }

  await t.test('a client of the revisions with sessions lists what it may call, and calls it', async () => {
    const client = new Client(
      { name: 'editor', version: '1' },
      { jsonSchemaValidator: new CfWorkerJsonSchemaValidator() },
    )
    const requestInit = { headers: { authorization: `Bearer ${secret}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(urls[0]), { requestInit }))
    const { tools } = await client.listTools()
    const names = tools.map(({ name }) => name)
    assert.ok(names.includes('greet') && !names.includes('destroy'), names.join(' '))
    const { content } = await client.callTool({ name: 'greet', arguments: {} })
    assert.match(JSON.stringify(content), /hello from the house/)
    await assert.rejects(client.callTool({ name: 'destroy', arguments: {} }), /denied|refused|not/i)
    await client.close()
  })

  await t.test('so does one of the revision without, and its request state serves once', async () => {
    const call = (name: string, more = {}) =>
      send(front, { server: 'house', ...stateless('tools/call', { name, arguments: {}, ...more }) })
    assert.match((await call('greet')).text, /hello from the house/)
    const denied = await call('destroy')
    assert.ok(denied.message.error?.data?.['rule'] && denied.message.error.data['fix'], denied.text)
    const asked = await call('confirm')
    const { requestState, resultType } = asked.message.result ?? {}
    assert.equal(resultType, 'input_required', asked.text)
    assert.ok(!asked.text.includes('round-1'), 'the state of the server is not for the client to read')
    const inputResponses = { confirm: { action: 'accept', content: { ok: true } } }
    const again = { requestState, inputResponses }
    assert.match((await call('confirm', again)).text, /state round-1/)
    assert.match(String((await call('confirm', again)).message.error?.data?.['rule']), /used/)
  })

  await t.test('who has no token, or asks for what is not its own, hears nothing', async () => {
    const asking = stateless('tools/list')
    const headers = { ...asking.headers, authorization: undefined }
    assert.equal((await send(front, { server: 'house', ...asking, headers })).status, 401)
    const other = await send(front, { ...asking, server: 'other' })
    assert.equal(other.status, 503)
    assert.match(other.message.error?.message ?? '', /is not among the agents/)
  })

  const audit = await home.command(['audit', 'list', '--json', '--limit', '200'])
  assert.match(audit.stdout, /house\/greet/)
  assert.match(audit.stdout, /editor/)
  assert.ok(!audit.stdout.includes(secret))

  await t.test('at its end the servers end too', async () => {
    child.kill('SIGINT')
    await once(child, 'exit')
    const sessions = async () => (await home.command(['mcp', 'list', '--json'])).stdout
    await until(async () => !(await sessions()).includes('house'), 'no session is left')
  })
})
