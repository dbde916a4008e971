import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { house, until, type House } from '../kit/house.ts'
import { owner, type Owner } from '../kit/owner.ts'
import { needsTerminal, terminal } from '../kit/terminal.ts'

// What the owner does in the sandbox of an agent that runs: commands beside it, and a way in to its server.

const home = house({ after })
const WARDER = new URL('../../bin/warder', import.meta.url).pathname
const shared: { me?: Owner; missing?: string } = {}

const SERVER = `
const { createServer } = require('node:http')
createServer((request, response) => {
  if (request.url === '/echo') return request.pipe(response)
  response.setHeader('connection', 'close')
  response.end('from inside ' + request.url)
}).listen(4321, '127.0.0.1', () => console.log('listening'))
`

/** Starts an agent that serves on port 4321 inside, and waits until it does. */
async function serving(at: House, agent: string): Promise<void> {
  const child = at.start(['run', '--agent', agent, '--', process.execPath, '-e', SERVER])
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => said.includes('listening') || child.exitCode !== null, `the server of ${agent}`, 120_000)
  assert.match(said, /listening/)
}

before(async () => {
  const me = await owner({ after }, home, ['daemon.hung_after=10m'])
  shared.me = me
  const { guarantees } = await me.call('sandboxProbe', {})
  const resident = guarantees.find(({ name }) => name === 'resident-exec')
  if (resident?.inForce === true) await serving(home, 'builder')
  else shared.missing = `no commands in a running sandbox here (${resident?.why}): NOT tried`
})

function needsInside(t: { skip(why: string): void }): boolean {
  if (shared.missing !== undefined) t.skip(shared.missing)
  return shared.missing === undefined
}

/** Starts `warder forward` and waits for the address it prints. */
async function forwarded(...args: string[]) {
  const child = home.start(['forward', 'builder', ...args, '--json'])
  const said = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => (said.out += String(chunk)))
  child.stderr?.on('data', (chunk: Buffer) => (said.err += String(chunk)))
  const exit = new Promise<number | null>((done) => child.once('close', done))
  await until(() => said.out.includes('}') || child.exitCode !== null, 'the forward', 120_000)
  assert.notEqual(said.out, '', said.err)
  const { address } = JSON.parse(said.out) as { address?: string }
  assert.ok(address !== undefined, said.out)
  return { child, exit, said, address }
}

type At = { readonly port: number } | { readonly socketPath: string }

function ask(at: At, path: string, body?: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const where = 'port' in at ? { host: '127.0.0.1', port: at.port } : at
  const asked = request(
    { ...where, path, method: body === undefined ? 'GET' : 'POST', agent: false },
    (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.once('end', () => resolve(Buffer.concat(chunks)))
      reply.once('error', reject)
    },
  )
  asked.once('error', reject)
  asked.end(body)
  return promise
}

test('a command runs beside the agent, with its streams, directory and exit code', async (t) => {
  if (!needsInside(t)) return
  const script = 'cat; pwd; echo told >&2; echo made > beside.txt; exit 7'
  const ran = await home.warder(['exec', '--in', 'builder', '--', 'sh', '-c', script], { input: 'given\n' })
  assert.deepEqual([ran.code, ran.stdout, ran.stderr], [7, `given\n${home.workspace}\n`, 'told\n'])
  assert.equal(readFileSync(join(home.workspace, 'beside.txt'), 'utf8'), 'made\n')
  const seen = await home.warder(['exec', '--in', 'builder', '--', 'sh', '-c', 'cat /proc/[0-9]*/cmdline'])
  assert.match(seen.stdout, /createServer/, 'it is the agent’s own sandbox')
})

test('a terminal of its own has the right size and takes Ctrl-C', async (t) => {
  if (!needsInside(t) || !needsTerminal(t)) return
  const script = 'test -t 0 && test -t 1 && stty size; echo ready; exec sleep 1000'
  const argv = [WARDER, 'exec', '-q', '--in', 'builder', '--', 'sh', '-c', script]
  const screen = terminal(t, argv, { cwd: home.workspace, env: home.environment, columns: 91, rows: 17 })
  await screen.shows(/17 91\r\nready/)
  screen.type('\u0003')
  assert.equal(await screen.exit, 130, screen.screen())
})

test('what it leaves in the background keeps nobody waiting', async (t) => {
  if (!needsInside(t)) return
  const ran = await home.warder(['exec', '--in', 'builder', '--', 'sh', '-c', 'sleep 1000 & echo done'])
  assert.deepEqual([ran.code, ran.stdout], [0, 'done\n'], ran.stderr)
})

test('its time limit ends the command, and the agent goes on', async (t) => {
  if (!needsInside(t)) return
  const late = await home.warder(['exec', '--in', 'builder', '--timeout', '1s', '--', 'sleep', '1000'])
  assert.equal(late.code, 124, late.stderr)
  assert.equal((await home.warder(['exec', '--in', 'builder', '--', 'true'])).code, 0)
})

test('the gate’s yes and how it ended are on record', async (t) => {
  if (!needsInside(t)) return
  const { me } = shared
  await home.warder(['exec', '--in', 'builder', '--reason', 'a look', '--', 'sh', '-c', 'exit 3'])
  const asked = (await me!.ledger()).findLast(({ details }) => {
    const about = details as Readonly<Record<string, unknown>> | undefined
    return about?.['inside'] === 'builder' && String(about['command']).endsWith('sh -c exit 3')
  })
  assert.deepEqual([asked?.agent, asked?.action, asked?.decision], ['owner', 'process:spawn', 'allow'])
  const settled = await me!.entry({ permit_id: String(asked?.['permit_id']), result: 'failure' })
  assert.equal(settled.action, 'process:spawn')
})

test('who does not run, and what does not go together, is said', async () => {
  const missing = await home.warder(['exec', '--in', 'nobody', '--', 'true'])
  assert.equal(missing.code, 4)
  assert.match(missing.stderr, /nothing runs as nobody[\s\S]*warder run --agent nobody/)
  const both = await home.warder(['exec', '--in', 'builder', '--profile', 'agent', '--', 'true'])
  assert.equal(both.code, 2)
  assert.equal((await home.warder(['forward', 'builder', 'http'])).code, 2)
  assert.equal((await home.warder(['forward', 'nobody', '4321:0'])).code, 4)
})

test('a server inside answers through a forwarded port, whatever goes through and however often', async (t) => {
  if (!needsInside(t)) return
  const { child, exit, address, said } = await forwarded('4321:0')
  const port = Number(address.split(':')[1])
  assert.match(address, /^127\.0\.0\.1:\d+$/)
  assert.equal(String(await ask({ port }, '/one')), 'from inside /one')
  const many = await Promise.all(Array.from({ length: 10 }, (_, i) => ask({ port }, `/${i}`)))
  assert.deepEqual(
    many.map(String),
    Array.from({ length: 10 }, (_, i) => `from inside /${i}`),
  )
  const body = Buffer.alloc(1_500_000, 'warder')
  assert.ok((await ask({ port }, '/echo', body)).equals(body))
  child.kill('SIGTERM')
  assert.equal(await exit, 0, said.err)
  await assert.rejects(ask({ port }, '/late'), /ECONNREFUSED/)
  const settled = await shared.me!.entry({
    action: 'net:connect',
    target: '127.0.0.1:4321',
    result: 'success',
  })
  assert.match(JSON.stringify(settled), /connections: 12/)
})

test('a forwarded socket is for its owner alone, and is gone afterwards', async (t) => {
  if (!needsInside(t)) return
  const path = join(home.home, 'in.sock')
  const { child, exit, address } = await forwarded('4321', '--unix', path)
  assert.equal(address, path)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(String(await ask({ socketPath: path }, '/socket')), 'from inside /socket')
  child.kill('SIGTERM')
  assert.equal(await exit, 0)
  assert.throws(() => statSync(path), /ENOENT/)
})

test('a port where nobody listens inside is said, and one that is taken out here as well', async (t) => {
  if (!needsInside(t)) return
  const { child, exit, address, said } = await forwarded('4322:0')
  await assert.rejects(ask({ port: Number(address.split(':')[1]) }, '/'), /socket hang up|ECONNRESET/)
  await until(() => said.err.includes('Connection refused'), 'the warning', 60_000)
  child.kill('SIGTERM')
  await exit
  const other = createServer()
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  t.after(() => other.close())
  const { port } = other.address() as { port: number }
  const taken = await home.warder(['forward', 'builder', `4321:${port}`])
  assert.equal(taken.code, 5)
  assert.match(taken.stderr, /is in use[\s\S]*PORT:LOCAL/)
})

test('a file that is there already is no place for the socket', async (t) => {
  if (!needsInside(t)) return
  const path = join(home.home, 'mine.txt')
  writeFileSync(path, 'mine')
  assert.equal((await home.warder(['forward', 'builder', '4321', '--unix', path])).code, 5)
  assert.equal(readFileSync(path, 'utf8'), 'mine')
})

const LIBRARY = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

for (const mode of ['daemon', 'in-process'] as const) {
  test(`a program runs a command beside an agent through the library, ${mode}`, async (t) => {
    if (!needsInside(t)) return
    if (!existsSync(LIBRARY)) return t.skip('the library was not built: NOT tried')
    const at = house(t)
    const body = `
      const { openWarder } = await import(${JSON.stringify(LIBRARY)})
      const warder = await openWarder({ mode: '${mode}', settings: { 'daemon.hung_after': '10m' } })
      const workspace = process.cwd()
      const agent = warder.run({ kind: 'run', agent: 'lib', workspace, argv: ['sh', '-c', 'until [ -e go ]; do sleep 0.1; done'] })
      while ((await warder.call('runs', {})).runs.length === 0) await new Promise((done) => setTimeout(done, 50))
      const input = 'x'.repeat(300_000)
      const ran = await warder.runInside({ agent: 'lib', argv: ['sh', '-c', 'cat; echo err >&2; exit 4'], input })
      await warder.runInside({ agent: 'lib', argv: ['touch', 'go'] }).catch(() => undefined) // the agent may end first
      const { code } = await agent
      console.log(JSON.stringify([ran.code, ran.reason, ran.stdout.toString() === input, ran.stderr.toString(), code]))
      await warder.close()`
    const program = join(at.home, 'program.mjs')
    writeFileSync(program, body)
    const child = spawn(process.execPath, [program], {
      cwd: at.workspace,
      env: { ...at.environment },
      timeout: 120_000,
    })
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.equal(out, '[4,"exited",true,"err\\n",0]\n', err)
  })
}
