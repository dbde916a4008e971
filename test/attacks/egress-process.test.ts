import assert from 'node:assert/strict'
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DEFAULT_BUDGET, type Answer } from '../../src/enforce/egress/index.ts'
import { allow, egressWorld, getThroughTls, HOST, say, tunnel, type EgressWorld } from '../kit/egress.ts'
import { until } from '../kit/house.ts'

// The process that carries what leaves: what it does when nobody answers, when something is spent, and when it dies.

const ENTRY = fileURLToPath(new URL('../../src/daemon/egress/main.ts', import.meta.url))
const KIT = new URL('../kit/egress.ts', import.meta.url).href

interface Voices {
  ask: (host: string) => Promise<Answer>
  record: () => Promise<void>
}
const NO: Answer = { effect: 'deny', rule: 'policy.rules[7]', reason: 'no', fix: 'ask somebody' }
const voices: Voices = { ask: async () => NO, record: async () => undefined }

let world: EgressWorld
before(async () => {
  world = await egressWorld({
    ask: ({ host }) => voices.ask(host),
    record: () => voices.record(),
    settings: { limits: { askMs: 400 } },
  })
})
after(async () => await world[Symbol.asyncDispose]())

const connect = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`
const raw = () => `${HOST}:${world.raw.port}`
const opaque = () => [allow(HOST, [world.raw.port], { opaque: true })]
const isAlive = (pid: number) => spawnSync('/bin/kill', ['-0', `${pid}`]).status === 0

/** All a connection heard until it was closed. */
async function heardBy(socket: Socket): Promise<string> {
  const heard: Buffer[] = []
  socket.on('data', (chunk: Buffer) => heard.push(chunk)).resume()
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(heard).toString()
}

test('no more connections lead to a place than its entry gives it, and none lasts longer', async () => {
  const limits = [
    { id: 'egress.one', host: HOST, ports: [world.raw.port], atOnce: 1 },
    { id: 'egress.short', host: '127.0.0.1', timeoutMs: 50 },
  ]
  const rules = [...opaque(), allow('127.0.0.1', [world.raw.port], { opaque: true })]
  const { socket } = await world.open({ rules, limits })
  const first = await tunnel(socket, raw())
  assert.match(first.head, /^HTTP\/1.1 200 /)
  const second = await say(socket, connect(raw()))
  assert.match(second, /^HTTP\/1.1 429 [^]*Warder-Rule: egress.one\r\n[^]*1 connection at once/)
  first.socket.destroy()
  await until(async () => {
    const next = await tunnel(socket, raw())
    next.socket.destroy()
    return next.head.startsWith('HTTP/1.1 200 ')
  }, 'room again once the first is gone')
  const short = await tunnel(socket, `127.0.0.1:${world.raw.port}`)
  assert.match(short.head, /^HTTP\/1.1 200 /)
  await heardBy(short.socket) // nobody closes it but its time
})

test('what no rule names is asked, and goes by the answer', async () => {
  const { socket, runId } = await world.open({ rules: [], asks: true })
  assert.match(await say(socket, connect(raw())), /^HTTP\/1.1 403 [^]*Warder-Rule: policy.rules\[7\]/)
  voices.ask = async () => ({
    effect: 'allow',
    rule: 'approval',
    for: 'run',
    shapes: [{ opaque: true, addresses: ['127.0.0.1'] }],
  })
  const { head, socket: open } = await tunnel(socket, raw())
  assert.match(head, /^HTTP\/1.1 200 /)
  voices.ask = async () => NO
  const again = await tunnel(socket, raw())
  assert.match(again.head, /^HTTP\/1.1 200 /, 'it holds for the run')
  await world.process.shut(runId, HOST, world.raw.port)
  await Promise.all([heardBy(open), heardBy(again.socket)])
  assert.match(await say(socket, connect(raw())), /^HTTP\/1.1 403 /, 'until it is taken back')
})

test('nobody who answers is a no, and so is an answer that fails', async () => {
  const { socket } = await world.open({ rules: [], asks: true })
  voices.ask = () => new Promise(() => undefined)
  assert.match(await say(socket, connect(raw())), /^HTTP\/1.1 403 [^]*in time/)
  voices.ask = () => Promise.reject(new Error('the gate is broken'))
  assert.match(await say(socket, connect(raw())), /^HTTP\/1.1 403 [^]*could not be decided/)
  voices.ask = async () => NO
})

test('what cannot be recorded does not leave', async () => {
  const { socket } = await world.open({ rules: opaque() })
  const connections = world.raw.connections()
  voices.record = () => Promise.reject(new Error('the disk is full'))
  assert.match(await say(socket, connect(raw())), /^HTTP\/1.1 503 [^]*egress.record/)
  voices.record = async () => undefined
  assert.equal(world.raw.connections(), connections)
})

test('not a byte leaves beyond the budget, and then nothing more begins', async () => {
  const { socket, events } = await world.open({
    rules: opaque(),
    budget: { ...DEFAULT_BUDGET, bytesOut: 1000 },
  })
  const { socket: open } = await tunnel(socket, raw())
  const seen = world.raw.seen().length
  open.write(Buffer.alloc(900, 'a'))
  await until(() => world.raw.seen().length === seen + 900, 'what is within the budget arrives')
  open.write(Buffer.alloc(200, 'b'))
  await heardBy(open)
  assert.equal(world.raw.seen().length, seen + 900)
  assert.match(await say(socket, connect(raw())), /^HTTP\/1.1 403 [^]*egress.bytes/)
  await until(
    () => events().some((event) => event.kind === 'alert' && event.alert === 'budget-spent'),
    'the alert',
  )
})

test('requests, their rate and connections have their ends', async () => {
  const open = (budget: Partial<typeof DEFAULT_BUDGET>) =>
    world.open({ rules: opaque(), budget: { ...DEFAULT_BUDGET, ...budget } })
  const few = await open({ requests: 2 })
  for (const status of [200, 200, 403]) {
    const { head, socket } = await tunnel(few.socket, raw())
    socket.destroy()
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
  }
  const slow = await open({ requestsPerMinute: 1 })
  assert.match(
    await say(slow.socket, connect('evil.test:443')),
    /^HTTP\/1.1 403 /,
    'what is refused counts as well',
  )
  assert.match(await say(slow.socket, connect(raw())), /^HTTP\/1.1 429 /)
  const narrow = await open({ connectionsAtOnce: 1 })
  const { socket: held } = await tunnel(narrow.socket, raw())
  assert.match(await say(narrow.socket, connect(raw())), /^HTTP\/1.1 429 [^]*egress.connections/)
  held.destroy()
})

test('a closed airlock lets nothing through, and shuts what is open', async () => {
  const { socket } = await world.open({ rules: opaque() })
  await world.process.setAirlock({ openUntil: Date.now() + 60_000 })
  const { socket: open, head } = await tunnel(socket, raw())
  assert.match(head, /^HTTP\/1.1 200 /)
  await world.process.setAirlock({ openUntil: 0 })
  await heardBy(open)
  assert.match(
    await say(socket, connect(raw())),
    /^HTTP\/1.1 403 [^]*airlock is closed[^]*warder airlock open/,
  )
  // runs are looked over every 250 ms: whoever asks slowly meanwhile is told all the same
  const early = dial({ path: socket })
  await sleep(600)
  early.write(connect(raw()))
  assert.match(await heardBy(early), /^HTTP\/1.1 403 [^]*airlock is closed/)
  await world.process.setAirlock('off')
  const { socket: after, head: later } = await tunnel(socket, raw())
  after.destroy()
  assert.match(later, /^HTTP\/1.1 200 /)
})

test('a run ends with its time, and with its close', async () => {
  const short = await world.open({ rules: opaque(), until: Date.now() + 700 })
  const { socket: open, head } = await tunnel(short.socket, raw())
  assert.match(head, /^HTTP\/1.1 200 /)
  await heardBy(open)
  assert.match(await say(short.socket, connect(raw())), /^HTTP\/1.1 403 [^]*egress.until/)
  const closed = await world.open({ rules: opaque() })
  const { socket: cut } = await tunnel(closed.socket, raw())
  const seen = world.raw.seen().length
  cut.write('counted')
  await until(() => world.raw.seen().length > seen, 'it arrives')
  const usage = await world.process.close(closed.runId)
  await heardBy(cut)
  const place = {
    host: HOST,
    port: world.raw.port,
    connections: 1,
    bytesOut: 7,
    bytesIn: 'greeting\n'.length,
  }
  assert.deepEqual(usage?.places, [place], 'what was open is counted as well')
  assert.ok(!existsSync(closed.socket))
})

test('a grant that cannot be kept opens nothing', async () => {
  for (const grant of [
    { rules: [allow('*.com', [443])] },
    { rules: [], secrets: [{ ...SECRET, hosts: [HOST] }] }, // nobody could put it in
  ]) {
    await assert.rejects(world.open(grant), { code: 'EGRESS_GRANT_INVALID' })
  }
  const { runId, socket } = await world.open()
  await assert.rejects(world.open({ runId }), { code: 'EGRESS_RUN_TAKEN' })
  assert.ok(existsSync(socket))
})

const SECRET = {
  name: 's',
  placeholder: 'sk-placeholder-0123456789',
  value: held('sk-real'),
  places: ['header' as const],
}

function held(text: string) {
  return {
    kind: 'heap' as const,
    use: <T>(act: (bytes: Uint8Array) => T) => act(Buffer.from(text)),
    mac: () => Buffer.alloc(0),
    close: () => undefined,
  }
}

test('where there is a company proxy nothing goes past it, and its password is in no environment', async () => {
  const said: string[] = []
  const proxy = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (head: Buffer) => {
      said.push(head.toString())
      const isKnown = head.includes('Proxy-Authorization: Basic c2VjcmV0')
      socket.end(isKnown ? 'HTTP/1.1 200 OK\r\n\r\nthrough the proxy' : 'HTTP/1.1 407 No\r\n\r\n')
    })
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port } = proxy.address() as AddressInfo
  const at = { host: '127.0.0.1', port, names: 'here' as const }
  for (const [authorization, expected] of [
    ['Basic c2VjcmV0', /200 [^]*through the proxy/],
    ['Basic d3Jvbmc=', /502 [^]*user or password/],
  ] as const) {
    await using behind = await egressWorld({
      settings: { proxy: { ...at, authorization: Buffer.from(authorization) } },
    })
    const { socket } = await behind.open({ rules: [allow(HOST, [behind.raw.port], { opaque: true })] })
    assert.match(await say(socket, connect(`${HOST}:${behind.raw.port}`)), expected)
    assert.equal(behind.raw.connections(), 0)
    const { pid } = behind.process.state
    if (process.getuid?.() === 0) {
      assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /c2VjcmV0|PATH=|HOME=/)
      assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /c2VjcmV0/)
    }
  }
  proxy.close()
  assert.match(said[0] ?? '', /^CONNECT 127\.0\.0\.1:\d+ HTTP/, 'it is told the address that was checked')
})

test('a server with another certificate, or another key than the pinned one, is refused', async () => {
  const target = `${HOST}:${world.tls.port}`
  const rules = [allow(HOST, [world.tls.port])]
  const get = async (grant: Parameters<EgressWorld['open']>[0]) => {
    const { socket, authorityPem = '' } = await world.open({ rules, intercept: [HOST], ...grant })
    return await getThroughTls(socket, target, { servername: HOST, ca: authorityPem })
  }
  assert.match(await get({}), /saw GET \//)
  const seen = world.tls.seen()
  assert.match(
    await get({ pins: [{ host: HOST, spkiSha256: [Buffer.alloc(32, 7).toString('base64')] }] }),
    /^HTTP\/1.1 502 [^]*pinned/,
  )
  await using stranger = await egressWorld({ settings: { roots: [] } })
  const { socket, authorityPem = '' } = await stranger.open({
    rules: [allow(HOST, [stranger.tls.port])],
    intercept: [HOST],
  })
  const refused = await getThroughTls(socket, `${HOST}:${stranger.tls.port}`, {
    servername: HOST,
    ca: authorityPem,
  })
  assert.match(refused, /^HTTP\/1.1 502 /)
  assert.equal(world.tls.seen() + stranger.tls.seen(), seen)
})

test('when it dies its sockets are gone, the daemon knows, and the next run gets another', async () => {
  await using mortal = await egressWorld()
  const { runId, socket } = await mortal.open()
  const { pid = 0 } = mortal.process.state
  process.kill(pid, 'SIGKILL')
  await until(() => mortal.lost.length > 0, 'the daemon is told')
  assert.deepEqual(mortal.lost, [runId])
  assert.ok(!existsSync(socket))
  assert.equal(mortal.process.state.state, 'broken')
  await assert.rejects(mortal.process.usage(runId), { code: 'EGRESS_UNAVAILABLE' })
  const next = await opened(mortal)
  assert.match(await say(next.socket, connect('evil.test:443')), /^HTTP\/1.1 403 /)
  assert.notEqual(mortal.process.state.pid, pid)
})

/** Opens a run once the pause after a death is over. */
async function opened(world: EgressWorld): ReturnType<EgressWorld['open']> {
  for (;;) {
    try {
      return await world.open()
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'EGRESS_UNAVAILABLE')
      await new Promise((done) => setTimeout(done, 50))
    }
  }
}

test('it ends when its daemon is killed', async () => {
  const script = `const { egressWorld } = await import('${KIT}'); const world = await egressWorld(); const { socket } = await world.open()
    console.log(world.process.state.pid, socket); setInterval(() => undefined, 1000)`
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: daemon.stdout }), 'line')) as [string]
  const pid = Number(line.split(' ')[0])
  assert.ok(isAlive(pid))
  daemon.kill('SIGKILL')
  await until(() => !isAlive(pid), 'the egress process ends')
})

test('alone it does nothing, and words it does not know end it', async () => {
  const { status, stderr } = spawnSync(process.execPath, [ENTRY], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [2, 'warder-egress: only the daemon starts this\n'])
  for (const words of ['text', { say: 'begin', settings: { limits: {}, airlock: 'open' } }]) {
    const child = fork(ENTRY, { stdio: 'ignore', execArgv: [] })
    child.send(words)
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 1, JSON.stringify(words))
  }
})
