import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { nativeDirectory } from './native-programs.ts'

const INIT = join(nativeDirectory(), 'init')

function isBuilt(t: TestContext): boolean {
  if (existsSync(INIT)) return true
  t.skip('the native programs were not built: NOT tried')
  return false
}

/** A server that treats each connection so. @returns its port */
async function server(t: TestContext, treat: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  const listening = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    treat(socket)
  })
  await new Promise<void>((done) => listening.listen(0, host, done))
  t.after(() => listening.close())
  return (listening.address() as AddressInfo).port
}

function connect(port: number | string) {
  const child = spawn(INIT, ['--connect', `${port}`])
  child.stdin.on('error', () => undefined) // it may end before it has taken everything
  const code = new Promise<number | null>((done) => child.once('close', done))
  const said = Promise.all([buffer(child.stdout), buffer(child.stderr)])
  return { child, code, said }
}

test('what goes in comes out, however much, and the end of the input is passed on', async (t) => {
  if (!isBuilt(t)) return
  const port = await server(t, (socket) => socket.pipe(socket))
  const bytes = randomBytes(2_000_003)
  const { child, code, said } = connect(port)
  child.stdin.end(bytes)
  assert.ok((await said)[0].equals(bytes))
  assert.equal(await code, 0)
})

test('it ends with the last word of the server, though its input is still open', async (t) => {
  if (!isBuilt(t)) return
  const port = await server(t, (socket) => void socket.end('last word'))
  const { code, said } = connect(port)
  assert.equal(String((await said)[0]), 'last word')
  assert.equal(await code, 0)
})

test('a server that hears no more may still speak', async (t) => {
  if (!isBuilt(t)) return
  const port = await server(t, (socket) => {
    socket.once('end', () => socket.end('heard the end'))
    socket.resume()
  })
  const { child, code, said } = connect(port)
  child.stdin.end('all of it')
  assert.equal(String((await said)[0]), 'heard the end')
  assert.equal(await code, 0)
})

test('a server that listens on the other loopback address alone is found', async (t) => {
  if (!isBuilt(t)) return
  let port: number
  try {
    port = await server(t, (socket) => void socket.end('six'), '::1')
  } catch {
    return t.skip('there is no ::1 here: NOT tried')
  }
  assert.equal(String((await connect(port).said)[0]), 'six')
})

test('where nobody listens is told by its exit code, and what is no port is refused', async (t) => {
  if (!isBuilt(t)) return
  const port = await server(t, () => undefined)
  const closed = connect(port === 1 ? 2 : 1)
  assert.equal(await closed.code, 3)
  assert.match(String((await closed.said)[1]), /connecting to the port: Connection refused/)
  for (const text of ['', '0', '65536', '99999999999', '80x', '-1', ' 80']) {
    assert.equal(await connect(text).code, 125, JSON.stringify(text))
  }
})
