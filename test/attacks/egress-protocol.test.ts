import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2, createSecureServer } from 'node:http2'
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { readPolicy } from '../../src/decide/policy/compile.ts'
import { createAuthority } from '../../src/enforce/egress/tls/authority.ts'
import {
  allow,
  egressWorld,
  getThroughTls,
  HOST,
  say,
  tunnel,
  type EgressWorld,
  type Way,
} from '../kit/egress.ts'
import { until } from '../kit/house.ts'

// Ways to make the proxy and a server read the same bytes differently, to hide where they go, or to hold a place.

let world: EgressWorld
let way: Way
before(async () => {
  world = await egressWorld({ settings: { limits: { headMs: 400, idleMs: 700 } } })
  way = await world.open()
})
after(async () => await world[Symbol.asyncDispose]())

const origin = () => `http://${HOST}:${world.plain.port}`
const host = () => `Host: ${HOST}:${world.plain.port}\r\n`

test('a request two readers would read differently reaches nobody', async () => {
  const [url, h] = [`${origin()}/smuggled`, host()]
  const smuggled = 'GET /inner HTTP/1.1\r\nHost: api.test\r\n\r\n'
  const attempts: Readonly<Record<string, string>> = {
    'length and coding': `POST ${url} HTTP/1.1\r\n${h}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'coding and length': `POST ${url} HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${smuggled}`,
    'two lengths': `POST ${url} HTTP/1.1\r\n${h}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${smuggled}`,
    'two codings': `POST ${url} HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    'a disguised coding': `POST ${url} HTTP/1.1\r\n${h}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a coding with a tab': `POST ${url} HTTP/1.1\r\n${h}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`,
    'a coding before chunked': `POST ${url} HTTP/1.1\r\n${h}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    'a coding in HTTP/1.0': `POST ${url} HTTP/1.0\r\n${h}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a length with a sign': `POST ${url} HTTP/1.1\r\n${h}Content-Length: +5\r\n\r\nhello`,
    'two Hosts': `GET ${url} HTTP/1.1\r\n${h}Host: evil.test\r\n\r\n`,
    'no Host': `GET ${url} HTTP/1.1\r\n\r\n`,
    'another Host': `GET ${url} HTTP/1.1\r\nHost: evil.test\r\n\r\n`,
    'another port in Host': `GET ${url} HTTP/1.1\r\nHost: ${HOST}:1\r\n\r\n`,
    'a folded header': `GET ${url} HTTP/1.1\r\n${h}X: a\r\n b: c\r\n\r\n`,
    'bare line feeds': `GET ${url} HTTP/1.1\n${h.replaceAll('\r', '')}\n`,
    'a bare line feed in a header': `GET ${url} HTTP/1.1\r\n${h}X: a\nHost: evil.test\r\n\r\n`,
    'a bare carriage return': `GET ${url} HTTP/1.1\r\n${h}X: a\rHost: evil.test\r\n\r\n`,
    'a blank before the colon': `GET ${url} HTTP/1.1\r\n${h}Content-Length : 5\r\n\r\nhello`,
    'a NUL': `GET ${url} HTTP/1.1\r\n${h}X: a\0b\r\n\r\n`,
    'no version': `GET ${url}\r\n\r\n`,
    'another version': `GET ${url} HTTP/1.2\r\n${h}\r\n`,
    'user information': `GET http://user:pass@${HOST}:${world.plain.port}/ HTTP/1.1\r\n${h}\r\n`,
    'a host in user information': `GET http://${HOST}:${world.plain.port}@evil.test/ HTTP/1.1\r\n${h}\r\n`,
    'a backslash in the host': `GET http://evil.test\\@${HOST}:${world.plain.port}/ HTTP/1.1\r\n${h}\r\n`,
    'a fragment': `GET ${url}#@evil.test HTTP/1.1\r\n${h}\r\n`,
    'another scheme': `GET ftp://${HOST}/ HTTP/1.1\r\n${h}\r\n`,
    'https in clear': `GET https://${HOST}:${world.tls.port}/ HTTP/1.1\r\nHost: ${HOST}:${world.tls.port}\r\n\r\n`,
    'a path alone': `GET /smuggled HTTP/1.1\r\n${h}\r\n`,
    'too many headers': `GET ${url} HTTP/1.1\r\n${h}${'X: y\r\n'.repeat(101)}\r\n`,
    'too large a head': `GET ${url} HTTP/1.1\r\n${h}X: ${'y'.repeat(17_000)}\r\n\r\n`,
    'HTTP/2 in clear': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  }
  const connections = world.plain.connections()
  for (const [name, text] of Object.entries(attempts)) {
    const answer = await say(way.socket, text)
    assert.ok(answer === '' || /^HTTP\/1.1 4\d\d /.test(answer), `${name}: ${answer.slice(0, 200)}`)
  }
  assert.equal(world.plain.connections(), connections)
  assert.doesNotMatch(world.plain.seen(), /smuggled|inner|evil/)
})

test('a CONNECT that says two things, or carries more, is refused', async () => {
  const target = `${HOST}:${world.plain.port}`
  const attempts: Readonly<Record<string, string>> = {
    'another Host': `CONNECT ${target} HTTP/1.1\r\nHost: evil.test:443\r\n\r\n`,
    'two Hosts': `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nHost: ${target}\r\n\r\n`,
    'no Host': `CONNECT ${target} HTTP/1.1\r\n\r\n`,
    'a body': `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nContent-Length: 4\r\n\r\nbody`,
    'user information': `CONNECT a@${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    'no port': `CONNECT ${HOST} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
    'a path': `CONNECT http://${target}/ HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    'a NUL': `CONNECT ${HOST}\0.evil.test:443 HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    'line feeds alone': `CONNECT ${target} HTTP/1.1\nHost: ${target}\n\n\r\n\r\n`,
    'too large a head': `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`,
  }
  const connections = world.plain.connections()
  for (const [name, text] of Object.entries(attempts))
    assert.match(await say(way.socket, text), /^HTTP\/1.1 400 /, name)
  assert.equal(world.plain.connections(), connections)
})

test('a CONNECT that comes behind a request is read as strictly as one that comes first', async () => {
  const behind = async (text: string): Promise<string> => {
    const socket = connectSocket(way.socket)
    const heard: string[] = []
    socket.setEncoding('latin1').on('error', () => undefined)
    socket.on('data', (chunk: string) => {
      if (heard.push(chunk) === 1) socket.write(text)
    })
    socket.write(`GET ${origin()}/kept HTTP/1.1\r\n${host()}\r\n`)
    await once(socket, 'close')
    return heard.join('')
  }
  const connect = (target: string, named = target) => `CONNECT ${target} HTTP/1.1\r\nHost: ${named}\r\n\r\n`
  assert.match(await behind(connect('evil.test:443')), /saw GET \/kept[^]*HTTP\/1.1 403 [^]*"code":"outside"/)
  assert.match(await behind(connect(`${HOST}:443`, 'evil.test:443')), /saw GET \/kept[^]*HTTP\/1.1 400 /)
  const early = await say(
    way.socket,
    `GET ${origin()}/kept HTTP/1.1\r\n${host()}\r\n${connect(`${HOST}:${world.raw.port}`)}`,
  )
  assert.doesNotMatch(early, /Connection Established/)
})

test('inside a tunnel Host must be the host of the tunnel, for every request', async () => {
  const { socket } = await tunnel(way.socket, `${HOST}:${world.plain.port}`)
  const heard: string[] = []
  socket
    .setEncoding('latin1')
    .on('data', (text: string) => heard.push(text))
    .resume()
  socket.write(`GET /first HTTP/1.1\r\n${host()}\r\nGET /second HTTP/1.1\r\nHost: evil.test\r\n\r\n`)
  await once(socket, 'close')
  assert.match(heard.join(''), /saw GET \/first[^]*HTTP\/1.1 403 [^]*"code":"mismatch"/)
  assert.doesNotMatch(world.plain.seen(), /second/)
})

test('TLS must be for the host that was asked for', async () => {
  const target = `${HOST}:${world.tls.port}`
  const ask = (servername: string) => getThroughTls(way.socket, target, { servername, ca: world.root })
  const seen = world.tls.seen()
  assert.match(await ask('other.test'), /^failed: /)
  assert.match(await ask(''), /^failed: /, 'no name at all')
  assert.equal(world.tls.seen(), seen)
  assert.match(await ask(HOST.toUpperCase()), /saw GET/, 'the same name in other letters')
  const codes = () =>
    way
      .events()
      .flatMap((event) => (event.kind === 'end' && event.port === world.tls.port ? [event.code] : []))
  await until(() => codes().filter((code) => code === 'mismatch').length === 2, 'both are on record')
})

/** The first bytes of a real client, with a second hello among its extensions, as browsers send one (RFC 9849, 6.2). */
async function hidingHello(servername: string): Promise<Buffer> {
  const [ours, theirs] = duplexPair()
  const client = connectTls({ socket: theirs, servername })
  client.on('error', () => undefined)
  const [record] = (await once(ours, 'data')) as [Buffer]
  client.destroy()
  const cipher = Buffer.of(0, 0, 1, 0, 1, 7) // outer; HKDF-SHA256, AES-128-GCM; an id
  const dummy = Buffer.concat([
    cipher,
    Buffer.of(0, 32),
    randomBytes(32),
    Buffer.of(0, 144),
    randomBytes(144),
  ])
  const extension = Buffer.concat([Buffer.of(0xfe, 0x0d, 0, dummy.length), dummy])
  const hello = Buffer.concat([record, extension])
  const extensionsAt = extensionsOf(hello)
  for (const [at, width] of [
    [3, 2],
    [6, 3],
    [extensionsAt, 2],
  ] as const)
    hello.writeUIntBE(hello.readUIntBE(at, width) + extension.length, at, width)
  return hello
}

/** Where the length of the extensions stands: behind the record, version, random, session, ciphers and compressions. */
function extensionsOf(hello: Buffer): number {
  const session = 5 + 4 + 2 + 32
  const ciphers = session + 1 + hello.readUInt8(session)
  const compressions = ciphers + 2 + hello.readUInt16BE(ciphers)
  return compressions + 1 + hello.readUInt8(compressions)
}

/** What the first byte of the answer says: 22 goes on with the handshake, 21 ends it. */
async function answerTo(hello: Buffer, socketPath: string, target: string): Promise<number | undefined> {
  const { socket, head } = await tunnel(socketPath, target)
  assert.match(head, /^HTTP\/1.1 200/)
  const heard = once(socket.resume(), 'data') as Promise<[Buffer]>
  socket.write(hello)
  const [first] = await heard
  socket.destroy()
  return first[0]
}

test('a hidden name is no way past the rules: where TLS is opened it leads nowhere, and in a tunnel it is refused', async () => {
  const target = `${HOST}:${world.tls.port}`
  const [hello, foreign] = [await hidingHello(HOST), await hidingHello('other.test')]
  const opening = await world.open({ intercept: [HOST] })
  const before = world.tls.connections()
  assert.equal(await answerTo(hello, opening.socket, target), 22, 'a browser is served')
  assert.equal(await answerTo(foreign, opening.socket, target), 21, 'the name that is seen still counts')
  assert.equal(world.tls.connections(), before, 'nothing of a hello that is opened goes on')

  const carrying = await world.open()
  assert.equal(await answerTo(hello, carrying.socket, target), 21)
  const ended = () => carrying.events().find((event) => event.kind === 'end')
  await until(() => ended() !== undefined, 'the refusal is on record')
  const [, entry = ''] = /in the policy file: (- .*?\})/.exec(ended()?.fix ?? '') ?? []
  assert.deepEqual(
    readPolicy(`version: 1\negress:\n  ${entry}\n`, 'policy.yaml', {}).source.value.egress?.map(
      ({ hosts, ports, inspect }) => ({ hosts, ports, inspect }),
    ),
    [{ hosts: [HOST], ports: [world.tls.port], inspect: true }],
  )
  const opaque = await world.open({ rules: [allow(HOST, [world.tls.port], { opaque: true })] })
  assert.equal(await answerTo(hello, opaque.socket, target), 22)
})

test('what is neither TLS nor HTTP gets nowhere, unless the rule says so', async () => {
  const { socket } = await tunnel(way.socket, `${HOST}:${world.raw.port}`)
  const heard: Buffer[] = []
  socket.on('data', (chunk: Buffer) => heard.push(chunk)).resume()
  socket.write('\x00\x01exfiltrated bytes')
  await once(socket, 'close')
  assert.equal(Buffer.concat(heard).length, 0)
  assert.doesNotMatch(world.raw.seen(), /exfiltrated/)

  const open = await world.open({ rules: [allow(HOST, [world.raw.port], { opaque: true })] })
  const tunnelled = await tunnel(open.socket, `${HOST}:${world.raw.port}`)
  tunnelled.socket.end('meant bytes')
  const [first] = (await once(tunnelled.socket.resume(), 'data')) as [Buffer]
  assert.equal(first.toString(), 'greeting\n')
  await once(tunnelled.socket, 'close')
  assert.match(world.raw.seen(), /meant bytes/)
})

test('HTTP/2 goes through a tunnel as it is, for the host that was asked for and for no other', async () => {
  const authority = createAuthority({ hosts: ['*.test'], now: Date.now })
  const seen: string[] = []
  const server = createSecureServer({
    SNICallback: (name, done) => done(null, authority.contextFor(name)),
  })
  server.on('stream', (stream, headers) => {
    seen.push(`${headers[':method']} ${headers[':path']}`)
    stream.respond({ ':status': 200 })
    stream.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const open = await world.open({ rules: [allow(HOST, [port])] })
  const ask = async (servername: string): Promise<string> => {
    const { socket } = await tunnel(open.socket, `${HOST}:${port}`)
    const secure = connectTls({ socket, servername, ca: authority.certificatePem, ALPNProtocols: ['h2'] })
    const { promise, resolve } = Promise.withResolvers<string>()
    secure.once('error', ({ message }) => resolve(`failed ${message}`)).once('close', () => resolve('closed'))
    const session = connectHttp2(`https://${HOST}`, { createConnection: () => secure })
    session.on('error', ({ message }) => resolve(`failed ${message}`))
    const stream = session.request({ ':path': `/${servername}` }).on('error', () => undefined)
    stream.once('response', ({ ':status': status }) => resolve(`answered ${status}`))
    return await promise.finally(() => session.destroy())
  }
  assert.equal(await ask(HOST), 'answered 200')
  assert.match(await ask('other.test'), /^failed|^closed/)
  assert.deepEqual(seen, [`GET /${HOST}`])
  server.close()
  authority.close()
})

test('who sends a head byte by byte, or nothing, loses the place', async () => {
  const drip = async (text: string) => {
    const socket = connectSocket(way.socket)
    socket.on('error', () => undefined).resume()
    const timer = setInterval(() => socket.write('X'), 40)
    socket.write(text)
    await closed(socket)
    clearInterval(timer)
  }
  await Promise.all([
    drip('GET http://api.test/ HTTP/1.1\r\nX-Slow: '),
    drip('CONNECT api.test:443 HTTP/1.1\r\nX-Slow: '),
    drip('C'),
    drip('\x05'),
    drip(
      `CONNECT ${HOST}:${world.tls.port} HTTP/1.1\r\nHost: ${HOST}:${world.tls.port}\r\n\r\n\x16\x03\x01\x40\x00`,
    ),
  ])
  const silent = connectSocket(way.socket)
  silent.on('error', () => undefined).resume()
  await closed(silent)
})

/** However it ends: who writes into what is being closed is told so by an error as well. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()))
}

test('a tunnel in which nothing moves is closed', async () => {
  const open = await world.open({ rules: [allow(HOST, [world.raw.port], { opaque: true })] })
  const { socket, head } = await tunnel(open.socket, `${HOST}:${world.raw.port}`)
  assert.match(head, /^HTTP\/1.1 200 /)
  await once(socket.resume(), 'close')
  await until(() => open.events().some(({ kind }) => kind === 'end'), 'the end is told')
})

test('a WebSocket goes through, and only to where it may', async () => {
  const upgrade = (port: number, name = HOST) =>
    `GET http://${name}:${port}/ws HTTP/1.1\r\nHost: ${name}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
  const socket = connectSocket({ path: way.socket, allowHalfOpen: true })
  socket.write(upgrade(world.plain.port))
  const [head] = (await once(socket, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1.1 101 /)
  socket.destroy()
  assert.match(await say(way.socket, upgrade(world.plain.port, 'evil.test')), /^HTTP\/1.1 403 /)
})
