import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { OutputOf } from '../../src/api/endpoints.ts'
import { askAsAgent } from '../kit/agent.ts'
import { approver, handled } from '../kit/approver.ts'
import { house, until } from '../kit/house.ts'
import { internet } from '../kit/internet.ts'
import { hostileServer, wrapped } from '../kit/mcp.ts'
import { configure, owner, refused, type Owner } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'
import { FILE, stall, whyNoStall } from '../kit/stall.ts'

// What is said to be contained is looked for where it matters: at the far end of a connection, at the person who was just
// about to say yes, at the client of an MCP server, and at whoever is told of it outside this machine.

const t = { after: (fn: () => Promise<void> | void): void => after(fn) }
const home = house(t)
const OUTSIDE = 'far.test'
const far = await farEnd()
const { environment } = await internet(t, { names: [OUTSIDE], directory: home.home })
const hook = await webhook()
const syslog = await receiver()
configure(home, 'hook.secret', 'x'.repeat(64))
mkdirSync(join(home.home, '.config/warder/profiles'), { mode: 0o700 })
configure(
  home,
  'policy.yaml',
  `version: 1
rules:
  - id: out
    agents: ["*"]
    effect: allow
    capabilities: ["net:connect:${OUTSIDE}:${far.port}"]
    reason: a test
  - id: careful
    agents: [asker]
    effect: ask
    capabilities: ["process:spawn"]
    reason: it is asked for here
  - id: able
    agents: [holder]
    effect: allow
    capabilities: ["process:spawn"]
    reason: a test
egress:
  - id: here
    hosts: ["*.test"]
    addresses: [127.0.0.0/8]
    opaque: true
mcp:
  servers:
    box: { tier: trusted, rate: 1000, tools: { "*": allow } }
    good: { tier: trusted, rate: 1000, tools: { "*": allow } }
`,
)
// on a busy machine a run that is slow to end would be an incident of its own
const SETTINGS = [
  ...['watch.boundary=off', 'watch.host=off', 'approval.wait=true'],
  ...[`egress.roots=${environment['WARDER_EGRESS_ROOTS']}`],
  ...[`egress.resolver=${environment['WARDER_EGRESS_RESOLVER']}`],
  ...[
    `alert.webhook_url=${hook.url}`,
    `alert.webhook_secret=${join(home.home, '.config/warder/hook.secret')}`,
  ],
  ...['alert.webhook_events=incident.*', `alert.syslog=udp:127.0.0.1:${syslog.port}`],
]
let me: Owner = await owner({ after }, home, SETTINGS)

type Contained = OutputOf<'contain'>

function receipt({ incident }: Contained, action: string) {
  const found = incident.actions.find((each) => each.action === action)
  return found ?? assert.fail(`there is no ${action}`)
}

const contain = (agent: string) => me.call('contain', { agent, reason: 'a test', keepWorkspace: true })

/** A server outside that only listens, and hears when a connection ends. */
async function farEnd() {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => open.delete(socket))
    socket.write('hello\n')
  })
  after(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, open }
}

interface Told {
  readonly event: string
  readonly alert: Readonly<Record<string, unknown>> & { readonly evidence: Readonly<Record<string, string>> }
}

async function webhook() {
  const told: Told[] = []
  const server = createHttp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      told.push(JSON.parse(Buffer.concat(chunks).toString()) as Told)
      response.writeHead(204).end()
    })
  })
  after(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

async function receiver() {
  const heard: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (message) => heard.push(message.toString()))
  after(() => void socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { heard, port: socket.address().port }
}

test('connections that are really open are gone at the far end as well, and the receipt says how many there were', async () => {
  const HOLD = String.raw`
import { connect } from 'node:net'
for (let i = 0; i < 3; i += 1) {
  const socket = connect(3128, '127.0.0.1', () => socket.write('CONNECT ${OUTSIDE}:${far.port} HTTP/1.1\r\nHost: ${OUTSIDE}:${far.port}\r\n\r\n'))
  socket.on('data', () => undefined).on('error', () => undefined)
}
setInterval(() => undefined, 1000)`
  const argv = [process.execPath, '--input-type=module', '-e', HOLD]
  home.start(['run', '--agent', 'caller', '--', ...argv]).stdin?.end()
  home.start(['run', '--agent', 'other', '--', ...argv]).stdin?.end()
  await until(() => far.open.size === 6, 'two agents have three connections each', 30_000)
  const answer = await contain('caller')
  assert.equal(answer.incident.state, 'contained')
  await until(() => far.open.size === 3, 'the far end sees them end')
  const { evidence, state } = receipt(answer, 'close_egress')
  assert.equal(state, 'done')
  assert.match(evidence, /^1 ways out ended, 3 connections were open and are gone; none is open$/)
  assert.equal((await me.call('egressList', {})).ways.length, 1, 'nobody else is cut off')
})

test('a question of who is contained is withdrawn, its tokens and permits with it, and a late yes is told why', async (t) => {
  const watching = await approver(t, me)
  const { permit } = await me.open({ agent: 'holder', argv: ['true'] })
  const { permit: own } = await me.open({ kind: 'exec', agent: 'holder', argv: ['true'] })
  const asked = { agent: 'holder', task: 't', intent: 'i', capabilities: ['fs:read:/srv/y'] }
  await me.call('tokenIssue', asked)
  const asking = refused(
    handled(me.open({ kind: 'exec', agent: 'asker', argv: ['/bin/echo', 'x'] })),
    'STOPPED',
  )
  const question = await watching.asked('asker')

  const held = await contain('holder')
  assert.match(receipt(held, 'freeze_agent').evidence, /; 2 open permits, 1 token taken back;/)
  for (const each of [permit, own]) await refused(me.attach(each), 'PERMIT_OVERTAKEN')
  assert.equal((await me.call('approvalList', {})).questions.length, 1, 'nobody else’s question')

  const answer = await contain('asker')
  assert.match(receipt(answer, 'freeze_agent').evidence, /; 1 question taken back;/)
  assert.match((await watching.saw(question.id, 'withdrawn')).note ?? '', /incident INC-.*: a test/)
  assert.match((await asking).message, /incident INC-/)
  const { id, payload } = question
  const late = await refused(me.call('approvalAnswer', { id, payload, say: 'once' }), 'APPROVAL_ANSWERED')
  assert.match(late.message, new RegExp(`withdrawn: incident ${answer.incident.id}`))
  const entry = await me.entry({ action: 'question:withdrawn', target: id })
  assert.match(entry.reason, /incident INC-/)
})

test('whoever is told outside hears that it is contained, and louder that it is not', async () => {
  const tells = (type: string, agent: string) =>
    hook.told.find(({ event, alert }) => event === type && alert['principal'] === agent)
  await until(() => tells('incident.contained', 'asker') !== undefined, 'the webhook is told')
  const { alert } = tells('incident.contained', 'asker') ?? assert.fail()
  assert.match(String(alert['message']), /^INC-\S+ is contained: a test$/)
  assert.match(alert.evidence['kill_agent asker'] ?? '', /^done: /)
  assert.ok(
    syslog.heard.some(
      (line) => line.includes('event="incident.contained"') && line.includes('principal="asker"'),
    ),
    syslog.heard.join('\n'),
  )

  // too large to be kept in passing, and nothing is left that it could go back to
  for (const { id } of (await me.call('snapshotList', {})).snapshots) await me.call('snapshotDrop', { id })
  const large = join(home.workspace, 'large')
  writeFileSync(large, '')
  truncateSync(large, 33 * 1024 * 1024)
  home.start(['run', '--agent', 'spoiler', '--', '/bin/sh', '-c', 'echo x > y; sleep 1000']).stdin?.end()
  const runs = async () => (await me.call('runs', {})).runs.some(({ agent }) => agent === 'spoiler')
  await until(runs, 'it runs', 20_000)
  const { incident } = await me.call('contain', { agent: 'spoiler', reason: 'another test' })
  rmSync(large)
  assert.equal(incident.state, 'containment_failed')
  await until(() => tells('incident.containment_failed', 'spoiler') !== undefined, 'the webhook is told')
  assert.match(String(tells('incident.containment_failed', 'spoiler')?.alert['message']), /is NOT contained/)
  assert.equal(tells('incident.contained', 'spoiler'), undefined)
})

/** The processes that read the file nobody answers for, and the state of each. */
function readers(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== `cat\0${FILE}\0`) return []
      return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? []
    } catch {
      return [] // it ended while we looked
    }
  })
}

test(
  'a process that not even SIGKILL ends is not called contained while it is there',
  { skip: whyNoStall() },
  async (s) => {
    const { directory, letGo } = await stall(s)
    configure(
      home,
      'profiles/stuck.yaml',
      `name: stuck
description: for a test
filesystem: { workspace: read-only, read_only: [${directory}] }
network: { mode: none }
process: { fork: true, max_memory: 512MiB, max_processes: 64, max_open_files: 256 }
environment: { mode: none }
`,
    )
    home
      .start([
        'run',
        '--agent',
        'stuck',
        '--profile',
        'stuck',
        '--',
        '/bin/sh',
        '-c',
        `cd ${directory}; f=$(printf %s%s fi le); cat "$f"; :`,
      ])
      .stdin?.end()
    await until(() => readers().length === 1, 'it reads', 20_000)
    const answer = await contain('stuck')
    assert.deepEqual(readers(), ['D'], 'it is there, and waits in the kernel')
    assert.equal(answer.incident.state, 'containment_failed')
    assert.equal(answer.times['dead'], undefined, 'nobody says when it died')
    assert.ok((answer.times['frozen'] ?? -1) >= 0, 'what waits in the kernel does nothing until it is let go')
    assert.equal(receipt(answer, 'kill_agent').state, 'failed')
    assert.match(
      receipt(answer, 'kill_agent').evidence,
      /still there: \S+ \(\d+ processes, of which 1 waits? in the kernel/,
    )
    s.diagnostic(
      `receipts: ${JSON.stringify(answer.incident.actions.map(({ action, state, ms, evidence }) => [action, state, ms, evidence]))}`,
    )
    await letGo()
    const { id } = answer.incident
    await until(
      async () => (await me.call('incidentShow', { id })).state === 'contained',
      'it is contained',
      30_000,
    )
    assert.deepEqual(readers(), [])
  },
)

async function incidentOf(rule: string) {
  const found = async () => (await me.call('incidentList', {})).incidents.find((each) => each.rule === rule)
  await until(async () => (await found())?.state === 'contained', `${rule} is contained`, 20_000)
  return (await found()) ?? assert.fail()
}

test('a tool that answers with orders is taken out of use, then its server; only the owner gives either back', async (t) => {
  const it = await wrapped(t, home, 'box', hostileServer(home), { options: ['--as', 'victim'] })
  const honest = await wrapped(t, home, 'good', hostileServer(home), { options: ['--as', 'victim'] })
  for (let i = 0; i < 3; i += 1) await it.refused('say_plain')
  const ofTool = await incidentOf('mcp.poisoned-tool')
  assert.deepEqual(
    ofTool.actions.map(({ action, target, state }) => [action, target, state]),
    [
      ['quarantine', 'box/say_plain', 'done'],
      ['log_alert', 'ledger', 'done'],
    ],
  )
  const tool = await it.refused('say_plain')
  assert.equal(tool.data['rule'], 'containment.quarantine')
  assert.match(String(tool.data['reason']), new RegExp(`box/say_plain is in quarantine: ${ofTool.id}`))
  assert.equal(await it.text('fine'), 'it is fine', 'its other tools go on')

  for (const name of ['say_hex', 'say_rot13', 'say_base64']) await it.refused(name).catch(() => undefined)
  const ofServer = await incidentOf('mcp.injected-answers')
  assert.deepEqual(
    ofServer.actions.map(({ action, target, state }) => [action, target, state]),
    [
      ['quarantine', 'box', 'done'],
      ['log_alert', 'ledger', 'done'],
    ],
  )
  await assert.rejects(it.text('fine'), 'the server has ended')
  await assert.rejects(
    wrapped(t, home, 'box', hostileServer(home), { options: ['--as', 'victim'] }),
    (error) => {
      assert.match(String(error), new RegExp(`stopped since .*incident ${ofServer.id}`))
      return true
    },
  )
  assert.equal(await honest.text('fine'), 'it is fine', 'the agent was the victim, and goes on')

  // neither an agent nor a restart gives it back
  const path = `/v1/incidents/${ofServer.id}/resolve`
  const [answer] = await askAsAgent(home, 'victim', [
    { method: 'POST', path, body: { id: ofServer.id, by: 'me', reason: 'r' } },
  ])
  assert.equal(answer?.status, 403)
  await endDaemon(home)
  me = await owner({ after }, home, SETTINGS)
  await assert.rejects(wrapped(t, home, 'box', hostileServer(home), { options: ['--as', 'victim'] }))

  const resolve = async (id: string) => {
    await me.call('incidentAck', { id, by: 'anna', cause: 'a test' })
    return (await me.call('incidentResolve', { id, by: 'anna', reason: 'mended' })).lifted
  }
  assert.deepEqual(await resolve(ofServer.id), ['the stop of mcp-box'])
  const again = await wrapped(t, home, 'box', hostileServer(home), { options: ['--as', 'victim'] })
  assert.equal(await again.text('fine'), 'it is fine')
  assert.equal((await again.refused('say_plain')).data['rule'], 'containment.quarantine', 'the tool still is')
  assert.deepEqual(await resolve(ofTool.id), ['the quarantine of box/say_plain'])
  assert.notEqual((await again.refused('say_plain')).data['rule'], 'containment.quarantine')
})
