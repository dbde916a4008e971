import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { problemOf, PROBLEM_MEDIA_TYPE } from '../api/problem.ts'
import { KnownError } from '../core/error.ts'
import { connect, type Client } from './connect.ts'
import { ClientError, DaemonBug } from './error.ts'

/** A daemon's HTTP on a socket without a handshake, as on an agent's socket. */
async function daemon(
  t: TestContext,
  listener: RequestListener,
): Promise<{ client: Client; server: Server }> {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  const socketPath = join(directory, 'w.sock')
  const server = createServer(listener).listen(socketPath)
  await once(server, 'listening')
  const client = connect({ socketPath, maxReplyBytes: 1000 })
  t.after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { client, server }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ClientError, String(error))
    assert.equal(error.code, code)
    return true
  }
}

test('a body is sent as JSON and the reply read as JSON', async (t) => {
  const { client } = await daemon(t, (request, response) => {
    request.setEncoding('utf8')
    request.on('data', (text: string) => {
      response.end(JSON.stringify({ method: request.method, type: request.headers['content-type'], text }))
    })
  })
  const { status, json } = await client.request({ path: '/x', body: { a: 'ü' } })
  assert.equal(status, 200)
  assert.deepEqual(json, { method: 'POST', type: 'application/json', text: '{"a":"ü"}' })
})

test('a reply without content has no value, and is no error', async (t) => {
  const { client } = await daemon(t, (_request, response) => response.writeHead(204).end())
  assert.deepEqual(await client.request({ method: 'DELETE', path: '/x' }), { status: 204, json: undefined })
})

test('a problem is thrown as the error it was, extra members and all', async (t) => {
  const catalogue = { GRANT_EXPIRED: { kind: 'conflict', meaning: 'x' } } as const
  const error = new KnownError(catalogue, 'GRANT_EXPIRED', {
    what: 'too late',
    fix: 'again',
    where: 'grant 7',
  })
  const { client } = await daemon(t, (_request, response) => {
    response.writeHead(409, { 'content-type': PROBLEM_MEDIA_TYPE })
    response.end(JSON.stringify({ ...problemOf(error), verdict: { rule: 'default' } }))
  })
  await assert.rejects(client.request({ path: '/' }), (thrown) => {
    assert.ok(thrown instanceof ClientError)
    assert.deepEqual(
      [thrown.code, thrown.kind, thrown.message, thrown.fix, thrown.where],
      ['GRANT_EXPIRED', 'conflict', 'too late', 'again', 'grant 7'],
    )
    assert.deepEqual(thrown.problem?.['verdict'], { rule: 'default' })
    return true
  })
})

test("a bug of the daemon's is not taken for something foreseen", async (t) => {
  const { client } = await daemon(t, (_request, response) => {
    response.writeHead(500).end(JSON.stringify(problemOf(new Error('boom'))))
  })
  await assert.rejects(client.request({ path: '/' }), DaemonBug)
})

test('an empty, cut, overlong or unreadable reply is an error', async (t) => {
  const bodies: RequestListener[] = [
    (_request, response) => response.end(),
    (_request, response) => response.end('{"a":'),
    (_request, response) => response.end(JSON.stringify('x'.repeat(2000))),
    (request) => request.socket.destroy(),
    (request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"a":1}')
      setImmediate(() => request.socket.destroy())
    },
    (_request, response) => response.writeHead(502).end('{}'),
  ]
  let next = 0
  const { client } = await daemon(t, (request, response) => bodies[next++]!(request, response))
  for (const body of bodies) {
    await assert.rejects(client.request({ path: '/' }), hasCode('REPLY_INVALID'), body.toString())
  }
})

test('without a daemon the error says what to do', async () => {
  const client = connect({ socketPath: '/nonexistent/w.sock' })
  await assert.rejects(client.request({ path: '/' }), (error) => {
    assert.ok(error instanceof ClientError)
    assert.deepEqual(
      [error.code, error.kind, error.where],
      ['DAEMON_UNREACHABLE', 'unavailable', '/nonexistent/w.sock'],
    )
    assert.match(error.fix, /warder/)
    return true
  })
})

test('a call can be given up', async (t) => {
  const { client } = await daemon(t, () => undefined)
  const giveUp = new AbortController()
  const call = client.request({ path: '/', signal: giveUp.signal })
  giveUp.abort()
  await assert.rejects(call, { name: 'AbortError' })
})

test('a stream gives one value per line, wherever it is split, also inside a letter', async (t) => {
  const text = Buffer.from('{"a":"ü"}\n{"b":2}\n')
  const { client } = await daemon(t, (_request, response) => {
    response.flushHeaders()
    let at = 0
    const next = (): void => {
      if (at === text.length) return void response.end()
      response.write(text.subarray(at, (at += 1)), () => setImmediate(next))
    }
    next()
  })
  assert.deepEqual(await all(client.stream({ path: '/' })), [{ a: 'ü' }, { b: 2 }])
})

test('a stream that is cut is an error, in a line or between two', async (t) => {
  const texts = ['{"a":1}\n{"b"', '{"a":1}\n']
  let next = 0
  const { client } = await daemon(t, (request, response) => {
    response.write(texts[next++], () => setImmediate(() => request.socket.destroy()))
  })
  for (const _text of texts) await assert.rejects(all(client.stream({ path: '/' })), hasCode('REPLY_INVALID'))
})

test('a stream that ends without its last newline is cut', async (t) => {
  const { client } = await daemon(t, (_request, response) => response.end('{"a":1}'))
  await assert.rejects(all(client.stream({ path: '/' })), hasCode('REPLY_INVALID'))
})

test('a stream that fails half way ends with the problem', async (t) => {
  const catalogue = { LEDGER_BROKEN: { kind: 'unavailable', meaning: 'x' } } as const
  const problem = problemOf(new KnownError(catalogue, 'LEDGER_BROKEN', { what: 'x', fix: 'y' }))
  const { client } = await daemon(t, (_request, response) => {
    response.end(`{"a":1}\n${JSON.stringify({ problem })}\n`)
  })
  await assert.rejects(all(client.stream({ path: '/' })), hasCode('LEDGER_BROKEN'))
})

test('an upgrade hands the connection over, with the bytes that came along', async (t) => {
  const { client, server } = await daemon(t, () => undefined)
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: warder-run\r\n\r\nhead')
    socket.on('data', (data) => socket.end(data))
  })
  const { socket, head, headers } = await client.upgrade({ path: '/run', protocol: 'warder-run' })
  assert.equal(headers.upgrade, 'warder-run')
  socket.write('ping')
  const chunks: Buffer[] = [head]
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  assert.equal(Buffer.concat(chunks).toString(), 'headping')
})

test('a refused upgrade is the error the daemon gave', async (t) => {
  const catalogue = { PERMIT_USED: { kind: 'conflict', meaning: 'x' } } as const
  const { client } = await daemon(t, (_request, response) => {
    const problem = problemOf(new KnownError(catalogue, 'PERMIT_USED', { what: 'used', fix: 'new one' }))
    response.writeHead(409).end(JSON.stringify(problem))
  })
  await assert.rejects(client.upgrade({ path: '/run', protocol: 'warder-run' }), hasCode('PERMIT_USED'))
})

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const value of values) list.push(value)
  return list
}

test('a burst of calls opens few connections, and each call is answered', async (t) => {
  const { client, server } = await daemon(t, (request, response) => {
    setImmediate(() => response.end(JSON.stringify(request.url)))
  })
  let opened = 0
  server.on('connection', () => (opened += 1))
  const paths = Array.from({ length: 1000 }, (_, at) => `/${at}`)
  const replies = await Promise.all(paths.map((path) => client.request({ path })))
  assert.deepEqual(
    replies.map(({ json }) => json),
    paths,
  )
  assert.ok(opened <= 64, `${opened} connections`)
})
