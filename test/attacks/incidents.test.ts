import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { IncidentAnswer } from '../../src/api/incidents.ts'
import { INCIDENT_CLASSES, type IncidentClass } from '../../src/core/incident.ts'
import { askAsAgent } from '../kit/agent.ts'
import { house, until } from '../kit/house.ts'
import { configure, owner, refused, type Owner } from '../kit/owner.ts'
import { endDaemon, killDaemon } from '../kit/restart.ts'

// Incidents of every class, raised by the detection of a whole Warder from what an agent really did: what is said to be
// contained is looked for in the world, what fails says so, and nobody gets out of what is latched by going around.

/** One call that is not for agents stands for each class, so that a rule of the house can make it that. */
const CALLS: Readonly<Record<IncidentClass, string>> = {
  attestation_failure: '/v1/policy',
  integrity_violation: '/v1/grants',
  unauthorized_access: '/v1/secrets',
  policy_bypass_attempt: '/v1/snapshots',
  prompt_injection: '/v1/taint',
  manifest_mismatch: '/v1/changes',
  model_behavior_anomaly: '/v1/quarantine',
  tool_call_burst: '/v1/sessions',
  forbidden_airlock_request: '/v1/audit',
}

const home = house({ after })
configure(
  home,
  'detect.yaml',
  `version: 1
rules:
${INCIDENT_CLASSES.map(
  (kind) => `  - id: house.${kind.replaceAll('_', '-')}
    title: a call that stands for ${kind}
    about: A rule of this test, so that one call stands for one class.
    false_positives: Whoever calls this from inside a sandbox.
    say: "{agent} called {target}"
    severity: low
    class: ${kind}
    facts: [target]
    match:
      when: { action: "socket:call", rule: NOT_FOR_AGENTS, target: "GET ${CALLS[kind]}" }
    tests:
      - name: the call
        events: [{ source: ledger, type: "", agent: a, fields: { action: "socket:call", rule: NOT_FOR_AGENTS, target: "GET ${CALLS[kind]}" } }]
        fires: true
      - name: another call
        events: [{ source: ledger, type: "", agent: a, fields: { action: "socket:call", rule: NOT_FOR_AGENTS, target: "GET /v1/none" } }]
        fires: false
`,
).join('')}`,
)
// on a busy machine a run that is slow to end would be an incident of its own
const SETTINGS = ['watch.boundary=off', 'watch.host=off']
let me: Owner = await owner({ after }, home, SETTINGS)

test('the rules of this test are in force', async () => {
  const { stdout } = await home.command(['watch', 'rules'])
  for (const kind of INCIDENT_CLASSES)
    assert.ok(stdout.includes(`house.${kind.replaceAll('_', '-')}`), stdout)
})

const counter = { marks: 0 }

function alive(sleep: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${sleep}\0`
    } catch {
      return false // ended while we looked
    }
  }).length
}

/** A run of this agent that would go on for a long time. */
async function running(agent: string): Promise<string> {
  counter.marks += 1
  const sleep = `${90_000 + process.pid}.${counter.marks}`
  home.start(['run', '--agent', agent, '--', '/bin/sh', '-c', `sleep ${sleep}; :`]).stdin?.end()
  await until(() => alive(sleep) === 1, `${agent} runs`, 20_000)
  return sleep
}

function agentFor(kind: IncidentClass): string {
  return kind.replaceAll('_', '-')
}

async function provoke(kind: IncidentClass, agent: string): Promise<void> {
  await askAsAgent(home, agent, [{ method: 'GET', path: CALLS[kind] }]).catch(() => undefined) // it may be ended before it has its answer
}

/** The newest incident of an agent, once it is what is wanted. */
async function incidentOf(
  agent: string,
  is: (incident: IncidentAnswer) => boolean,
  kind?: IncidentClass,
): Promise<IncidentAnswer> {
  const found: { last?: IncidentAnswer } = {}
  const look = async () => {
    const { incidents } = await me.call('incidentList', {
      agent,
      ...(kind === undefined ? {} : { class: kind }),
    })
    const newest = incidents.toSorted((a, b) => (a.id < b.id ? 1 : -1))[0]
    if (newest !== undefined) found.last = newest
    return newest !== undefined && is(newest)
  }
  await until(look, `an incident of ${agent}; it is ${JSON.stringify(found.last)}`, 30_000)
  assert.ok(found.last !== undefined)
  return found.last
}

const DONE: Readonly<Record<IncidentClass, readonly string[]>> = {
  attestation_failure: ['freeze_agent', 'close_egress', 'lock_secrets'],
  integrity_violation: ['freeze_agent', 'close_egress', 'lock_secrets'],
  unauthorized_access: ['freeze_agent', 'lock_secrets', 'log_alert'],
  policy_bypass_attempt: ['freeze_agent', 'log_alert'],
  prompt_injection: ['freeze_agent', 'log_alert'],
  manifest_mismatch: ['freeze_agent'], // it names no file, tool or server
  model_behavior_anomaly: ['log_alert'],
  tool_call_burst: ['freeze_agent'],
  forbidden_airlock_request: [],
}

test('an agent can neither see incidents nor contain or pardon anybody', async () => {
  const asks = [
    { method: 'GET' as const, path: '/v1/quarantine/nothing' },
    { method: 'POST' as const, path: '/v1/contain', body: { agent: 'other', reason: 'r' } },
    { method: 'POST' as const, path: '/v1/incidents/x/resolve', body: { id: 'x', by: 'me', reason: 'r' } },
    { method: 'POST' as const, path: '/v1/incidents/export', body: {} },
  ]
  const answers = await askAsAgent(home, 'asker', asks)
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 403, 403, 403],
  )
})

/** What an agent of this class did led to what is said, and what is said to be done is so. */
async function assertDone(kind: IncidentClass, sleep: string): Promise<void> {
  const agent = agentFor(kind)
  const want = DONE[kind].length === 0 ? 'open' : 'contained'
  const incident = await incidentOf(agent, ({ state }) => state === want, kind)
  assert.notEqual(incident.severity, 'low', 'whatever the rule says')
  assert.deepEqual(
    incident.actions.map(({ action }) => action),
    DONE[kind],
  )
  const isFrozen = DONE[kind].includes('freeze_agent')
  assert.equal(alive(sleep), isFrozen ? 0 : 1, kind)
  const { stops } = await me.call('daemon', {})
  const isStopped = stops.some((stop) => stop.agent === agent && stop.reason.includes(incident.id))
  assert.equal(isStopped, isFrozen, kind)
  if (isFrozen) await refused(me.open({ agent, argv: ['true'] }), 'STOPPED')
  const entries = (await me.ledger({ action: 'incident:' })).filter(({ target }) => target === incident.id)
  assert.ok(entries.some(({ action }) => action === 'incident:opened'))
}

test('each class, raised by what an agent did: what is said to be done is so, for that agent and no other', async (t) => {
  const value = Buffer.from('a value').toString('base64')
  await me.call('secretSet', { name: 'deploy', value, hosts: ['api.test'] })
  const sleeps = await Promise.all(INCIDENT_CLASSES.map((kind) => running(agentFor(kind))))
  const began = Date.now()
  await Promise.all(INCIDENT_CLASSES.map((kind) => provoke(kind, agentFor(kind))))
  for (const [i, kind] of INCIDENT_CLASSES.entries()) await assertDone(kind, sleeps[i] ?? '')
  t.diagnostic(`all nine looked at ${Date.now() - began} ms after the first began`)
  const shut = await refused(me.call('secretRead', { name: 'deploy', reveal: true }), 'SECRETS_LOCKED')
  assert.match(shut.message, /INC-/)
  const others = (await me.call('incidentList', {})).incidents.filter(
    ({ rule }) => !rule.startsWith('house.'),
  )
  assert.deepEqual(
    others.map(({ rule, summary }) => `${rule}: ${summary}`),
    [],
    'nothing else was raised by honest runs',
  )
})

test('the same again is counted; once somebody let the agent go on, it is contained again', async () => {
  const agent = 'again'
  await provoke('tool_call_burst', agent)
  const first = await incidentOf(agent, ({ state }) => state === 'contained')
  await me.call('resume', { agent, reason: 'a false alarm, it seems' })
  const sleep = await running(agent)
  await provoke('tool_call_burst', agent)
  const then = await incidentOf(
    agent,
    ({ actions }) => (actions[0]?.attempts ?? 0) > 1 && actions[0]?.state === 'done',
  )
  assert.equal(then.id, first.id)
  assert.equal(alive(sleep), 0)
  assert.match(then.timeline.map(({ what }) => what).join('\n'), /does not hold any more/)
})

/** Waits for a file in its workspace, then makes the call of a class, and goes on. */
const WHEN_TOLD = String.raw`
use IO::Socket::UNIX;
select(undef, undef, undef, 0.05) while !-e 'go';
my $socket = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET});
print $socket "GET $ARGV[0] HTTP/1.0\r\nhost: warder\r\n\r\n"; $socket->flush;
system('sleep', $ARGV[1]);`

test('an action that does not work says so, goes on being tried, and is contained when it does', async () => {
  const [file, aside] = [join(home.state, 'stop.json'), join(home.state, 'stop.aside')]
  const agent = 'unstoppable'
  const argv = ['/usr/bin/perl', '-e', WHEN_TOLD, CALLS.tool_call_burst, '95000']
  home.start(['run', '--agent', agent, '--', ...argv]).stdin?.end()
  await until(
    async () => (await me.call('runs', {})).runs.some((run) => run.agent === agent),
    'it runs',
    20_000,
  )
  renameSync(file, aside)
  mkdirSync(file) // what can be neither read nor written
  try {
    writeFileSync(join(home.workspace, 'go'), '')
    const failed = await incidentOf(agent, ({ state }) => state === 'containment_failed')
    assert.match(failed.actions[0]?.evidence ?? '', /stop/)
    await refused(me.call('incidentResolve', { id: failed.id, by: 'anna', reason: 'r' }), 'INCIDENT_STATE')
  } finally {
    rmSync(file, { recursive: true })
    renameSync(aside, file)
  }
  const { actions, id } = await incidentOf(agent, ({ state }) => state === 'contained')
  assert.ok((actions[0]?.attempts ?? 0) > 1)
  assert.ok((await me.ledger({ action: 'incident:containment_failed' })).some(({ target }) => target === id))
  await refused(me.open({ agent, argv: ['true'] }), 'STOPPED')
  assert.ok(!(await me.call('runs', {})).runs.some((run) => run.agent === agent), 'nothing of it is left')
})

test('a latched incident is ended by no restart, no resume, no edited stop file, and no missing evidence', async () => {
  const agent = 'manifest-mismatch'
  const { id } = await incidentOf(agent, ({ state }) => state === 'contained', 'manifest_mismatch')
  await refused(me.call('resume', { agent, reason: 'r' }), 'INCIDENT_LATCHED')
  await refused(me.call('incidentResolve', { id, by: 'anna', reason: 'r' }), 'INCIDENT_STATE')
  await endDaemon(home)
  const file = join(home.state, 'stop.json')
  const stops = JSON.parse(readFileSync(file, 'utf8')) as { agents: Record<string, unknown> }
  delete stops.agents[agent]
  writeFileSync(file, JSON.stringify(stops), { mode: 0o600 })
  me = await owner({ after }, home, SETTINGS)
  await refused(me.open({ agent, argv: ['true'] }), 'STOPPED')
  await refused(me.call('resume', { agent, reason: 'r' }), 'INCIDENT_LATCHED')
  await refused(me.call('secretRead', { name: 'deploy', reveal: true }), 'SECRETS_LOCKED')

  const needing = await incidentOf('unauthorized-access', () => true, 'unauthorized_access')
  await me.call('incidentAck', { id: needing.id, by: 'anna', cause: 'a test' })
  await refused(me.call('incidentResolve', { id: needing.id, by: 'anna', reason: 'r' }), 'INCIDENT_EVIDENCE')
})

test('recover takes one through it under a name, and lifts what only this incident held', async () => {
  const agent = 'manifest-mismatch'
  const { id } = await incidentOf(agent, () => true, 'manifest_mismatch')
  const words = ['recover', id, '--by', 'anna', '--cause', 'a test', '--reason', 'put right']
  assert.equal((await home.command([...words, '--confirm', 'other'])).code, 5)
  assert.equal((await me.call('incidentShow', { id })).state, 'contained', 'nothing was done')
  const { code, stdout, stderr } = await home.command([...words, '--confirm', id])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /resolved by anna; lifted: the stop of manifest-mismatch/)
  const done = await me.call('incidentShow', { id })
  assert.equal(done.state, 'resolved')
  assert.match(done.acknowledged?.by ?? '', /^anna \(owner\)$/)
  await me.attach((await me.open({ agent, argv: ['true'] })).permit)
})

test('a credential that is known to somebody is taken out of use, and its case ends with its last step', async () => {
  const opened = await me.call('incidentPlaybook', {
    playbook: 'credential',
    secret: 'deploy',
    reason: 'seen in a log',
  })
  assert.equal(opened.state, 'contained')
  const { secrets } = await me.call('secretList', {})
  assert.match(secrets.find(({ name }) => name === 'deploy')?.disabled?.why ?? '', new RegExp(opened.id))
  const { id } = opened
  await me.call('incidentAck', { id, by: 'anna', cause: 'a log' })
  for (const { id: step } of opened.steps.filter(({ state }) => state === 'open')) {
    await refused(me.call('incidentResolve', { id, by: 'anna', reason: 'r' }), 'INCIDENT_PENDING')
    await me.call('incidentStep', { id, step, by: 'anna', note: 'done', waive: step === 'add-controls' })
  }
  await refused(me.call('incidentStep', { id, step: 'nonsense', by: 'anna', note: 'n' }), 'INCIDENT_UNKNOWN')
  assert.equal((await me.call('incidentResolve', { id, by: 'anna', reason: 'r' })).incident.state, 'resolved')
})

test('a recorder that is killed with orders on the disk does them when it is back, and forgets nothing', async () => {
  const before = (await me.call('incidentList', { state: 'active' })).total
  const sleep = await running('orphan')
  const asked = provoke('prompt_injection', 'orphan')
  const book = join(home.state, 'incidents/incidents.jsonl')
  await until(() => readFileSync(book, 'utf8').includes('"agent":"orphan"'), 'it is written down', 30_000)
  await killDaemon(home)
  await asked
  me = await owner({ after }, home, SETTINGS)
  const incident = await incidentOf('orphan', ({ state }) => state === 'contained')
  assert.ok(incident.actions.every(({ state }) => state === 'done'))
  assert.equal(alive(sleep), 0)
  await refused(me.open({ agent: 'orphan', argv: ['true'] }), 'STOPPED')
  assert.ok((await me.call('incidentList', { state: 'active' })).total > before)
})

test('a book of incidents that somebody changed stops every agent, and what could be read is kept', async () => {
  const { total } = await me.call('incidentList', {})
  await endDaemon(home)
  const path = join(home.state, 'incidents/incidents.jsonl')
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const last = lines.length - 1
  writeFileSync(
    path,
    `${lines.with(last, (lines[last] ?? '').replace(/"number":\d+/, '"number":1')).join('\n')}\n`,
    { mode: 0o600 },
  )
  me = await owner({ after }, home, SETTINGS)
  const mine = async () =>
    (await me.call('incidentList', { class: 'integrity_violation', state: 'contained' })).incidents
  await until(
    async () => (await mine()).some(({ rule }) => rule === 'incidents.book'),
    'it is an incident of its own',
    30_000,
  )
  const [incident] = (await mine()).filter(({ rule }) => rule === 'incidents.book')
  assert.deepEqual(incident?.actions[0]?.target, '*')
  await refused(me.open({ agent: 'anybody', argv: ['true'] }), 'STOPPED')
  await refused(me.call('resume', { reason: 'r' }), 'INCIDENT_LATCHED')
  assert.equal((await me.call('incidentList', {})).total, total + 1)
  assert.ok(readdirSync(join(home.state, 'incidents')).some((name) => name.includes('.damaged-')))
})
