import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { PolicyEngine } from '../../decide/policy/index.ts'
import type { GateEvent } from '../../gate/index.ts'
import { systemClock } from '../../platform/clock.ts'
import type { SettingValues } from '../../platform/settings.ts'
import type { AlertEvent } from './alerts-event.ts'
import { openSenders, type Senders } from './alerts-senders.ts'
import { Spool, type Sender } from './alerts-spool.ts'
import { syslogMessage } from './alerts-syslog.ts'

const SECRET = 'k'.repeat(32)

function event(more: Partial<AlertEvent['alert']> = {}, type = 'alert.raised'): AlertEvent {
  return {
    type,
    alert: {
      ...{ id: 'a-1', time: '2026-06-01T10:00:00.000Z', last: '2026-06-01T10:00:00.000Z', severity: 'high' },
      ...{
        source: 'detect',
        rule: 'agent.denial-storm',
        principal: 'builder',
        run: '',
        incident: '',
        count: 1,
      },
      ...{ message: 'builder was refused', key: 'k', evidence: { entries: '1 2', events: 2, isTrue: true } },
      ...more,
    },
  }
}

interface Sending {
  readonly senders: Senders
  readonly recorded: GateEvent[]
  readonly lost: unknown[]
  readonly directory: string
  readonly begin: (settings: Partial<SettingValues>) => Senders
}

function sending(t: TestContext, settings: Partial<SettingValues>): Sending {
  const directory = mkdtempSync(join(tmpdir(), 'send-'))
  writeFileSync(join(directory, 'secret'), `${SECRET}\n`, { mode: 0o600 })
  const [recorded, lost]: [GateEvent[], unknown[]] = [[], []]
  const begin = (these: Partial<SettingValues>): Senders => {
    const values = {
      ...{ 'alert.directory': directory, 'alert.send_severity': 'medium', 'alert.webhook_events': [] },
      ...these,
    } as unknown as SettingValues
    const senders = openSenders({
      ...{ values, clock: systemClock, version: '1.2.3', lost: (error) => lost.push(error) },
      engine: new PolicyEngine({ monotonicMs: () => 0 }),
      append: async (each) => recorded.push(each),
      log: { error() {}, warn() {}, info() {}, debug() {} },
    })
    senders.begin()
    t.after(() => senders.close())
    return senders
  }
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const secret = join(directory, 'secret')
  return {
    ...{ recorded, lost, directory },
    begin: (these) => begin({ 'alert.webhook_secret': secret, ...these }),
    senders: begin({ 'alert.webhook_secret': secret, ...settings }),
  }
}

interface Heard {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A server of this machine that answers as it is told. */
async function listener(t: TestContext, answer: (heard: Heard, response: ServerResponse) => void) {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const each = { headers: request.headers, body: Buffer.concat(chunks).toString() }
      heard.push(each)
      answer(each, response)
    })
  })
  const url = await address(t, server)
  return { heard, url: `http://${url}/x` }
}

async function address(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function until(ready: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 2000 && !ready(); tries += 1) await setTimeout(5)
  assert.ok(ready(), what)
}

test('a webhook is signed over time, id and body, and its connection is on record', async (t) => {
  const { heard, url } = await listener(t, (_, response) => response.writeHead(204).end())
  const { senders, recorded } = sending(t, { 'alert.webhook_url': url })
  senders.send(event())
  senders.send(event({ severity: 'low' })) // less than alert.send_severity
  await until(() => senders.facts()[0]?.sent === 1, 'it was sent')
  assert.equal(heard.length, 1)
  const { headers, body } = heard[0]!
  const {
    event: type,
    alert,
    id,
  } = JSON.parse(body) as { event: string; alert: { message: string }; id: string }
  assert.deepEqual([type, alert.message, id], ['alert.raised', 'builder was refused', headers['warder-id']])
  const parts = [String(headers['warder-timestamp']), id, body].map(
    (part) => `${Buffer.byteLength(part)}:${part}`,
  )
  const right = createHmac('sha256', SECRET).update(parts.join('')).digest('hex')
  assert.equal(headers['warder-signature'], `v1=${right}`)
  assert.deepEqual(recorded.map(({ agent, action }) => [agent, action])[0], ['warder:webhook', 'net:connect'])
})

test('what was not taken is tried again under the same id, also after a restart, in order', async (t) => {
  const state = { status: 500 }
  const { heard, url } = await listener(t, (_, response) => response.writeHead(state.status).end())
  const { senders, begin, directory, lost } = sending(t, { 'alert.webhook_url': url })
  senders.send(event({ id: 'first' }))
  senders.send(event({ id: 'second' }))
  await until(() => senders.facts()[0]?.problem !== undefined, 'it failed')
  assert.match(senders.facts()[0]?.problem ?? '', /answered 500/)
  assert.equal(lost.length, 1)
  await senders.close()
  assert.equal(readdirSync(join(directory, 'outbox/webhook')).length, 2)
  state.status = 200
  const again = begin({ 'alert.webhook_url': url })
  await until(() => again.facts()[0]?.sent === 2, 'both were sent')
  assert.equal(readdirSync(join(directory, 'outbox/webhook')).length, 0)
  const ids = heard.map(({ headers }) => headers['warder-id'])
  assert.equal(ids[0], ids.at(-2), 'the same id each time')
  assert.deepEqual(
    heard.slice(-2).map(({ body }) => (JSON.parse(body) as AlertEvent).alert.id),
    ['first', 'second'],
  )
})

test('a queue nobody empties keeps the newest, and counts what it gave up', async (t) => {
  const directory = join(mkdtempSync(join(tmpdir(), 'spool-')), 'q')
  t.after(() => rmSync(join(directory, '..'), { recursive: true, force: true }))
  const sender: Sender = {
    ...{ name: 'never', to: 'nowhere', wants: () => true },
    send: async () => Promise.reject(new Error('nobody there')),
  }
  const spool = new Spool({
    directory,
    sender,
    now: Date.now,
    lost: () => undefined,
    retryMs: 60_000,
    mostWaiting: 20,
  })
  for (let nth = 0; nth < 30; nth += 1) spool.put(event({ id: `n${nth}` }))
  const { waiting, dropped } = spool.facts()
  assert.deepEqual([waiting, dropped, readdirSync(directory).length], [20, 10, 20])
  await spool.close()
})

test('only the events that were asked for go to a webhook', async (t) => {
  const { heard, url } = await listener(t, (_, response) => response.writeHead(200).end())
  const settings = { 'alert.webhook_url': url, 'alert.webhook_events': ['alert.worse', 'incident.*'] }
  const { senders } = sending(t, settings)
  for (const type of ['alert.raised', 'alert.worse', 'incident.contained', 'alert.ended'])
    senders.send(event({}, type))
  await until(() => senders.facts()[0]?.sent === 2, 'two were sent')
  assert.deepEqual(
    heard.map(({ body }) => (JSON.parse(body) as { event: string }).event),
    ['alert.worse', 'incident.contained'],
  )
})

test('an address others can read on the way, and a secret that is too short or open, are refused at the start', (t) => {
  for (const url of ['http://example.org/x', 'ftp://127.0.0.1/', 'https://user:pw@example.org/', 'nonsense'])
    assert.throws(() => sending(t, { 'alert.webhook_url': url }), /no https address/, url)
  const { directory, begin } = sending(t, {})
  const short = join(directory, 'short')
  writeFileSync(short, 'short', { mode: 0o600 })
  const url = 'https://hook.test/'
  assert.throws(() => begin({ 'alert.webhook_url': url, 'alert.webhook_secret': short }), /shorter than 32/)
  const open = join(directory, 'open')
  writeFileSync(open, SECRET, { mode: 0o644 })
  assert.throws(() => begin({ 'alert.webhook_url': url, 'alert.webhook_secret': open }), /open to others/)
  for (const syslog of [
    'udp:log.example.org:514',
    'udp:127.0.0.1',
    'file:/x',
    'unix:relative',
    'tcp:127.0.0.1:0',
  ])
    assert.throws(() => begin({ 'alert.syslog': syslog }), /alert\.syslog is none of/, syslog)
})

test('a webhook does not follow where a server sends it, not even to itself', async (t) => {
  const { heard, url } = await listener(t, (_, response) =>
    response.writeHead(heard.length === 1 ? 307 : 200, { location: '/elsewhere' }).end(),
  )
  const { senders } = sending(t, { 'alert.webhook_url': url })
  senders.send(event())
  await until(() => senders.facts()[0]?.problem !== undefined, 'it failed')
  assert.equal(heard.length, 1)
  assert.equal(senders.facts()[0]?.waiting, 1)
})

test('OTLP gets a log record with severity, time and attributes, and a rejection is no success', async (t) => {
  const answers = ['{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"full"}}', '{}']
  const { heard, url } = await listener(t, (_, response) =>
    response.writeHead(200).end(answers.shift() ?? '{}'),
  )
  const { senders } = sending(t, { 'alert.otlp_url': url })
  senders.send(event())
  await until(() => senders.facts()[0]?.sent === 1, 'it was sent')
  assert.equal(heard.length, 2)
  const logs = JSON.parse(heard[1]!.body) as {
    resourceLogs: { scopeLogs: { logRecords: Record<string, unknown>[] }[] }[]
  }
  const [record] = logs.resourceLogs[0]!.scopeLogs[0]!.logRecords
  assert.equal(record?.['severityNumber'], 17)
  assert.equal(record?.['timeUnixNano'], '1780308000000000000')
  assert.deepEqual(record?.['body'], { stringValue: 'builder was refused' })
  const attributes = record?.['attributes'] as { key: string; value: object }[]
  assert.deepEqual(attributes.find(({ key }) => key === 'warder.evidence.events')?.value, { intValue: '2' })
  assert.deepEqual(attributes.find(({ key }) => key === 'warder.evidence.isTrue')?.value, { boolValue: true })
})

test('syslog goes over UDP, TCP and a local socket, one message each', async (t) => {
  const said: string[] = []
  const udp = createSocket('udp4', (message) => said.push(message.toString()))
  t.after(() => udp.close())
  await new Promise<void>((done) => udp.bind(0, '127.0.0.1', done))
  const tcp = createTcp((socket) => socket.on('data', (chunk: Buffer) => said.push(chunk.toString())))
  const at = await address(t, tcp)
  const path = join(mkdtempSync(join(tmpdir(), 'sl-')), 's')
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }))
  const local = createTcp((socket) => socket.on('data', (chunk: Buffer) => said.push(chunk.toString())))
  local.listen(path)
  await once(local, 'listening')
  t.after(() => local.close())
  const framed = /^(\d+) <83>1 2026-06-01T10:00:00\.000Z \S+ warder \d+ ALERT \[warder@32473 /
  for (const [syslog, shape] of [
    [
      `udp:127.0.0.1:${udp.address().port}`,
      /^<83>1 2026-06-01T10:00:00\.000Z \S+ warder \d+ ALERT \[warder@32473 /,
    ],
    [`tcp:${at}`, framed],
    [`unix:${path}`, framed],
  ] as const) {
    const { senders } = sending(t, { 'alert.syslog': syslog })
    said.length = 0
    senders.send(event())
    await until(() => senders.facts()[0]?.sent === 1 && said.length > 0, syslog)
    assert.match(said[0]!, shape)
    const length = /^(\d+) /.exec(said[0]!)?.[1]
    if (syslog.startsWith('udp')) continue
    assert.equal(Number(length), Buffer.byteLength(said[0]!) - length!.length - 1)
  }
})

test('a receiver that is not there is a problem that is shown, and the message waits', async (t) => {
  const { senders } = sending(t, { 'alert.syslog': 'tcp:127.0.0.1:9' })
  senders.send(event())
  await until(() => senders.facts()[0]?.problem !== undefined, 'it failed')
  assert.match(senders.facts()[0]?.problem ?? '', /ECONNREFUSED/)
  assert.deepEqual([senders.facts()[0]?.waiting, senders.facts()[0]?.sent], [1, 0])
})

test('nothing in an alert ends a field of syslog, and a long one is cut between signs', () => {
  const who = { id: 'x', pid: 7, host: 'a b\nc' }
  const text = syslogMessage(event({ rule: 'a"]\\b', message: 'ü'.repeat(3000) }), who)
  assert.match(text, / rule="a\\"\\\]\\\\b" /)
  assert.match(text, / abc warder 7 /)
  assert.ok(Buffer.byteLength(text) <= 2048)
  assert.match(text, /ü$/)
})
