import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { createBroker, type BrokerEvent, type SecretBinding } from '../broker/index.ts'
import { signature } from '../broker/sigv4.ts'
import { createInterceptor } from './intercept.ts'
import type { ExchangeRecord } from './record.ts'
import { call, HOST, openWorld, secret, speak } from './world.test-kit.ts'

const CLOUD_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const [REAL_ID, FAKE_ID] = ['AKIAREALREALREALREAL', 'AKIAQ3EGFAKEFAKEFAKE']
const cloud: SecretBinding = {
  name: 'cloud',
  placeholder: 'Zb4Kx8WqLr1Nv6TyHc3MdJf9SgPw2EuXoRi7QaVt',
  value: secret(CLOUD_KEY),
  hosts: [HOST],
  places: ['header'],
  sign: { kind: 'aws-sigv4', placeholderKeyId: FAKE_ID, keyId: REAL_ID },
}

/** Checks a signature as the service would, over what really came. */
function checkSignature(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { authorization = '', 'x-amz-date': time = '' } = request.headers
    const [, id, day = '', signed = '', given] =
      /Credential=(\w+)\/(\d+)\/eu-1\/queue\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)/.exec(
        authorization,
      ) ?? []
    const raw = request.rawHeaders
    const headers = Array.from(
      { length: raw.length / 2 },
      (_, i) => [raw[2 * i] ?? '', raw[2 * i + 1] ?? ''] as const,
    )
    const expected = signature(
      {
        head: { method: request.method ?? '', target: request.url ?? '', headers },
        signedHeaders: signed.split(';'),
        payload: createHash('sha256').update(Buffer.concat(chunks)).digest('hex'),
        scope: { day, region: 'eu-1', service: 'queue' },
        time: String(time),
      },
      Buffer.from(CLOUD_KEY),
    )
    response.writeHead(id === REAL_ID && given === expected ? 200 : 403).end()
  })
}

test('a request signed with a placeholder key is believed by the service, over the body that arrives', async () => {
  await using world = await openWorld({ serve: checkSignature, bindings: [cloud] })
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const credential = `${FAKE_ID}/${time.slice(0, 8)}/eu-1/queue/aws4_request`
  const head = (length: string) =>
    `POST /queue?b=2&a=1 HTTP/1.1\r\nHost: ${HOST}\r\nX-Amz-Date: ${time}\r\nContent-Type: text/plain\r\n${length}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=content-type;host;x-amz-date, Signature=${'0'.repeat(64)}\r\nConnection: close\r\n\r\n`
  assert.match(await speak(world, [head('Content-Length: 11'), 'hello ', 'world']), /^HTTP\/1.1 200/)
  const chunked = await speak(world, [
    head('Transfer-Encoding: chunked'),
    '6\r\nhello \r\n',
    '5\r\nworld\r\n0\r\n\r\n',
  ])
  assert.match(chunked, /^HTTP\/1.1 200/)
  assert.match(await speak(world, [head('Content-Length: 0')]), /^HTTP\/1.1 200/)
  assert.ok(!world.witness().includes(CLOUD_KEY))
})

test('many requests at once, long bodies both ways, and none is mixed up with another', async () => {
  await using world = await openWorld({
    serve: (request, response) => {
      response.writeHead(200, { 'X-Path': request.url ?? '' })
      request.pipe(response)
    },
  })
  const asks = Array.from({ length: 20 }, async (_, i) => {
    const body = Buffer.alloc(300_000 + i, `${i} `)
    const lines = `POST /${i} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
    const heard = await speak(world, [lines, body.subarray(0, 100_000), body.subarray(100_000)])
    assert.ok(heard.includes(`X-Path: /${i}\r\n`))
    const [, chunked = ''] = heard.split(/\r\n\r\n(.*)/s)
    const text = unchunked(chunked)
    assert.equal(
      createHash('sha256').update(text, 'latin1').digest('hex'),
      createHash('sha256').update(body).digest('hex'),
    )
  })
  await Promise.all(asks)
  assert.equal(world.records.length, 20)
  assert.ok(world.records.every(({ bytesIn, bytesOut }) => bytesIn === bytesOut && bytesOut >= 300_000))
})

test('the head of an answer does not wait for its body, and nobody waits for the rest once the client has gone', async () => {
  const [more, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using world = await openWorld({
    serve: (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
      response.on('close', () => left.resolve())
      void more.promise.then(() => response.write('data: first\n\n'))
    },
  })
  const client = await call(world)
  client.write(`GET /events HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  const [head] = (await once(client, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n/)
  more.resolve()
  const [piece] = (await once(client, 'data')) as [Buffer]
  assert.match(piece.toString(), /data: first/)
  client.destroy()
  await left.promise
})

test('a client that reads slowly gets all of a long answer', async () => {
  const long = Buffer.alloc(8 * 1024 ** 2, 'abcdefghij')
  await using world = await openWorld({
    serve: (_, response) => void response.writeHead(200, { 'Content-Length': long.length }).end(long),
  })
  const client = await call(world)
  client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
  const hash = createHash('sha256')
  let [heard, headBytes] = [0, 0]
  for await (const chunk of client as AsyncIterable<Buffer>) {
    if (headBytes === 0) headBytes = chunk.indexOf('\r\n\r\n') + 4
    hash.update(heard === 0 ? chunk.subarray(headBytes) : chunk)
    heard += chunk.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(heard - headBytes, long.length)
  assert.equal(hash.digest('hex'), createHash('sha256').update(long).digest('hex'))
})

function unchunked(text: string): string {
  let [at, out] = [0, '']
  for (;;) {
    const end = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, end), 16)
    if (!(size > 0)) return out
    out += text.slice(end + 2, end + 2 + size)
    at = end + size + 4
  }
}

/** The same without TLS, as a proxy is asked: whole addresses, and upgrades. */
test('requests in clear get no secret unless it is bound so, and WebSockets are looked into as well', async () => {
  const [real, fake] = ['glpat-q7Rk2vXw9LmZt4NbYc8HsJd3FgPe', 'glpat-Zb4Kx8WqLr1Nv6TyHc3MdJf9SgPw']
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.rawHeaders.join('\n'))
    response.end(`you sent ${request.headers.authorization}`)
  })
  server.on('upgrade', (request, socket) => {
    seen.push(request.rawHeaders.join('\n'))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.once('data', (bytes) => {
      seen.push(`frames of ${bytes.length} bytes`)
      socket.end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const [records, events] = [[] as ExchangeRecord[], [] as BrokerEvent[]]
  const binding = {
    name: 'token',
    placeholder: fake,
    value: secret(real),
    hosts: ['plain.test'],
    places: ['header' as const],
    plainHttp: true,
  }
  const interceptor = createInterceptor({
    agent: 'a',
    run: 'r',
    broker: createBroker({
      bindings: [binding],
      agent: 'a',
      run: 'r',
      now: Date.now,
      alert: (event) => events.push(event),
    }),
    decideRequest: ({ path }) =>
      path === '/no'
        ? { effect: 'deny', refusal: { code: 'denied', rule: 'r1', reason: 'no', fix: 'ask' } }
        : { effect: 'allow', rule: 'r1', id: 'd1' },
    record: (record) => records.push(record),
    now: Date.now,
  })
  const dial = async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  const proxy = createServer((request, response) =>
    interceptor.plain(request, response, { host: named(request), port: 80, dial }),
  )
  proxy.on('upgrade', (request, socket, head) =>
    interceptor.plainUpgrade(request, socket, head, { host: named(request), port: 80, dial }),
  )
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const proxyPort = (proxy.address() as AddressInfo).port
  const ask = async (host: string, path: string) => {
    const sent = requestHttp({
      port: proxyPort,
      path: `http://${host}${path}`,
      headers: { Host: host, Authorization: fake },
      agent: false,
    })
    const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage]
    return { status: answer.statusCode, text: (await answer.setEncoding('utf8').toArray()).join('') }
  }
  try {
    assert.deepEqual(await ask('plain.test', '/x'), { status: 200, text: `you sent ${fake}` })
    assert.ok(seen[0]?.includes(real))
    assert.equal((await ask('other.test', '/x')).status, 403)
    assert.match((await ask('plain.test', '/no')).text, /r1/)
    assert.equal(seen.length, 1)
    assert.deepEqual(
      records.map(({ id, verdict }) => [id, verdict]),
      [
        ['d1', 'allow'],
        ['d1', 'deny'],
        [undefined, 'deny'],
      ],
    )

    const socket: Socket = connect(proxyPort, '127.0.0.1')
    const lines = [
      'Host: other.test',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Extensions: permessage-deflate',
    ]
    socket.write(`GET http://other.test/ws HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    const [head] = (await once(socket, 'data')) as [Buffer]
    assert.match(head.toString(), /^HTTP\/1.1 101/)
    assert.ok(!/extensions/i.test(seen[1] ?? ''), 'what cannot be looked into was offered')
    const mask = Buffer.of(1, 2, 3, 4)
    const text = Buffer.from(fake).map((byte, i) => byte ^ mask[i & 3]!)
    socket.write(Buffer.concat([Buffer.of(0x81, 0x80 | text.length), mask, text]))
    await once(socket, 'close')
    assert.equal(events.at(-1)?.kind, 'secret-astray')
    assert.equal(seen.length, 2, 'a frame arrived')
  } finally {
    interceptor.close()
    proxy.close()
    server.close()
    server.closeAllConnections()
    proxy.closeAllConnections()
  }
})

const named = (request: IncomingMessage): string => URL.parse(request.url ?? '')?.hostname ?? ''
