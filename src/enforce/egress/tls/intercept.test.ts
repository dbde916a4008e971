import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { createAuthority } from './authority.ts'
import { HOST, OTHER, openWorld, secret, speak, type World, type WorldOptions } from './world.test-kit.ts'

const REAL = 'glpat-q7Rk2vXw9LmZt4NbYc8HsJd3FgPe'
const PLACEHOLDER = 'glpat-Zb4Kx8WqLr1Nv6TyHc3MdJf9SgPw'

const options: WorldOptions = {
  serve,
  bindings: [
    {
      name: 'token',
      placeholder: PLACEHOLDER,
      value: secret(REAL),
      hosts: [HOST],
      places: ['header', 'body'],
    },
  ],
  content: [
    {
      id: 'content.short',
      host: '*',
      path: '/short',
      incoming: { maxBytes: 1000, types: ['application/json'] },
    },
    {
      id: 'content.shape',
      host: '*',
      path: '/shape',
      incoming: {
        schema: {
          type: 'object',
          properties: { n: { type: 'integer' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    },
    { id: 'content.out', host: OTHER, outgoing: { secrets: 'off', maxBytes: 1000 } },
  ],
}
let world: World
before(async () => {
  world = await openWorld(options)
})
beforeEach(() => {
  world.records.length = 0
  world.events.length = 0
})
after(async () => await world[Symbol.asyncDispose]())

function serve(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, Buffer.concat(chunks), response))
}

function answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const text = `seen: ${request.headers.authorization ?? ''} ${body.toString('latin1')}`
  const { url } = request
  if (url === '/gzip') return void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(text))
  if (url === '/br')
    return void response.writeHead(200, { 'Content-Encoding': 'br' }).end(brotliCompressSync(text))
  if (url === '/odd') return void response.writeHead(200, { 'Content-Encoding': 'odd' }).end(text)
  if (url === '/short')
    return void response.writeHead(200, { 'Content-Type': 'application/json' }).end('1'.repeat(2000))
  if (url === '/short/html') return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>')
  if (url?.startsWith('/shape') === true)
    return void response.writeHead(200).end(url === '/shape/right' ? '{"n":1}' : '{"n":1,"extra":2}')
  if (url === '/trailer') {
    response.writeHead(200, { Trailer: 'X-Late' })
    response.write('a')
    response.addTrailers({ 'X-Late': request.headers.authorization ?? '' })
    return void response.end()
  }
  if (url === '/drip') return drip(response, text)
  if (url === '/break') {
    response.writeHead(200, { 'Content-Length': 100 }).write('half')
    return void setImmediate(() => response.destroy())
  }
  if (url === '/head') {
    return void response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': '7' }).end()
  }
  if (url === '/304') return void response.writeHead(304, { 'Content-Encoding': 'gzip', ETag: '"x"' }).end()
  response
    .writeHead(200, {
      'Alt-Svc': 'h3=":443"',
      'X-Size': `${body.length}`,
      'X-Echo': request.headers.authorization ?? '',
    })
    .end(text)
}

/** One byte at a time, each in a packet of its own. */
function drip(response: ServerResponse, text: string): void {
  response.writeHead(200)
  const next = (at: number) => {
    if (at === text.length) return void response.end()
    response.write(text[at] ?? '', () => setImmediate(next, at + 1))
  }
  next(0)
}

const AWAY = { host: OTHER }
const get = (path: string, host = HOST, more = '') => [
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${host === HOST ? PLACEHOLDER : 'none'}\r\n${more}Connection: close\r\n\r\n`,
]
const bodyOf = (answered: string) => answered.slice(answered.indexOf('\r\n\r\n') + 4)
const post = (parts: readonly (string | Buffer)[], host = HOST, more = '') => {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return [
    `POST /p HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\n${more}Connection: close\r\n\r\n`,
    ...parts,
  ]
}

test('an answer that shows the value is cleaned, packed or not, in headers, trailers and one byte at a time', async () => {
  for (const path of ['/', '/gzip', '/br', '/drip', '/trailer']) {
    const heard = await speak(world, get(path))
    assert.ok(heard.replaceAll(/\r\n[0-9a-f]+\r\n/g, '').includes(PLACEHOLDER), `${path}: ${heard}`)
    assert.ok(!heard.includes(REAL), path)
  }
  assert.ok(world.witness().includes(`Bearer ${REAL}`))
  assert.ok(world.events.filter(({ kind }) => kind === 'echo-removed').length >= 5)
})

test('what cannot be looked into does not come in', async () => {
  const heard = await speak(world, get('/odd'))
  assert.match(heard, /403[^]*egress\.coding/)
  assert.ok(!heard.includes(REAL))
})

test('a placeholder that is cut in two by packets is put in as one, and the length is right', async () => {
  const heard = await speak(world, post(['{"k":"', PLACEHOLDER.slice(0, 15), PLACEHOLDER.slice(15), '"}']))
  assert.match(heard, new RegExp(`X-Size: ${REAL.length + 8}\r\n`))
  assert.ok(world.witness().includes(`{"k":"${REAL}"}`))
})

test('toward another host an upload is broken off before the placeholder is whole', async () => {
  const before = world.witness().length
  const heard = await speak(
    world,
    post(['x'.repeat(500), PLACEHOLDER.slice(0, 15), PLACEHOLDER.slice(15), 'y'], OTHER),
    AWAY,
  )
  assert.match(heard, /403[^]*secret-astray/)
  assert.ok(!world.witness().slice(before).includes(PLACEHOLDER.slice(6)))
  assert.deepEqual(
    world.events.map(({ kind, host }) => [kind, host]),
    [['secret-astray', OTHER]],
  )
  assert.equal(world.records[0]?.verdict, 'deny')
})

test('a packed upload is unpacked, looked into and sent plain', async () => {
  const packed = gzipSync(`k=${PLACEHOLDER}`)
  const home = await speak(world, post([packed], HOST, 'Content-Encoding: gzip\r\n'))
  assert.match(home, /200 OK/)
  assert.ok(world.witness().includes(`k=${REAL}`))
  const away = await speak(world, post([packed], OTHER, 'Content-Encoding: gzip\r\n'), AWAY)
  assert.match(away, /secret-astray/)
  assert.match(await speak(world, post([packed], OTHER, 'Content-Encoding: odd\r\n'), AWAY), /egress\.coding/)
  assert.ok(gunzipSync(packed).length > 0)
})

test('another name inside than outside is not served', async () => {
  await assert.rejects(speak(world, get('/'), { host: HOST, servername: OTHER }))
  assert.match(world.records[0]?.reason ?? '', /TLS was not opened/)
  assert.match(await speak(world, get('/', OTHER), { host: HOST }), /403[^]*egress\.host/)
})

test('requests that two readers would read differently are refused', async () => {
  const heads = [
    'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 3\r\nContent-Length: 4\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'X-Folded: a\r\n b\r\n',
    'X-Bare: a\nX-Next: b\r\n',
    'Host: other.test\r\n',
    'X Space : a\r\n',
    'Content-Length: +3\r\n',
  ]
  for (const more of heads) {
    const before = world.witness().length
    const heard = await speak(world, [
      `POST /s HTTP/1.1\r\nHost: ${HOST}\r\n${more}Connection: close\r\n\r\n0\r\n\r\n`,
    ])
    assert.match(heard, /^HTTP\/1\.1 4\d\d/, JSON.stringify(more))
    assert.equal(world.witness().length, before, JSON.stringify(more))
  }
})

test('other protocols than WebSocket are not gone over to', async () => {
  const heard = await speak(world, [
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  ])
  assert.match(heard, /403[^]*egress\.upgrade/)
  assert.match(
    await speak(world, [`TRACE / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`]),
    /^HTTP\/1\.1 4/,
  )
})

test('a second request in a connection is decided on anew, and a refused one does not end the connection', async () => {
  const first = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
  const heard = await speak(world, [
    first,
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: ${REAL}\r\nConnection: close\r\n\r\n`,
  ])
  assert.equal(heard.match(/HTTP\/1\.1 200/g)?.length, 1)
  assert.match(heard, /HTTP\/1\.1 403[^]*secret-astray/)
  assert.equal(world.records.length, 2)
})

test('answers are held to size, type and shape', async () => {
  const long = await speak(world, get('/short'))
  assert.ok(bodyOf(long).length < 1000, 'it was broken off')
  assert.match(world.records[0]?.rule ?? '', /content\.short/)
  assert.match(await speak(world, get('/short/html')), /403[^]*content\.short/)
  const right = await speak(world, get('/shape/right'))
  assert.equal(bodyOf(right), '{"n":1}')
  const wrong = await speak(world, get('/shape/wrong'))
  assert.match(wrong, /403[^]*content\.shape/)
  assert.ok(!wrong.includes('extra'))
})

test('answers that have no body are passed on without one', async () => {
  const head = await speak(world, [`HEAD /head HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`])
  assert.match(head, /^HTTP\/1.1 200[^]*\r\n\r\n$/)
  assert.match(head, /Content-Length: 7/)
  assert.match(await speak(world, get('/304')), /^HTTP\/1.1 304[^]*\r\n\r\n$/)
  assert.match(
    await speak(world, [`HEAD /shape/right HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`]),
    /200/,
  )
})

test('an upload that is too large is broken off', async () => {
  assert.match(await speak(world, post(['x'.repeat(3000)], OTHER), AWAY), /403[^]*content\.out/)
})

test('an answer that breaks off is not passed off as whole', async () => {
  const heard = await speak(world, get('/break'))
  assert.ok(heard.includes('Content-Length: 100') && bodyOf(heard).length < 100)
})

test('nothing that leads past the proxy is passed on', async () => {
  assert.doesNotMatch(await speak(world, get('/', OTHER), AWAY), /alt-svc/i)
})

test('records say what came of it, and hold no query, header or value', async () => {
  await speak(world, get('/x?q=private'))
  const [record] = world.records
  assert.equal(record?.path, '/x')
  assert.deepEqual(record?.labels, ['content-inspected', 'external-data'])
  assert.deepEqual(record?.secrets, ['token'])
  assert.ok(!JSON.stringify(record).includes('private') && !JSON.stringify(record).includes(REAL))
})

test('a real value in an address is written down nowhere', async () => {
  assert.match(await speak(world, get(`/a/${REAL}/b`)), /403[^]*secret-astray/)
  assert.equal(world.records[0]?.path, `/a/glpat-${'*'.repeat(REAL.length - 'glpat-'.length)}/b`)
})

test('a server that does not prove who it is gets nothing', async () => {
  const stranger = createAuthority({ hosts: [HOST], now: Date.now })
  const key = new X509Certificate(stranger.certificatePem).publicKey.export({ type: 'spki', format: 'der' })
  const wrongPin = createHash('sha256').update(key).digest('base64')
  for (const route of [{ roots: [stranger.certificatePem] }, { pins: [wrongPin] }]) {
    await using there = await openWorld({ ...options, bindings: [], route })
    const heard = await speak(there, get('/', OTHER), AWAY)
    assert.match(heard, /502[^]*egress\.tls/)
    assert.equal(there.witness(), '')
  }
})

test('a head that does not come is not waited for', async () => {
  await using there = await openWorld({ ...options, bindings: [], limits: { headMs: 200 } })
  const heard = await speak(there, [`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Slow: `])
  assert.ok(!heard.includes('200 OK'))
})
