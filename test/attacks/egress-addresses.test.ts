import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { allow, egressWorld, getThroughTls, HOST, say, tunnel, type EgressWorld } from '../kit/egress.ts'
import { until } from '../kit/house.ts'

// Ways to reach this machine, its neighbours or a metadata service through the only way out there is.

let world: EgressWorld
before(async () => void (world = await egressWorld()))
after(async () => await world[Symbol.asyncDispose]())

const get = (url: string, host = URL.parse(url)?.host ?? '') =>
  `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
const connect = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`

/** How many connections all servers took while this went on. */
async function connectionsDuring(act: () => Promise<void>): Promise<number> {
  const count = () =>
    [world.plain, world.tls, world.raw].reduce((sum, { connections }) => sum + connections(), 0)
  const earlier = count()
  await act()
  return count() - earlier
}

test('what the rules name is reached: plain, in a tunnel, and in TLS', async () => {
  const { socket, events } = await world.open()
  assert.match(
    await say(socket, get(`http://${HOST}:${world.plain.port}/a?b=c`)),
    /^HTTP\/1.1 200[^]*saw GET \/a\?b=c for api.test/,
  )
  const { servername, ca } = { servername: HOST, ca: world.root }
  assert.match(
    await getThroughTls(socket, `${HOST}:${world.tls.port}`, { servername, ca }),
    /saw GET \/ for api.test/,
  )
  const inside = await say(
    socket,
    connect(`${HOST}:${world.plain.port}`),
    `GET /t HTTP/1.1\r\nHost: ${HOST}:${world.plain.port}\r\nConnection: close\r\n\r\n`,
  )
  assert.match(inside, /^HTTP\/1.1 200 Connection Established\r\n\r\nHTTP\/1.1 200[^]*saw GET \/t/)
  const decisions = events().filter(({ kind }) => kind === 'decision')
  assert.ok(
    decisions.length >= 4 &&
      decisions.every((event) => event.kind === 'decision' && event.verdict === 'allow'),
  )
  assert.ok(!JSON.stringify(events()).includes('b=c'), 'a query is in the record')
})

test('no notation of an address opens what only a name may reach', async () => {
  const { socket } = await world.open()
  const notations = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '017700000001',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '127.0.0.1.',
    '[0:0:0:0:0:0:0:1]',
    '[64:ff9b::7f00:1]',
    '0177.0.0.01',
    '%31%32%37.0.0.1',
    '①②⑦.0.0.1',
  ]
  const connections = await connectionsDuring(async () => {
    for (const host of notations) {
      const [tunnelled, plain] = [
        await say(socket, connect(`${host}:${world.plain.port}`)),
        await say(socket, get(`http://${host}:${world.plain.port}/`)),
      ]
      assert.match(tunnelled, /^HTTP\/1.1 40[03] /, host)
      assert.match(plain, /^HTTP\/1.1 40[03] /, host)
    }
  })
  assert.equal(connections, 0)
})

test('SOCKS takes names and addresses by the same rules', async () => {
  const { socket } = await world.open()
  const name = (host: string, port: number) =>
    Buffer.concat([Buffer.of(5, 1, 0, 3, host.length), Buffer.from(host), Buffer.of(port >> 8, port & 255)])
  const address = Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, world.plain.port >> 8, world.plain.port & 255)
  const hello = Buffer.of(5, 1, 0)
  const request = `GET /s HTTP/1.1\r\nHost: ${HOST}:${world.plain.port}\r\nConnection: close\r\n\r\n`
  assert.match(
    await say(socket, hello, name(HOST, world.plain.port), request),
    /^\x05\x00\x05\x00[^]*saw GET \/s/,
  )
  const connections = await connectionsDuring(async () => {
    assert.equal((await say(socket, hello, address)).slice(0, 4), '\x05\x00\x05\x02')
    assert.equal((await say(socket, hello, name('0x7f.1', world.plain.port))).slice(0, 4), '\x05\x00\x05\x02')
    assert.equal(
      (await say(socket, hello, name('evil.test', world.plain.port))).slice(0, 4),
      '\x05\x00\x05\x02',
    )
    assert.equal(await say(socket, Buffer.of(5, 1, 2)), '\x05\xff', 'a password is asked for')
    assert.equal(
      (await say(socket, hello, Buffer.of(5, 3, 0, 1, 127, 0, 0, 1, 0, 80))).slice(0, 4),
      '\x05\x00\x05\x07',
      'UDP',
    )
  })
  assert.equal(connections, 0)
})

test('a name that stands for an address inside is refused, and so is one that does so among others', async () => {
  const inside = [
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:7f00:1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::1',
  ]
  const ports = [world.plain.port]
  const { socket, events } = await world.open({
    rules: [{ id: 'r', effect: 'allow', host: 'rebind.test', ports }],
  })
  const connections = await connectionsDuring(async () => {
    for (const address of inside) {
      for (const answers of [[address], ['93.184.216.34', address], [address, '93.184.216.34']]) {
        world.dns.answers.set('rebind.test', () => answers)
        const answer = await say(socket, connect(`rebind.test:${world.plain.port}`))
        assert.match(answer, /^HTTP\/1.1 403 [^]*Warder-Rule: egress.addresses/, answers.join(' '))
      }
    }
    const plain = await say(socket, get(`http://rebind.test:${world.plain.port}/`))
    assert.match(plain, /^HTTP\/1.1 403 [^]*rule: egress.addresses/)
  })
  assert.equal(connections, 0)
  await until(
    () => events().some((event) => event.kind === 'end' && event.code === 'address'),
    'it is on record',
  )
})

test('a name is looked up once for a connection: a second answer is never asked for', async () => {
  const { socket } = await world.open({ rules: [allow('flip.test', [world.raw.port], { opaque: true })] })
  const turns = ['127.0.0.1', '10.0.0.1']
  world.dns.answers.set('flip.test', () => [turns[0] ?? ''])
  world.dns.asked.length = 0
  const { socket: open, head } = await tunnel(socket, `flip.test:${world.raw.port}`)
  assert.match(head, /^HTTP\/1.1 200 /)
  turns.shift()
  open.end('late')
  await new Promise((done) => open.once('close', done).resume())
  assert.deepEqual(
    world.dns.asked.filter((name) => name === 'flip.test'),
    ['flip.test'],
  )
  assert.match(await say(socket, connect(`flip.test:${world.raw.port}`)), /^HTTP\/1.1 403 [^]*10.0.0.1/)
})

test('a listed network opens itself and nothing beside it', async () => {
  const rules = [allow('inner.test', [world.raw.port], { opaque: true, addresses: ['127.0.0.0/30'] })]
  const { socket } = await world.open({ rules })
  world.dns.answers.set('inner.test', () => ['127.0.0.1'])
  const { socket: open, head } = await tunnel(socket, `inner.test:${world.raw.port}`)
  open.destroy()
  assert.match(head, /^HTTP\/1.1 200 /)
  world.dns.answers.set('inner.test', () => ['127.0.0.5'])
  assert.match(await say(socket, connect(`inner.test:${world.raw.port}`)), /^HTTP\/1.1 403 /)
})

test('localhost is no server’s to say, and stands for this machine', async () => {
  world.dns.answers.set('localhost', () => ['93.184.216.34'])
  const { socket } = await world.open({
    rules: [{ id: 'r', effect: 'allow', host: 'localhost', ports: [world.plain.port] }],
  })
  assert.match(await say(socket, connect(`localhost:${world.plain.port}`)), /^HTTP\/1.1 403 [^]*127.0.0.1/)
  assert.ok(!world.dns.asked.includes('localhost'))
})

test('where a redirect leads is asked anew, and refused when no rule names it', async () => {
  const { socket } = await world.open()
  for (const url of [
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.1:1/',
    `http://other.test:${world.plain.port}/`,
  ]) {
    assert.match(await say(socket, get(url)), /^HTTP\/1.1 403 [^]*"code":"outside"/, url)
  }
})

test('data in names is counted and stopped, and somebody is told', async () => {
  const { socket, events } = await world.open({ rules: [allow('*.wild.test', [world.plain.port])] })
  world.dns.asked.length = 0
  for (let i = 0; i < 40; i += 1) {
    const label = Buffer.from(`${i}-the secret of this project`).toString('hex')
    world.dns.answers.set(`${label}.wild.test`, () => ['127.0.0.1'])
    await say(socket, connect(`${label}.wild.test:${world.plain.port}`), 'X')
  }
  assert.ok(world.dns.asked.length <= 10, `${world.dns.asked.length} names left`)
  await until(
    () => events().some((event) => event.kind === 'alert' && event.alert === 'names-carry-data'),
    'the alert',
  )
  assert.match(
    await say(socket, connect(`www.wild.test:${world.plain.port}`)),
    /^HTTP\/1.1 403 [^]*egress.names/,
  )
})
