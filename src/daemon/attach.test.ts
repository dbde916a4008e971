import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createNetServer, connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { ATTACH_PATH, ATTACH_PROTOCOL } from '../api/frame.ts'
import { encodeJsonFrame, writeFrame } from '../api/frame.ts'
import { attach, type AttachedRun } from './attach.ts'
import { createHttpServer } from './server.ts'

async function pair(t: TestContext): Promise<{ near: Socket; far: Socket }> {
  const directory = mkdtempSync(join(tmpdir(), 'wa-'))
  const server = createNetServer().listen(join(directory, 's'))
  await once(server, 'listening')
  const near = connect(join(directory, 's'))
  const [far] = (await once(server, 'connection')) as [Socket]
  for (const socket of [near, far]) socket.on('error', () => undefined)
  t.after(() => {
    near.destroy()
    far.destroy()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { near, far }
}

function fakeRun(killed: string[]): AttachedRun {
  return {
    runId: 'r',
    agent: 'a',
    stdout: new PassThrough(),
    write: async () => undefined,
    endInput: () => undefined,
    resize: () => undefined,
    signal: () => undefined,
    kill: (why) => killed.push(why),
    exit: new Promise(() => undefined),
  }
}

test('a client that leaves while its sandbox is being built leaves no run behind', async (t) => {
  const { near, far } = await pair(t)
  const killed: string[] = []
  near.write(encodeJsonFrame('started', { permit: 'p' }))
  await attach(far, Buffer.alloc(0), {
    open: async () => {
      far.destroy()
      await once(far, 'close')
      return fakeRun(killed)
    },
    bug: (error) => assert.fail(String(error)),
  })
  assert.equal(killed[0], 'the client went away')
})

test('waiting for a slow reader leaves nothing behind, however often', async (t) => {
  const { near, far } = await pair(t)
  near.resume()
  const before = far.listenerCount('close')
  for (let i = 0; i < 50; i += 1) await writeFrame(far, Buffer.alloc(200_000))
  assert.equal(far.listenerCount('close'), before)
})

test('a peer that sends request after request without waiting is cut, and the others are never begun', async (t) => {
  const { near, far } = await pair(t)
  let begun = 0
  const { server } = createHttpServer({
    app: () => (begun += 1),
    peerOf: () => undefined,
    attaching: { open: () => assert.fail('nothing is attached'), bug: () => undefined },
  })
  server.emit('connection', far)
  near.write('GET /v1/status HTTP/1.1\r\nhost: w\r\n\r\n'.repeat(1000))
  await once(near.resume(), 'close')
  assert.equal(begun, 16)
})

test('a relay that breaks in an unforeseen way is told as a bug and cut, never thrown at the daemon', async (t) => {
  const { near, far } = await pair(t)
  const bugs: string[] = []
  const { server, relayed } = createHttpServer({
    app: () => undefined,
    peerOf: () => ({ kind: 'owner' }),
    attaching: {
      open: () => Promise.reject(new Error('unforeseen')),
      bug: (error) => {
        bugs.push(String(error))
        if (bugs.length === 1) throw new Error('and not to be told')
      },
    },
  })
  server.emit('connection', far)
  near.write(
    `POST ${ATTACH_PATH} HTTP/1.1\r\nhost: w\r\nconnection: Upgrade\r\nupgrade: ${ATTACH_PROTOCOL}\r\n\r\n`,
  )
  await once(near, 'data')
  near.write(encodeJsonFrame('started', { permit: 'p' }))
  await once(near.resume(), 'close')
  await relayed()
  assert.deepEqual(bugs, ['Error: unforeseen', 'Error: and not to be told'])
})

test('a client that stalls in the middle of a request is cut; one that is only quiet in between is not', async (t) => {
  const quick = { headersMs: 100, requestMs: 200, checkEveryMs: 20 }
  const { server } = createHttpServer({
    app: (request, response) => void request.resume().once('end', () => response.end('done')),
    peerOf: () => undefined,
    attaching: { open: () => assert.fail('nothing is attached'), bug: () => undefined },
    ...quick,
  })
  t.after(() => server.close())
  const said = async (text: string, isCut: boolean): Promise<string> => {
    const { near, far } = await pair(t)
    server.emit('connection', far)
    let heard = ''
    near.on('data', (chunk) => (heard += String(chunk)))
    near.write(text)
    if (isCut) await once(near, 'close')
    else await once(near, 'data')
    return heard
  }
  const head = 'POST / HTTP/1.1\r\nhost: w\r\n'
  const kept = await pair(t)
  server.emit('connection', kept.far)
  kept.near.write(`${head}content-length: 0\r\n\r\n`)
  await once(kept.near, 'data')
  for (const half of ['', 'PO', head, `${head}content-length: 10\r\n\r\nhalf`])
    assert.match(await said(half, true), /^HTTP\/1.1 408 /)
  assert.match(await said(`${head}content-length: 0\r\n\r\n`, false), /^HTTP\/1.1 200/)
  // quiet for longer than any of those, and answered all the same
  kept.near.write(`${head}content-length: 0\r\n\r\n`)
  assert.match(String((await once(kept.near, 'data'))[0]), /^HTTP\/1.1 200/)
})
