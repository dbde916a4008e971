import assert from 'node:assert/strict'
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect as netConnect, createServer as createNetServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { proofOf } from '../api/handshake.ts'
import { connect, type Client } from '../client/connect.ts'
import { KnownError } from '../core/error.ts'
import { systemClock } from '../platform/clock.ts'
import { peerLookup, type PeerLookup } from '../platform/peer.ts'
import { openSocket, type SocketOptions, type SocketServer } from './socket.ts'

const SECRET = createSecretKey(randomBytes(32))

interface Rig {
  readonly directory: string
  readonly path: string
  readonly server: SocketServer
  readonly http: Server
  readonly client: (secret?: KeyObject) => Client
}

async function rig(t: TestContext, more: Partial<SocketOptions> = {}): Promise<Rig> {
  const directory = temporary(t)
  const path = join(directory, 'run', 'w.sock')
  const http = createServer()
  const server = await openSocket({
    path,
    secret: SECRET,
    http,
    clock: systemClock,
    peers: peerLookup(),
    ...more,
  })
  http.on('request', (request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ path: request.url, peer: server.peerOf(request.socket) ?? null }))
  })
  const clients: Client[] = []
  t.after(async () => {
    for (const client of clients) client.close()
    server.destroy()
    await server.close()
  })
  return {
    directory,
    path,
    server,
    http,
    client(secret = SECRET) {
      const client = connect({ socketPath: path, secret: () => secret })
      clients.push(client)
      return client
    },
  }
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A peer that speaks the protocol by hand. */
async function dial(
  t: TestContext,
  path: string,
): Promise<{ socket: Socket; line(): Promise<Message>; ended: Promise<unknown> }> {
  const socket = netConnect(path)
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  let pending = ''
  socket.on('data', (chunk) => {
    const parts = (pending + chunk.toString('utf8')).split('\n')
    pending = parts.pop() ?? ''
    for (const part of parts) {
      const waiter = waiting.shift()
      if (waiter) waiter(part)
      else lines.push(part)
    }
  })
  const ended = once(socket, 'close')
  await once(socket, 'connect')
  return {
    socket,
    ended,
    async line() {
      const line = lines.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)))
      return JSON.parse(line) as Message
    },
  }
}

type Message = Readonly<Record<string, unknown>>

async function answer(t: TestContext, path: string, make: (nonce: string) => string): Promise<Message> {
  const peer = await dial(t, path)
  const { nonce } = await peer.line()
  peer.socket.write(make(String(nonce)))
  const said = await peer.line()
  await peer.ended
  return said
}

function response(server: string, secret = SECRET, role: 'client' | 'server' = 'client'): Message {
  const client = randomBytes(32).toString('hex')
  return { type: 'challenge_response', nonce: client, mac: proofOf(secret, role, { server, client }) }
}

const line = (message: Message): string => `${JSON.stringify(message)}\n`

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KnownError, String(error))
    assert.equal(error.code, code)
    return true
  }
}

test('a client that knows the secret reaches HTTP as the owner, on a kept connection', async (t) => {
  const { client, server } = await rig(t)
  const one = client()
  const first = await one.request({ path: '/a' })
  const second = await one.request({ path: '/b' })
  assert.equal(first.status, 200)
  const { peer } = first.json as { peer: { kind: string; credentials?: { uid: number; pid?: number } } }
  assert.equal(peer.kind, 'owner')
  if (server.facts().peerUid === 'in force') {
    assert.equal(peer.credentials?.uid, process.getuid?.())
    assert.equal(peer.credentials?.pid, process.pid)
  }
  assert.equal((second.json as { path: string }).path, '/b')
  assert.equal(server.facts().connections, 1)
})

test('a client with another secret is refused and never reaches HTTP', async (t) => {
  const { client, http } = await rig(t)
  http.on('connection', () => assert.fail('it reached HTTP'))
  await assert.rejects(
    client(createSecretKey(randomBytes(32))).request({ path: '/' }),
    hasCode('CLIENT_REFUSED'),
  )
})

test('HTTP before the handshake is refused', async (t) => {
  const { path, http } = await rig(t)
  http.on('connection', () => assert.fail('it reached HTTP'))
  const peer = await dial(t, path)
  peer.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  assert.equal((await peer.line())['type'], 'challenge')
  assert.deepEqual(await peer.line(), { type: 'error', code: 'malformed' })
  await peer.ended
})

test('an answer recorded from an earlier connection is worthless', async (t) => {
  const { path } = await rig(t)
  const first = await dial(t, path)
  const recorded = response(String((await first.line())['nonce']))
  first.socket.write(line(recorded))
  assert.equal((await first.line())['type'], 'auth_result')
  assert.deepEqual(await answer(t, path, () => line(recorded)), {
    type: 'error',
    code: 'authentication_failed',
  })
})

test("the server's own proof, reflected, is no proof of a client", async (t) => {
  const { path } = await rig(t)
  const said = await answer(t, path, (nonce) => line(response(nonce, SECRET, 'server')))
  assert.deepEqual(said, { type: 'error', code: 'authentication_failed' })
})

test("a client that sends the server's nonce as its own is refused", async (t) => {
  const { path } = await rig(t)
  const said = await answer(t, path, (nonce) =>
    line({
      type: 'challenge_response',
      nonce,
      mac: proofOf(SECRET, 'client', { server: nonce, client: nonce }),
    }),
  )
  assert.deepEqual(said, { type: 'error', code: 'authentication_failed' })
})

test('anything but exactly a challenge_response is an error and the end', async (t) => {
  const { path } = await rig(t, { clock: { now: () => 0, monotonicMs: steps(120_000) } })
  const wrong: ((nonce: string) => string)[] = [
    (nonce) => line({ ...response(nonce), type: 'get_pending' }),
    (nonce) => line({ ...response(nonce), more: 1 }),
    (nonce) => line({ ...response(nonce), mac: 'zz' }),
    () => line({ type: 'challenge_response', nonce: 1, mac: 2 }),
    () => '[]\n',
    () => 'null\n',
    () => 'not json\n',
    (nonce) => `${line(response(nonce))}GET / HTTP/1.1\r\n\r\n`,
    (nonce) => `${line(response(nonce))}\n`,
    () => 'x'.repeat(5000),
  ]
  for (const make of wrong) {
    assert.deepEqual(await answer(t, path, make), { type: 'error', code: 'malformed' }, make.toString())
  }
})

/** A clock that goes on by `step` at each look. */
function steps(step: number): () => number {
  let now = 0
  return () => (now += step)
}

test('a client that stalls is cut off when its time is over', async (t) => {
  const { path, server } = await rig(t, { handshakeTimeoutMs: 50 })
  const peer = await dial(t, path)
  await peer.line()
  assert.deepEqual(await peer.line(), { type: 'error', code: 'malformed' })
  await peer.ended
  assert.equal(server.facts().refused, 1)
})

test('after three failures a peer must pause, longer each time, and a success clears it', async (t) => {
  let now = 0
  const { path, client } = await rig(t, { clock: { now: () => 0, monotonicMs: () => now } })
  const fail = (): Promise<Message> =>
    answer(t, path, (nonce) => line(response(nonce, createSecretKey(randomBytes(32)))))
  for (let times = 0; times < 3; times += 1) assert.equal((await fail())['code'], 'authentication_failed')
  const first = await dial(t, path)
  assert.deepEqual(await first.line(), { type: 'error', code: 'paused', retry_after_ms: 1000 })
  now = 500
  await assert.rejects(client().request({ path: '/' }), hasCode('DAEMON_BUSY'))
  now = 1000
  assert.equal((await fail())['code'], 'authentication_failed')
  const second = await dial(t, path)
  assert.deepEqual(await second.line(), { type: 'error', code: 'paused', retry_after_ms: 2000 })
  now = 3000
  assert.equal((await client().request({ path: '/' })).status, 200)
  assert.equal((await fail())['code'], 'authentication_failed')
  assert.equal((await client().request({ path: '/' })).status, 200)
})

test('a peer that connects and says nothing is not counted as a guesser', async (t) => {
  const { path, client } = await rig(t)
  for (let times = 0; times < 5; times += 1) {
    const peer = await dial(t, path)
    await peer.line()
    peer.socket.end()
    await peer.ended
  }
  assert.equal((await client().request({ path: '/' })).status, 200)
})

test('only so many connections may wait unproved, and only so many exist', async (t) => {
  const { path } = await rig(t, { maxUnproved: 2, maxConnections: 3 })
  const [one, two] = [await dial(t, path), await dial(t, path)]
  await one.line()
  await two.line()
  const third = await dial(t, path)
  assert.deepEqual(await third.line(), { type: 'error', code: 'busy' })
  one.socket.end()
  await one.ended
  const fourth = await dial(t, path)
  assert.equal((await fourth.line())['type'], 'challenge')
})

test('a program that took the path over cannot pass for the daemon', async (t) => {
  const directory = temporary(t)
  const path = join(directory, 'fake.sock')
  const replies: ((theirs: Message) => Message)[] = [
    () => ({ type: 'auth_result', ok: true, mac: '0'.repeat(64) }),
    // the client's own proof, sent back
    (theirs) => ({ type: 'auth_result', ok: true, mac: theirs['mac'] }),
    () => ({ type: 'auth_result', ok: true }),
  ]
  const seen: string[] = []
  const fake = createNetServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(line({ type: 'challenge', version: 1, nonce: randomBytes(32).toString('hex') }))
    socket.on('data', (data) => {
      seen.push(data.toString('utf8'))
      const theirs = JSON.parse(data.toString('utf8')) as Message
      socket.write(line(replies[seen.length - 1]!(theirs)))
    })
  }).listen(path)
  t.after(() => fake.close())
  await once(fake, 'listening')
  for (const _reply of replies) {
    const client = connect({ socketPath: path, secret: () => SECRET })
    await assert.rejects(
      client.request({ path: '/secret', body: { token: 't' } }),
      hasCode('DAEMON_UNPROVED'),
    )
    client.close()
  }
  assert.equal(seen.length, replies.length)
  assert.ok(!seen.join().includes('secret'), 'nothing of the request was sent')
})

test('a server that says nothing, or cuts the handshake, is an error and not an empty answer', async (t) => {
  const directory = temporary(t)
  const path = join(directory, 'mute.sock')
  const mute = createNetServer((socket) => {
    if (cuts) socket.destroy()
  }).listen(path)
  let cuts = false
  t.after(() => mute.close())
  await once(mute, 'listening')
  const slow = connect({ socketPath: path, secret: () => SECRET, handshakeTimeoutMs: 50 })
  await assert.rejects(slow.request({ path: '/' }), hasCode('REPLY_INVALID'))
  cuts = true
  await assert.rejects(slow.request({ path: '/' }), hasCode('REPLY_INVALID'))
  slow.close()
})

test('the socket is 0600 in a 0700 directory from the moment it exists', async (t) => {
  const directory = temporary(t)
  const path = join(directory, 'run', 'w.sock')
  const mask = process.umask(0)
  const seen: number[] = []
  const http = createServer()
  try {
    const opening = openSocket({ path, secret: SECRET, http, clock: systemClock, peers: peerLookup() })
    while (seen.length < 3) {
      // each turn of the loop looks, so that the first look comes before anything could tidy up
      await new Promise((resolve) => setImmediate(resolve))
      if (existsSync(path)) seen.push(lstatSync(path).mode & 0o777)
    }
    const server = await opening
    assert.deepEqual(seen, [0o600, 0o600, 0o600])
    assert.equal(lstatSync(join(directory, 'run')).mode & 0o777, 0o700)
    assert.equal(process.umask(), 0, 'the umask is as before')
    await server.close()
    assert.ok(!existsSync(path), 'a clean end removes the socket')
  } finally {
    process.umask(mask)
  }
})

test('a directory open to others is refused', async (t) => {
  const directory = temporary(t)
  mkdirSync(join(directory, 'run'), { mode: 0o755 })
  await assert.rejects(openAt(join(directory, 'run', 'w.sock')), hasCode('FILE_UNSAFE'))
})

test('a regular file at the path is left alone and refused', async (t) => {
  const directory = temporary(t)
  mkdirSync(join(directory, 'run'), { mode: 0o700 })
  const path = join(directory, 'run', 'w.sock')
  writeFileSync(path, 'precious')
  await assert.rejects(openAt(path), hasCode('SOCKET_PATH_TAKEN'))
  assert.equal(readFileSync(path, 'utf8'), 'precious')
})

test('a socket on which somebody answers is not taken from them', async (t) => {
  const { path, client } = await rig(t)
  await assert.rejects(openAt(path), hasCode('SOCKET_IN_USE'))
  assert.equal((await client().request({ path: '/' })).status, 200)
})

test('a path the kernel would cut is refused with a fix', async (t) => {
  const directory = temporary(t)
  await assert.rejects(openAt(join(directory, 'x'.repeat(108), 'w.sock')), hasCode('SOCKET_PATH_TOO_LONG'))
})

function openAt(path: string): Promise<SocketServer> {
  return openSocket({ path, secret: SECRET, http: createServer(), clock: systemClock, peers: peerLookup() })
}

test('whoever comes through an agent’s socket is that agent, without a secret', async (t) => {
  const { server, directory, client } = await rig(t)
  const path = join(directory, 'run', 'agents', 'builder.sock')
  const listener = await server.listenAgent(path, 'builder')
  assert.equal(lstatSync(path).mode & 0o777, 0o600)
  const agent = connect({ socketPath: path })
  t.after(() => agent.close())
  const { peer } = (await agent.request({ path: '/' })).json as { peer: { kind: string; name: string } }
  assert.deepEqual([peer.kind, peer.name], ['agent', 'builder'])
  await listener.close()
  assert.ok(!existsSync(path))
  await assert.rejects(agent.request({ path: '/' }), (error) => error instanceof KnownError)
  assert.equal((await client().request({ path: '/' })).status, 200, 'the owner is not affected')
})

test('the socket of one agent does not end with that of another', async (t) => {
  const { server, directory } = await rig(t)
  const first = await server.listenAgent(join(directory, 'run', 'a.sock'), 'a')
  await server.listenAgent(join(directory, 'run', 'b.sock'), 'b')
  const b = connect({ socketPath: join(directory, 'run', 'b.sock') })
  t.after(() => b.close())
  await b.request({ path: '/' })
  await first.close()
  assert.equal((await b.request({ path: '/' })).status, 200)
})

test('a connection that did not come through the socket has no peer', async (t) => {
  const { server } = await rig(t)
  assert.equal(server.peerOf(new EventTarget()), undefined)
})

test('when the kernel names another user, or nobody, the connection is refused', async (t) => {
  const other: PeerLookup = { inForce: true, credentials: () => ({ uid: 4_000_000, gid: 1, pid: 1 }) }
  const mute: PeerLookup = {
    inForce: true,
    credentials: () => {
      throw new Error('the kernel names no peer')
    },
  }
  for (const peers of [other, mute]) {
    const { path, client, http } = await rig(t, { peers })
    http.on('connection', () => assert.fail('it reached HTTP'))
    const peer = await dial(t, path)
    assert.deepEqual(await peer.line(), { type: 'error', code: 'other_user' })
    await assert.rejects(client().request({ path: '/' }), hasCode('CLIENT_REFUSED'))
  }
})

test('without a way to ask the kernel the socket says so and the secret still guards it', async (t) => {
  const { client, server } = await rig(t, { peers: { inForce: false, why: 'no native library' } })
  assert.equal(server.facts().peerUid, 'not in force: no native library')
  assert.equal((await client().request({ path: '/' })).status, 200)
  await assert.rejects(
    client(createSecretKey(randomBytes(32))).request({ path: '/' }),
    hasCode('CLIENT_REFUSED'),
  )
})
