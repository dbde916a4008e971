import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { connect as dial, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { connect } from '../../src/client/connect.ts'
import { clientHandshake } from '../../src/client/handshake.ts'
import { encodeJsonFrame } from '../../src/api/frame.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { house, until } from '../kit/house.ts'
import { keysOf, owner, refused, socketOf } from '../kit/owner.ts'
import { killDaemon } from '../kit/restart.ts'

// Ways at the daemon's own socket: other users, peers without the secret, peers that lie, stall or come in crowds.

const home = house({ after })
const me = await owner({ after }, home)
const path = socketOf(home)

async function assertStillServes(): Promise<void> {
  const fresh = connect({ socketPath: path, secret: () => readSocketSecret(keysOf(home)) })
  try {
    assert.equal((await fresh.request({ path: '/v1/runs' })).status, 200)
  } finally {
    fresh.close()
  }
}

/** Connects and writes; resolves with everything that came back once the daemon has ended it. */
function say(...texts: readonly (string | Buffer)[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  const socket = dial(path)
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  for (const text of texts) socket.write(text)
  return promise
}

/** A connection that has proved the secret, for what may be said after that. */
async function proved(): Promise<Socket> {
  const socket = dial(path)
  await clientHandshake(socket, readSocketSecret(keysOf(home)), AbortSignal.timeout(30_000))
  return socket
}

async function answerTo(text: string | Buffer): Promise<string> {
  const socket = await proved()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
  socket.write(text)
  await new Promise((done) => socket.once('close', done))
  return Buffer.concat(chunks).toString()
}

test('another user cannot so much as connect', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user: this was NOT tried')
  const script = `const s = require('net').connect(${JSON.stringify(path)})
    s.on('error', (e) => { console.log(e.code); process.exit() })
    s.on('data', (d) => { console.log(String(d)); process.exit() })`
  const as = (uid: number) => {
    const { stdout } = spawnSync('/usr/bin/env', ['node', '-e', script], { uid, gid: uid, timeout: 30_000 })
    return String(stdout).trim()
  }
  if (spawnSync('/usr/bin/env', ['node', '-e', ''], { uid: 65534, gid: 65534 }).status !== 0)
    return t.skip('no Node that another user could run: this was NOT tried')
  assert.match(as(0), /"challenge"/)
  assert.equal(as(65534), 'EACCES')
  // and were the directories opened by mistake, the kernel would still name the caller
  for (const place of [home.home, home.runtime, `${home.runtime}/warder`]) chmodSync(place, 0o755)
  chmodSync(path, 0o666)
  try {
    assert.match(as(65534), /"other_user"/)
  } finally {
    for (const place of [home.home, home.runtime, `${home.runtime}/warder`]) chmodSync(place, 0o700)
    chmodSync(path, 0o600)
  }
  await assertStillServes()
})

test('a client with another secret, or none, gets no further than the challenge', async () => {
  const stranger = connect({ socketPath: path, secret: () => createSecretKey(randomBytes(32)) })
  await refused(stranger.request({ path: '/v1/status' }), 'CLIENT_REFUSED')
  stranger.close()
  const bare = connect({ socketPath: path })
  await assert.rejects(bare.request({ path: '/v1/status' }))
  bare.close()
  await assertStillServes() // which also clears the count of failures
})

test('what is not the handshake is answered with an error and the end, never with data', async () => {
  const lies: readonly (string | Buffer)[] = [
    'GET /v1/status HTTP/1.1\r\nhost: warder\r\n\r\n',
    `${JSON.stringify({ type: 'challenge_response', nonce: 'x', mac: 'y' })}\n`,
    `${JSON.stringify({ type: 'auth_result', ok: true })}\n`,
    randomBytes(256),
    `${'x'.repeat(10_000)}\n`,
    'x'.repeat(1_000_000),
    '{}\n{}\n',
  ]
  for (const lie of lies) {
    const reply = await say(lie)
    // whoever is still sending when the connection is closed may see the reset before the answer
    const mayBeCut = lie.length > 4096
    assert.match(reply.split('\n')[0] ?? '', mayBeCut ? /^$|"(challenge|error)"/ : /"(challenge|error)"/)
    assert.doesNotMatch(reply, /HTTP\/1|"auth_result"|pid/)
    await until(
      () =>
        assertStillServes().then(
          () => true,
          () => false,
        ),
      'the pause after failures is over',
    )
  }
})

test('after the handshake, lies about lengths and methods are answered 4xx, and the daemon goes on', async () => {
  const answers = [
    await answerTo('POST /v1/decisions HTTP/1.1\r\nhost: w\r\ncontent-length: x\r\n\r\n{}'),
    await answerTo(
      'POST /v1/decisions HTTP/1.1\r\nhost: w\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
    ),
    await answerTo(
      'POST /v1/decisions HTTP/1.1\r\nhost: w\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
    ),
    await answerTo(`GET /v1/${'x'.repeat(100_000)} HTTP/1.1\r\nhost: w\r\n\r\n`),
    await answerTo('BREW /v1/status HTTP/1.1\r\nhost: w\r\nconnection: close\r\n\r\n'),
    await answerTo('GET /v1/nothing HTTP/1.1\r\nhost: w\r\nconnection: close\r\n\r\n'),
    await answerTo(
      'POST /v1/decisions HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: 4\r\n\r\n[{}]',
    ),
  ]
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 4\d\d /)
  // what would be digested, shown and written as something else than was sent
  for (const odd of [
    Buffer.from('{"capability":"fs:read:/\xff"}', 'latin1'),
    '{"capability":"fs:read:/\\ud800"}',
  ]) {
    const head = `POST /v1/decisions HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: ${odd.length}\r\n\r\n`
    assert.match(
      await answerTo(Buffer.concat([Buffer.from(head), Buffer.from(odd)])),
      /^HTTP\/1\.1 400 [^]*BODY_INVALID/,
    )
  }
  const body = `{"capability":"audit:read","pad":"${'x'.repeat(3_000_000)}"}`
  await refused(me.client.request({ path: '/v1/decisions', body: JSON.parse(body) }), 'BODY_TOO_LARGE')
  await refused(
    me.client.request({ path: '/v1/decisions', body: { capability: 'audit:read', as_: 'x' } }),
    'INPUT_INVALID',
  )
  await assertStillServes()
})

test('wrong frames where a run is attached end that connection, and start nothing', async () => {
  const upgrade = 'GET /v1/attach HTTP/1.1\r\nhost: w\r\nconnection: Upgrade\r\nupgrade: warder-run/1\r\n\r\n'
  const { permit } = await me.open({ argv: ['/bin/echo', 'it ran'] })
  const starts = [
    Buffer.from([99, 0, 0, 0, 0]),
    Buffer.from([8, 255, 255, 255, 255]),
    Buffer.from([8, 0, 0, 0, 2, 0x5b, 0x5d]),
    encodeJsonFrame('started', {}),
    encodeJsonFrame('started', { permit: 'forged' }),
    encodeJsonFrame('exit', { permit }).subarray(0, 20),
  ]
  for (const frame of starts) {
    const socket = await proved()
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
    const ended = new Promise((done) => socket.once('close', done))
    socket.write(upgrade)
    socket.end(frame)
    await ended
    assert.doesNotMatch(Buffer.concat(chunks).toString(), /it ran/)
  }
  assert.deepEqual((await me.call('runs', {})).runs, [])
  assert.equal((await me.attach(permit)).stdout, 'it ran\n') // the permit was not spent by any of them
})

test('clients that stall keep nobody else waiting', async () => {
  const idle = Array.from({ length: 10 }, () => dial(path).on('error', () => undefined))
  const half = await proved()
  half.write('POST /v1/decisions HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\n{')
  try {
    await assertStillServes()
    const { exit } = await me.attach((await me.open({ argv: ['/bin/true'] })).permit)
    assert.equal(exit.code, 0)
  } finally {
    for (const socket of [...idle, half]) socket.destroy()
  }
})

test('a crowd of three hundred connections does not keep an honest client out for good', async () => {
  const crowd = Array.from({ length: 300 }, () => dial(path).on('error', () => undefined))
  try {
    await until(
      () =>
        assertStillServes().then(
          () => true,
          () => false,
        ),
      'an honest client is let in',
      60_000,
    )
  } finally {
    for (const socket of crowd) socket.destroy()
  }
  await assertStillServes()
})

test('an agent that opens hundreds of connections keeps only itself out', async (t) => {
  if (!existsSync('/usr/bin/perl')) return t.skip('no perl here: the attack was NOT tried')
  const script = `use IO::Socket::UNIX; my @held;
    for (1..400) { my $s = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET}); push @held, $s if $s }
    $| = 1; print scalar(@held), "\\n"; sleep 600`
  const run = home.start(['run', '--agent', 'hoarder', '--', '/usr/bin/perl', '-e', script])
  const held = await new Promise<number>((resolve) =>
    run.stdout?.once('data', (text: Buffer) => resolve(Number(text))),
  )
  assert.ok(held > 300, `it really tried: ${held}`)
  await assertStillServes()
  await me.call('stop', { agent: 'hoarder', reason: 'the test is over' })
})

test('a second daemon refuses to start beside the first', async () => {
  const pid = home.daemonPid()
  const { stderr, code } = await home.warder(['daemon', 'start', '--set', 'daemon.idle_timeout=1h'])
  assert.equal(code, 0, stderr)
  assert.equal(home.daemonPid(), pid) // the command found the one that runs
  const warderd = new URL('../../dist/warderd.js', import.meta.url).pathname
  const source = new URL('../../src/daemon/main.ts', import.meta.url).pathname
  const second = spawnSync(process.execPath, [existsSync(warderd) ? warderd : source], {
    env: home.environment,
    timeout: 60_000,
  })
  assert.equal(second.status, 5)
  assert.match(String(second.stderr), /DAEMON_RUNNING/)
  await assertStillServes()
})

test('a program that took the socket’s place is not trusted, and learns nothing it could use', async (t) => {
  const lone = house(t)
  const by = await owner(t, lone)
  by.client.close()
  await killDaemon(lone)
  rmSync(socketOf(lone), { force: true })
  const heard: string[] = []
  const fake = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(`${JSON.stringify({ type: 'challenge', version: 1, nonce: 'ab'.repeat(32) })}\n`)
    socket.on('data', (chunk) => {
      heard.push(String(chunk))
      socket.write(`${JSON.stringify({ type: 'auth_result', ok: true, mac: 'cd'.repeat(32) })}\n`)
    })
  })
  await new Promise<void>((done) => fake.listen(socketOf(lone), done))
  t.after(() => void fake.close())
  for (const args of [['status'], ['run', '--agent', 'a', '--', '/bin/echo', 'secret words']]) {
    const { code, stderr, stdout } = await lone.warder(args)
    assert.equal(code, 3, stderr)
    assert.match(stderr, /is not our daemon/)
    assert.equal(stdout, '')
  }
  assert.doesNotMatch(heard.join(''), /secret words|HTTP/)
  assert.match(heard.join(''), /challenge_response/)
})
