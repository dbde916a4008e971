/** Programs as they are, with nothing but the environment: each gets through, and none of them sees the real value. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { HOST, OTHER, openWorld, secret, type World } from './world.test-kit.ts'

const run = promisify(execFile)
const REAL = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'
const PLACEHOLDER = 'ghp_hJ7aQ0xZ4nW2mK9sL1cV8bT3yR6uE5pD0gXf'
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin'

let world: World
before(async () => {
  world = await openWorld({
    serve,
    onUpgrade: talkBack,
    bindings: [
      {
        name: 'token',
        placeholder: PLACEHOLDER,
        value: secret(REAL),
        hosts: [HOST],
        places: ['header', 'query', 'body'],
      },
    ],
  })
})
after(async () => await world[Symbol.asyncDispose]())

async function runs(
  command: string,
  words: readonly string[],
  more: Record<string, string> = {},
): Promise<string> {
  const env = { PATH: SYSTEM_PATH, HOME: world.directory, TOKEN: PLACEHOLDER, ...world.environment, ...more }
  const { stdout, stderr } = await run(command, words, { env, timeout: 60_000, cwd: world.directory })
  assert.ok(!(stdout + stderr).includes(REAL), 'the real value came through to the program')
  return stdout
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.url?.startsWith('/repository.git/') === true) return serveRepository(request, response)
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { authorization = '' } = request.headers
    const isRight = authorization === `Bearer ${REAL}`
    response.setHeader('X-Seen', authorization)
    response.end(JSON.stringify({ isRight, authorization, body: Buffer.concat(chunks).toString('latin1') }))
  })
}

function assertRight(answer: string): void {
  const { isRight, authorization } = JSON.parse(answer) as { isRight: boolean; authorization: string }
  assert.equal(isRight, true, 'the server did not get the real value')
  assert.equal(authorization, `Bearer ${PLACEHOLDER}`, 'the echo was not taken out')
}

test('curl', async () => {
  assertRight(
    await runs('curl', [
      '-sS',
      '--compressed',
      '-H',
      `Authorization: Bearer ${PLACEHOLDER}`,
      `https://${HOST}/x`,
    ]),
  )
})

test('requests one after the other share a connection to the server', async () => {
  const before = world.connections()
  const answers = await runs('curl', ['-sS', ...[1, 2, 3].map((i) => `https://${HOST}/${i}`)])
  assert.equal(answers.match(/isRight/g)?.length, 3)
  assert.equal(world.connections() - before, 1)
})

test('fetch of Node', async () => {
  const script = `const r = await fetch('https://${HOST}/x', { headers: { authorization: 'Bearer ' + process.env.TOKEN } }); console.log(await r.text())`
  assertRight(await runs(process.execPath, ['--input-type=module', '-e', script]))
})

test('urllib of Python', async () => {
  const script = `import os,urllib.request as u
print(u.urlopen(u.Request('https://${HOST}/x', headers={'Authorization': 'Bearer '+os.environ['TOKEN']})).read().decode())`
  assertRight(await runs('/usr/bin/python3', ['-c', script]))
})

test('requests of Python, where it is installed', async (context) => {
  const python = await pythonWithRequests()
  if (python === undefined) return context.skip('no Python here has the package requests')
  const script = `import os,requests
print(requests.get('https://${HOST}/x', headers={'Authorization': 'Bearer '+os.environ['TOKEN']}, timeout=20).text)`
  assertRight(await runs(python, ['-c', script]))
})

/** The interpreter itself, because what stands on the PATH may be a script that needs more of the environment. */
async function pythonWithRequests(): Promise<string | undefined> {
  const script = 'import requests, sys; print(sys.executable)'
  try {
    return (await run('python3', ['-c', script])).stdout.trim()
  } catch {
    return undefined
  }
}

test('git clones over https with a token, and knows only the placeholder', async () => {
  await makeRepository(world.directory)
  await runs('git', ['clone', '-q', `https://user:${PLACEHOLDER}@${HOST}/repository.git`, 'copy'], {
    GIT_TERMINAL_PROMPT: '0',
  })
  assert.equal(readFileSync(join(world.directory, 'copy', 'file'), 'utf8'), 'of the repository\n')
  const basic = Buffer.from(`user:${REAL}`).toString('base64')
  assert.ok(
    world.witness().includes(`Basic ${basic}`),
    'the real value was not put into the Basic credentials',
  )
})

test('a WebSocket of Node, in both directions', async () => {
  const script = `
    const socket = new WebSocket('wss://${HOST}/socket')
    socket.onopen = () => socket.send('hello ' + process.env.TOKEN)
    socket.onmessage = ({ data }) => { console.log(data); socket.close() }
    socket.onerror = (e) => { console.error(e.message, e.error); process.exit(1) }`
  const answer = await runs(process.execPath, ['--input-type=module', '-e', script])
  assert.equal(answer.trim(), `you said hello ${PLACEHOLDER}`)
  assert.ok(world.witness().includes(`message: hello ${REAL}`), 'the server did not get the real value')
})

const THROUGH_HTTP2 = `
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
const proxy = new URL(process.env.HTTPS_PROXY)
const socket = connect(proxy.port, proxy.hostname)
socket.write('CONNECT ${HOST}:443 HTTP/1.1\\r\\nHost: ${HOST}:443\\r\\n\\r\\n')
await new Promise((done) => socket.once('data', done))
const secure = connectTls({ socket, servername: '${HOST}', ALPNProtocols: ['h2'] })
secure.on('error', (error) => { console.log('refused', error.code); process.exit() })
const session = connectHttp2('https://${HOST}', { createConnection: () => secure })
session.on('error', () => undefined)
session.request({ ':path': '/x', authorization: 'Bearer ' + process.env.TOKEN }).on('error', () => undefined)
  .on('response', ({ ':status': status }) => { console.log('answered', status); process.exit() })
`

test('a program that can speak HTTP/2 is spoken HTTP/1.1 with; one that speaks nothing else is refused, with the reason', async () => {
  const url = `https://${HOST}/x`
  const token = ['-sS', '-H', `Authorization: Bearer ${PLACEHOLDER}`]
  assertRight(await runs('curl', ['--http2', ...token, url]))
  const before = world.records.length
  assert.match(await runs(process.execPath, ['--input-type=module', '-e', THROUGH_HTTP2]), /^refused ERR_SSL/)
  const refused = world.records.slice(before)
  assert.deepEqual(
    refused.map(({ verdict }) => verdict),
    ['deny'],
  )
  assert.match(refused[0]?.reason ?? '', /HTTP\/1\.1/)
})

test('a program that trusts another authority is not connected', async () => {
  const words = ['-sS', '--cacert', join(world.directory, 'wrong.pem'), `https://${HOST}/x`]
  writeFileSync(join(world.directory, 'wrong.pem'), world.serverRoot)
  await assert.rejects(runs('curl', words), /certificate/)
})

test('the placeholder reaches no other host, whatever program sends it', async () => {
  const answer = await runs('curl', ['-sS', '-H', `X-Data: ${PLACEHOLDER}`, `https://${OTHER}/x`])
  assert.match(answer, /secret-astray/)
  assert.ok(!world.witness().includes(PLACEHOLDER))
  assert.equal(world.events.at(-1)?.kind, 'secret-astray')
})

async function makeRepository(directory: string): Promise<void> {
  const source = join(directory, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), 'of the repository\n')
  const git = async (...words: string[]) => {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@a.test', '-c', 'init.defaultBranch=main']
    await run('git', [...who, ...words], { cwd: source, env: { PATH: SYSTEM_PATH, HOME: directory } })
  }
  await git('init', '-q')
  await git('add', 'file')
  await git('commit', '-q', '-m', 'first')
  await run('git', ['clone', '-q', '--bare', source, join(directory, 'repository.git')], {
    env: { PATH: SYSTEM_PATH, HOME: directory },
  })
  await run('git', ['update-server-info'], {
    cwd: join(directory, 'repository.git'),
    env: { PATH: SYSTEM_PATH, HOME: directory },
  })
}

/** Git's plain protocol: files, for whoever has the right credentials. */
function serveRepository(request: IncomingMessage, response: ServerResponse): void {
  const wanted = `Basic ${Buffer.from(`user:${REAL}`).toString('base64')}`
  if (request.headers.authorization !== wanted) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end()
    return
  }
  try {
    const [path = ''] = (request.url ?? '').split('?')
    response.end(readFileSync(join(world.directory, path)))
  } catch {
    response.writeHead(404).end()
  }
}

/** A WebSocket server for one short message. */
function talkBack(request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('error', () => socket.destroy())
  socket.once('data', (frame: Buffer) => {
    const [mask, size] = [frame.subarray(2, 6), frame[1]! & 0x7f]
    const text = Buffer.from(frame.subarray(6, 6 + size).map((byte, i) => byte ^ mask[i & 3]!)).toString()
    world.note(`message: ${text}`)
    const answer = Buffer.from(`you said ${text}`)
    socket.write(Buffer.concat([Buffer.of(0x81, answer.length), answer]))
    socket.once('data', () => socket.end(Buffer.of(0x88, 0)))
  })
}
