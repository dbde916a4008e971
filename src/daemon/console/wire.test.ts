import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { peopleKeys } from '../../decide/identity/index.ts'
import type { ConsoleWorld } from './console.ts'
import { DaemonConsole } from './wire.ts'

const directory = mkdtempSync(join(tmpdir(), 'console-'))
after(() => rmSync(directory, { recursive: true, force: true }))

function consoleAt(listen: string, more: object = {}) {
  const said: string[] = []
  const settings = {
    ...{ 'console.listen': listen, 'console.subnet': undefined, 'console.names': [] },
    ...{ 'auth.mode': 'required', 'paths.keys': directory, ...more },
  }
  const keys = peopleKeys({ use: (act) => act(new Uint8Array(32).fill(7)) })
  const at = { ms: Date.now(), sessions: [] as { console: object | null }[] }
  const rooms = { sessions: { list: () => at.sessions } }
  const world = {
    people: { settings, room: { keys, roomsIfAny: () => rooms } },
    clock: { now: () => at.ms, monotonicMs: () => performance.now() },
    log: { info: () => undefined, error: (text: string) => said.push(text) },
  }
  return { console: new DaemonConsole(world as unknown as ConsoleWorld), said, at }
}

test('a port that is taken keeps nobody from guarding: it is told, and can be tried again', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => void other.close())
  await new Promise((done) => other.once('listening', done))
  const { port } = other.address() as AddressInfo
  const { console, said } = consoleAt(`127.0.0.1:${port}`)
  await console.begin()
  assert.equal(console.opened(), undefined)
  assert.match(console.problem() ?? '', /something else listens there/)
  assert.equal(said.length, 1)
  await assert.rejects(console.turnOn(), { code: 'CONSOLE_PORT' })
  const open = await console.turnOn(0)
  assert.match(open?.url ?? '', /^https:\/\/localhost:\d+\/$/)
  assert.equal(console.problem(), undefined)
  assert.equal(await console.turnOn(0), open, 'it is on already')
  await console.turnOff()
  assert.equal(console.opened(), undefined)
})

test('off means off, and settings that would open it to a network stop the start', async () => {
  const { console } = consoleAt('off')
  await console.begin()
  assert.deepEqual(
    [console.opened(), await console.turnOn(), console.problem()],
    [undefined, undefined, undefined],
  )
  await assert.rejects(consoleAt('0.0.0.0:0').console.begin(), { code: 'CONSOLE_BIND_REFUSED' })
})

test('a browser, somebody who is logged in and a link that still lets in are use; nothing else is', async () => {
  const { console, at } = consoleAt('off')
  console.awaits(at.ms + 1000)
  assert.equal(console.isInUse(), false, 'it is off')
  const open = await console.turnOn(0)
  assert.equal(console.isInUse(), true, 'the link')
  console.awaits(at.ms + 1000)
  console.came()
  assert.equal(console.isInUse(), true, 'another link')
  console.came()
  assert.equal(console.isInUse(), false, 'both were used')
  console.awaits(at.ms + 1000)
  at.ms += 1000
  assert.equal(console.isInUse(), false, 'it lets nobody in any more')
  const socket = connect(Number(open?.address.split(':').at(-1)), '127.0.0.1')
  await once(socket, 'connect')
  while (!console.isInUse()) await new Promise((done) => setImmediate(done))
  socket.destroy()
  while (console.isInUse()) await new Promise((done) => setImmediate(done))
  at.sessions = [{ console: null }]
  assert.equal(console.isInUse(), false, 'a session of the command line')
  at.sessions = [{ console: null }, { console: { person: 'owner' } }]
  assert.equal(console.isInUse(), true)
  await console.turnOff()
  assert.equal(console.isInUse(), false)
})
