import assert from 'node:assert/strict'
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { approver, handled } from '../kit/approver.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { internet, type Internet } from '../kit/internet.ts'
import { configure, owner, refused, type Owner } from '../kit/owner.ts'

// An agent in a whole Warder tries to reach what nobody allowed: past the airlock, past its profile, past a person's no,
// and when what carries its words has died.

const [OPEN, ASKED, LISTED] = ['open.test', 'asked.test', 'listed.test']
const teardown: (() => Promise<void> | void)[] = []
const t = { after: (fn: () => Promise<void> | void) => void teardown.push(fn) }
const home = house(t)
let world: Internet
let me: Owner

before(async () => {
  world = await internet(t, { names: [OPEN, ASKED, LISTED, 'other.test'], directory: home.home })
  configure(
    home,
    'policy.yaml',
    `version: 1
rules:
  - id: works
    agents: ["*"]
    effect: allow
    capabilities: ["net:connect:${OPEN}:${world.port}", "net:connect:other.test:443"]
    reason: it may
  - id: careful
    agents: ["*"]
    effect: ask
    capabilities: ["net:connect:${ASKED}:${world.port}"]
    reason: somebody looks first
  - id: never
    agents: ["*"]
    effect: deny
    capabilities: ["net:connect:never.test"]
    reason: nobody goes there
egress:
  - id: here
    hosts: ["*.test"]
    addresses: [127.0.0.0/8]
`,
  )
  mkdirSync(`${home.home}/.config/warder/profiles`, { mode: 0o700 })
  const led = (name: string, network: string) =>
    configure(
      home,
      `profiles/${name}.yaml`,
      `name: ${name}
description: for a test
filesystem: { workspace: read-only }
network: ${network}
process: { fork: true, max_memory: 512MiB, max_processes: 64, max_open_files: 256 }
environment: { mode: none }
`,
    )
  led('led', '{ mode: policy, via: transparent }')
  led('named', `{ mode: domains, domains: [${LISTED}] }`)
  const { WARDER_EGRESS_ROOTS: roots, WARDER_EGRESS_RESOLVER: resolver } = world.environment
  me = await owner(t, home, [`egress.roots=${roots}`, `egress.resolver=${resolver}`, 'egress.airlock=on'])
})
after(async () => {
  for (const end of teardown.toReversed()) await end()
})

const open = (minutes = 5) => me.call('airlockOpen', { for: `${minutes}m`, reason: 'a test' })

/** Inside: one CONNECT for each place; prints its status and the words of a refusal. */
const CONNECTS = String.raw`
import { connect } from 'node:net'
for (const place of process.argv.slice(1)) {
  const answer = await new Promise((done) => {
    const socket = connect(3128, '127.0.0.1', () => socket.write('CONNECT ' + place + ' HTTP/1.1\r\nHost: ' + place + '\r\n\r\n'))
    let text = ''
    socket.on('data', (part) => { text += part; if (text.startsWith('HTTP/1.1 200')) socket.destroy() })
    socket.on('error', ({ code }) => { text += code })
    socket.on('close', () => done(text))
  })
  console.log(place, answer.split(' ')[1] ?? answer, /rule: (\S+)/.exec(answer)?.[1] ?? '')
}`

async function connects(agent: string, places: readonly string[], more: object = {}): Promise<string[]> {
  const argv = [process.execPath, '--input-type=module', '-e', CONNECTS, ...places]
  const { permit } = await me.open({ agent, argv, ...more })
  const { stdout, stderr } = await me.attach(permit)
  assert.notEqual(stdout, '', stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
}

const at = (host: string) => `${host}:${world.port}`

test('behind a closed airlock nothing leaves, whatever rules allow, and no agent opens it', async (s) => {
  assert.deepEqual(await connects('builder', [at(OPEN)]), [`${at(OPEN)} 403 egress.airlock`])
  if (needs(s, '/usr/bin/perl')) {
    const tries = await askAsAgent(home, 'builder', [
      { method: 'POST', path: '/v1/airlock/open', body: { for: '1h', reason: 'let me out' } },
      { method: 'GET', path: '/v1/egress' },
    ])
    for (const { status, body } of tries) assert.deepEqual([status, body['code']], [403, 'NOT_FOR_AGENTS'])
  }
  assert.equal((await me.call('airlockShow', {})).openUntil, undefined)
  await open()
  assert.deepEqual(await connects('builder', [at(OPEN)]), [`${at(OPEN)} 200`])
  await me.call('airlockClose', {})
  assert.deepEqual(await connects('builder', [at(OPEN)]), [`${at(OPEN)} 403 egress.airlock`])
  const acts = (await me.ledger({ action: 'config:write' })).filter(({ target }) => target === 'airlock')
  assert.ok(acts.length >= 4, 'opening and shutting are on record, with their outcomes')
})

test('a profile that names domains reaches these and no other, whatever policy allows besides', async () => {
  await open()
  const said = await connects(
    'reader',
    [`${LISTED}:443`, at(LISTED), 'other.test:443', at(OPEN), 'never.test:443'],
    {
      profile: 'named',
    },
  )
  // nobody listens on port 443 of this machine, or somebody does; in neither case is it refused
  assert.match(said[0] ?? '', /^listed\.test:443 (?:200|50\d)/)
  assert.deepEqual(said.slice(1), [
    `${at(LISTED)} 403 default`,
    'other.test:443 403 profile.named.domains',
    `${at(OPEN)} 403 profile.named.domains`,
    'never.test:443 403 rule.never',
  ])
})

test('a person’s no is a no, a yes is for this run and this place, and nobody there is a no', async (s) => {
  await open()
  assert.match((await connects('alone', [at(ASKED)]))[0] ?? '', /^asked\.test:\d+ 403 /)
  const watching = await approver(s, me)
  const first = handled(connects('builder', [at(ASKED), at(ASKED)]))
  const question = await watching.asked('builder')
  await me.call('approvalAnswer', { id: question.id, payload: question.payload, say: 'once' })
  assert.deepEqual(await first, [`${at(ASKED)} 200`, `${at(ASKED)} 200`])
  const second = handled(connects('builder', [at(ASKED)]))
  const again = await watching.asked('builder')
  await me.call('approvalAnswer', { id: again.id, payload: again.payload, say: 'deny' })
  assert.match((await second)[0] ?? '', /^asked\.test:\d+ 403 /)
})

test('what a rule denies stays denied with a grant for it, and no agent grants itself one', async () => {
  await open()
  const said = await connects('builder', ['never.test:443'], { grants: ['net:connect:never.test:443'] })
  assert.deepEqual(said, ['never.test:443 403 rule.never'])
  const own = await connects('builder', ['unnamed.test:443'])
  assert.deepEqual(own, ['unnamed.test:443 403 default'])
})

test('led to the proxy, a program that knows of none reaches what it may and nothing else', async (s) => {
  await open()
  const { sandbox } = await me.call('status', {})
  const leads = sandbox.guarantees.find(({ name }) => name === 'transparent-network')
  if (leads?.inForce !== true) return s.skip(`NOT tried: ${leads?.why}`)
  const script = String.raw`
import { connect } from 'node:tls'
import { createSocket } from 'node:dgram'
for (const host of ['${OPEN}', 'other.test', 'unnamed.test']) {
  await new Promise((done) => {
    const socket = connect({ host, port: ${world.port}, servername: host, rejectUnauthorized: false }, () => {
      console.log(host, 'reached', socket.getPeerCertificate().subjectaltname)
      socket.destroy()
    })
    socket.on('error', ({ code }) => console.log(host, code))
    socket.on('close', done)
  })
}
const udp = createSocket('udp4')
udp.send('x', 4433, '198.51.100.7', (error) => { console.log('udp', error?.code); udp.close() })`
  const argv = [process.execPath, '--input-type=module', '-e', script]
  const { permit } = await me.open({ agent: 'plain', argv, profile: 'led' })
  const { stdout, stderr } = await me.attach(permit)
  const [first = '', ...rest] = stdout.trimEnd().split('\n')
  assert.equal(first, `${OPEN} reached DNS:${OPEN}`, stderr)
  assert.deepEqual(rest, ['other.test ECONNRESET', 'unnamed.test ECONNRESET', 'udp EPERM'])
})

test('when the proxy dies nothing leaves, it is said, and the next run has another', async () => {
  await open()
  const loop = `${CONNECTS.replace('for (const place of process.argv.slice(1))', "for (const place of Array(10000).fill('" + at(OPEN) + "'))")}`
  const argv = [process.execPath, '--input-type=module', '-e', loop]
  const { permit } = await me.open({ agent: 'looper', argv })
  const running = handled(me.attach(permit))
  await until(
    async () => (await me.call('egressList', {})).ways.some(({ places }) => places.length > 0),
    'it is out',
  )
  const pid = await proxyPid()
  process.kill(pid, 'SIGKILL')
  await until(async () => (await me.call('status', {})).egress.proxy === 'broken', 'the daemon knows')
  const { degraded } = await me.call('status', {})
  assert.ok(
    degraded.some((each) => each.includes('egress proxy is broken')),
    degraded.join('\n'),
  )
  assert.deepEqual((await me.call('egressList', {})).ways, [])
  await me.call('stop', { agent: 'looper', reason: 'seen enough' })
  const { stdout } = await running
  assert.match(stdout, / (?:ECONNREFUSED|ECONNRESET|[^2]\S*) /)
  await until(
    async () => (await connectsOrError('builder')) === `${at(OPEN)} 200`,
    'another proxy is up',
    30_000,
  )
  await me.entry({ action: 'net:connect', agent: 'looper', result: 'success' }) // its permit is settled all the same
})

async function connectsOrError(agent: string): Promise<string> {
  return (await connects(agent, [at(OPEN)]).catch((error: unknown) => [String(error)]))[0] ?? ''
}

async function proxyPid(): Promise<number> {
  const { pid } = await me.call('daemon', {})
  const { readdirSync, readFileSync } = await import('node:fs')
  for (const each of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = / (\d+)/.exec(readFileSync(`/proc/${each}/stat`, 'latin1').replace(/^.*\) \S/, ''))?.[1]
      if (Number(parent) === pid && readFileSync(`/proc/${each}/cmdline`, 'latin1').includes('egress'))
        return Number(each)
    } catch {
      continue // it ended meanwhile
    }
  }
  assert.fail('no proxy runs')
}

test('an agent that runs as somebody else than the daemon has its own way out, and the socket is its own', async (s) => {
  if (process.getuid?.() !== 0) return s.skip('NOT tried: only root runs agents as others')
  await open()
  const workspace = mkdtempSync(join(tmpdir(), 'we-'))
  t.after(() => rmSync(workspace, { recursive: true, force: true }))
  chownSync(workspace, 1234, 1234)
  const said = await connects('other', [at(OPEN), 'unnamed.test:443'], { workspace })
  assert.deepEqual(said, [`${at(OPEN)} 200`, 'unnamed.test:443 403 default'])
})

test('a secret whose profile has no network is refused, not ignored', async () => {
  await refused(
    me.open({
      agent: 'builder',
      argv: ['/bin/true'],
      profile: 'tool-minimal',
      secrets: [{ name: 'nothing', hosts: [] }],
    }),
    'SECRET_UNKNOWN',
  )
})
