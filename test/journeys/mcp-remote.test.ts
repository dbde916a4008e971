import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { mcpRemote } from '../../src/cli/commands/mcp-remote.ts'
import type { Context } from '../../src/cli/command.ts'
import { startFixture } from '../kit/mcp-front.ts'
import { hostileServer, inSession, ordinary, stateless, type Message } from '../kit/mcp-http.ts'

interface Spoken {
  ask(text: string): Promise<Message>
  readonly warned: string[]
  end(): Promise<void>
}

/** The command in this process: what it reads, what it writes, and what it says beside. */
function speak(
  t: TestContext,
  url: string,
  header: readonly string[] = [],
  environment: Record<string, string> = {},
): Spoken {
  const [stdin, stdout, warned] = [new PassThrough(), new PassThrough(), [] as string[]]
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  const out = { raw: (bytes: string) => stdout.write(bytes), warn: (text: string) => warned.push(text) }
  const stop = new AbortController()
  t.after(() => stop.abort())
  const context = { environment, stdin, out, signal: stop.signal } as unknown as Context
  const running = mcpRemote.run({ url, header }, context)
  return {
    warned,
    ask: async (text) => {
      stdin.write(`${text}\n`)
      for (;;) {
        const { value, done } = await lines.next()
        if (done === true) throw new Error('it said nothing more')
        const message = JSON.parse(value) as Message
        if (message.method === undefined) return message
      }
    },
    end: async () => {
      stdin.end()
      await running
    },
  }
}

test('a server over HTTP is spoken to like one over stdio, in both eras', async (t) => {
  const spoken = speak(t, await startFixture(t))
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
  assert.equal((await spoken.ask(inSession('initialize', params))).result?.['protocolVersion'], '2025-11-25')
  const called = await spoken.ask(inSession('tools/call', { name: 'test_simple_text', arguments: {} }, 2))
  assert.match(JSON.stringify(called), /simple text response/)
  const { body } = stateless('tools/call', { name: 'test_custom_header', arguments: { region: 'Zürich' } }, 3)
  await spoken.ask(stateless('tools/list', {}, 4).body) // what the tool repeats in header fields is learned here
  assert.match(JSON.stringify(await spoken.ask(body)), /what the argument says/)
  await spoken.end()
  assert.deepEqual(spoken.warned, [])
})

test('a secret goes from the environment into a header field and nowhere else; one that is not set is said', async (t) => {
  const seen: (string | undefined)[] = []
  const { url } = await hostileServer(t, (message, response, request) => {
    seen.push(request.headers.authorization)
    ordinary(message, response)
  })
  const spoken = speak(t, url, ['Authorization: Bearer ${TOKEN}'], { TOKEN: 'hunter2hunter2' })
  const listed = await spoken.ask(stateless('tools/list').body)
  assert.ok(listed.result && !JSON.stringify(listed).includes('hunter2'))
  assert.deepEqual(new Set(seen), new Set(['Bearer hunter2hunter2']))
  await spoken.end()
  for (const [header, says] of [
    ['authorization: Bearer ${NONE}', /NONE is not set/],
    ['mcp-session-id: x', /none that can be added/],
    ['host: x', /none that can be added/],
    ['a: b\r\nc: d', /none that can be added/],
  ] as const)
    await assert.rejects(speak(t, url, [header]).end(), says)
})

test('an address that gives its password away, or is neither https nor here, is not spoken to', async (t) => {
  for (const url of ['http://example.com/mcp', 'https://u:p@example.com/', 'file:///etc/passwd', 'x'])
    await assert.rejects(speak(t, url).end(), /no address a server can be spoken to/)
})
