import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect } from '../client/connect.ts'
import { systemClock } from '../platform/clock.ts'
import { peerLookup } from '../platform/peer.ts'
import { openSocket, type SocketServer } from './socket.ts'

const NOBODY = 65534
const SECRET = createSecretKey(randomBytes(32))

async function open(t: TestContext, path: string): Promise<SocketServer> {
  const http = createServer((_request, response) => response.end('{"ok":true}'))
  const server = await openSocket({ path, secret: SECRET, http, clock: systemClock, peers: peerLookup() })
  t.after(async () => {
    server.destroy()
    await server.close()
  })
  return server
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('a socket that a killed process left behind is removed and opened anew', async (t) => {
  const directory = join(temporary(t), 'run')
  mkdirSync(directory, { mode: 0o700 })
  const path = join(directory, 'w.sock')
  const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`
  const first = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(first.stdout, 'data')
  first.kill('SIGKILL')
  await once(first, 'exit')
  assert.ok(existsSync(path), 'the dead socket is there')
  await open(t, path)
  const client = connect({ socketPath: path, secret: () => SECRET })
  assert.deepEqual((await client.request({ path: '/' })).json, { ok: true })
  client.close()
})

test('another user cannot even open the socket', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user')
  const base = temporary(t)
  const path = join(base, 'run', 'w.sock')
  await open(t, path)
  chmodSync(base, 0o755)
  // the kernel stops it at the 0700 directory
  assert.equal(await outputAs(NOBODY, CONNECT(path)), 'EACCES')
})

test('another user who got past the modes is refused by the peer uid, and given no challenge', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user')
  if (!peerLookup().inForce) return t.skip('the kernel cannot be asked for the peer here')
  const base = temporary(t)
  const path = join(base, 'run', 'w.sock')
  const server = await open(t, path)
  // as if somebody had opened the doors by hand
  for (const [each, mode] of [
    [base, 0o755],
    [join(base, 'run'), 0o755],
    [path, 0o666],
  ] as const) {
    chmodSync(each, mode)
  }
  const told = await outputAs(NOBODY, CONNECT(path))
  assert.equal(told, 'connected {"type":"error","code":"other_user"}\n')
  assert.equal(server.facts().refused, 1)
})

/** Connects, and prints what it is told. */
const CONNECT = (path: string): string => `
  const socket = require('net').connect(${JSON.stringify(path)})
  socket.on('data', (data) => process.stdout.write(data))
  socket.on('error', (error) => process.stdout.write(error.code))
  socket.on('connect', () => process.stdout.write('connected '))`

const REQUEST = (path: string): string => `
  require('http').get({ socketPath: ${JSON.stringify(path)}, path: '/' }, (response) => response.pipe(process.stdout))
    .on('error', (error) => process.stdout.write(error.code))`

/** What `code` prints in another process that has become `uid`. */
async function outputAs(uid: number, code: string): Promise<string> {
  const become = `process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});`
  const child = spawn(process.execPath, ['-e', become + code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  return Buffer.concat(chunks).toString()
}

test("an agent's socket given to another user lets that user in and nobody else", async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give a socket away')
  if (!peerLookup().inForce) return t.skip('the kernel cannot be asked for the peer here')
  const base = temporary(t)
  const server = await open(t, join(base, 'run', 'w.sock'))
  const path = join(base, 'run', 'agent.sock')
  const listener = await server.listenAgent(path, 'builder', NOBODY)
  const asRoot = connect({ socketPath: path })
  await assert.rejects(asRoot.request({ path: '/' }))
  asRoot.close()
  assert.equal(server.facts().refused, 1, 'root is not that agent')
  chmodSync(base, 0o755)
  chmodSync(join(base, 'run'), 0o755)
  const before = server.facts().refused
  assert.equal(await outputAs(NOBODY, REQUEST(path)), '{"ok":true}')
  assert.equal(server.facts().refused, before)
  await listener.close()
})
