import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { OutputOf } from '../../src/api/endpoints.ts'
import { house, until } from '../kit/house.ts'
import { keysOf, owner, refused } from '../kit/owner.ts'
import { killDaemon } from '../kit/restart.ts'

// Somebody contains an agent that does all it can to go on: many processes, deaf ones, detached ones, rights it was
// given, a secret it knows, a workspace it has spoilt, and a daemon that dies in the middle.

const home = house({ after })
// on a busy machine a run that is slow to end would be an incident of its own
const SETTINGS = ['watch.boundary=off', 'watch.host=off']
const me = await owner({ after }, home, SETTINGS)
const counter = { marks: 0 }

type Contained = OutputOf<'contain'>

/** A number for `sleep` that no other process has. */
function mark(): string {
  counter.marks += 1
  return `${80_000 + process.pid}.${counter.marks}`
}

function alive(sleep: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${sleep}\0`
    } catch {
      return false // ended while we looked
    }
  }).length
}

/** An agent with this many processes, deaf to SIGTERM, each detached in a session of its own, some of them busy. */
async function busy(agent: string, count: number, spoil: string, mode = 'direct'): Promise<string> {
  const sleep = mark()
  const loops = Math.min(5, Math.floor(count / 2))
  const script = `trap '' TERM HUP INT; ${spoil}
    for i in $(seq ${count - loops}); do setsid sleep ${sleep} & done
    for i in $(seq ${loops}); do (setsid sh -c 'trap "" TERM; while :; do :; done' &) ; done
    wait; sleep 1000`
  home.start(['run', '--agent', agent, '--workspace-mode', mode, '--', '/bin/sh', '-c', script]).stdin?.end()
  await until(() => alive(sleep) === count - loops, `${count} processes of ${agent}`, 60_000)
  return sleep
}

function receipt({ incident }: Contained, action: string) {
  const found = incident.actions.find((each) => each.action === action)
  assert.ok(
    found !== undefined,
    `there is no ${action}: ${incident.actions.map((each) => each.action).join(' ')}`,
  )
  return found
}

/** Every receipt confirmed, or the words of those that are not. */
function assertContained({ incident }: Contained): void {
  const open = incident.actions.filter(({ state }) => state !== 'done' && state !== 'nothing')
  assert.deepEqual(open, [])
  assert.equal(incident.state, 'contained')
}

test('an agent with 50 busy, deaf and detached processes is frozen, kept, killed, stripped of its rights and rolled back', async (t) => {
  const file = join(home.workspace, 'notes.txt')
  writeFileSync(file, 'as it was\n')
  const sleep = await busy('hydra', 50, 'echo spoilt > notes.txt; echo more > planted.txt')
  await until(() => readFileSync(file, 'utf8') === 'spoilt\n', 'the workspace is spoilt')
  await me.call('grantAdd', { principal: 'hydra', capability: 'fs:read:/srv/x', reason: 'a test' })
  await me.call('tokenIssue', { agent: 'hydra', task: 't', intent: 'i', capabilities: ['fs:read:/srv/y'] })
  const value = Buffer.from('a-value-nobody-guesses').toString('base64')
  await me.call('secretSet', { name: 'deploy', value, hosts: ['api.test'], principals: ['hydra'] })

  const answer = await me.call('contain', { agent: 'hydra', reason: 'it does what nobody asked' })

  assertContained(answer)
  assert.equal(alive(sleep), 0)
  assert.deepEqual(Object.keys(answer.times).toSorted(), ['dead', 'frozen', 'revoked', 'rolledBack'])
  const { frozen = 0, dead = 0 } = answer.times
  assert.ok(frozen <= dead, `frozen after ${frozen} ms, dead after ${dead} ms`)
  t.diagnostic(`milliseconds until: ${JSON.stringify(answer.times)}`)
  // looked for in the world, and not in the receipts
  assert.equal(readFileSync(file, 'utf8'), 'as it was\n')
  assert.ok(!readdirSync(home.workspace).includes('planted.txt'))
  assert.deepEqual((await me.call('grantList', { principal: 'hydra' })).grants, [])
  assert.ok((await me.call('tokenList', {})).tokens.every(({ state }) => state === 'revoked'))
  const { secrets } = await me.call('secretList', {})
  assert.match(secrets.find(({ name }) => name === 'deploy')?.disabled?.why ?? '', /incident INC-/)
  assert.match(receipt(answer, 'disable_secrets').evidence, /deploy/)
  await refused(me.open({ agent: 'hydra', argv: ['true'] }), 'STOPPED')
})

test('what was kept as evidence tells of its processes, and of nobody’s secrets', async () => {
  const { incidents } = await me.call('incidentList', { agent: 'hydra' })
  const directory = join(home.state, 'incidents/evidence', incidents[0]?.id ?? '')
  const path = join(directory, 'facts.json')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  const facts = JSON.parse(readFileSync(path, 'utf8')) as {
    runs: { agent: string; processes: { command: string[]; status: string[] }[] }[]
    snapshots: { snapshot: string }[]
  }
  assert.equal(facts.runs[0]?.agent, 'hydra')
  assert.ok((facts.runs[0]?.processes.length ?? 0) >= 50)
  assert.ok(
    facts.runs[0]?.processes.every(({ status }) => status.some((line) => /^State:\s+[TtD]/.test(line))),
    'all stood still',
  )
  assert.doesNotMatch(readFileSync(path, 'utf8'), /environ|a-value-nobody-guesses/)
  // the spoilt state is kept as well: what was rolled back can be looked at
  const spoilt = await me.call('snapshotShow', { id: facts.snapshots[0]?.snapshot ?? '' })
  for (const path of ['notes.txt', 'planted.txt'])
    assert.ok(spoilt.differs.includes(path), spoilt.differs.join(' '))
})

test('its timeline and its receipts are on record, and the case is verified offline, with the daemon dead', async () => {
  const { incidents } = await me.call('incidentList', { agent: 'hydra' })
  const id = incidents[0]?.id ?? ''
  await until(
    async () =>
      (await me.ledger({ action: 'incident:' })).some(({ action }) => action === 'incident:contained'),
    'it is on record',
  )
  const file = join(home.home, 'case.json')
  const made = await home.command(['incident', 'export', file, '--id', id])
  assert.equal(made.code, 0, made.stderr)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const text = readFileSync(file, 'utf8')
  assert.doesNotMatch(text, /a-value-nobody-guesses/)
  await killDaemon(home)
  const verify = (more: readonly string[] = []) =>
    home.command(['incident', 'verify', file, '--json', ...more])
  const good = await verify()
  assert.equal(good.code, 0, good.stdout)
  assert.ok(good.json<{ entries: { count: number }; checkpointedUpTo: number }>().entries.count > 5)
  // every field: each character of the document that is none of its spaces is changed once, now and then
  const step = Math.max(1, Math.floor(text.length / 20))
  for (let at = 5; at < text.length; at += step) {
    const sign = text[at] ?? ''
    if (!/[a-zA-Z0-9]/.test(sign)) continue
    writeFileSync(file, `${text.slice(0, at)}${sign === '1' ? '2' : '1'}${text.slice(at + 1)}`)
    const bad = await verify()
    assert.ok(
      bad.code === 8 || bad.code === 2,
      `changed at ${at}: ${text.slice(at - 20, at + 20)}: ${bad.stdout}`,
    )
  }
  writeFileSync(file, text)
  assert.notEqual(
    (await verify(['--keys', join(home.home, 'no-keys')])).code,
    0,
    'without a key nothing is verified',
  )
  const foreign = house({ after })
  await foreign.command(['daemon', 'start'])
  assert.equal((await verify(['--keys', keysOf(foreign)])).code, 8, 'of another host')
})

test('a daemon that is killed in the middle of a case goes on with it when it is back', async () => {
  const again = await owner({ after }, home, SETTINGS)
  writeFileSync(join(home.workspace, 'notes.txt'), 'as it was\n')
  await busy('lernaean', 6, 'echo spoilt > notes.txt')
  await until(() => readFileSync(join(home.workspace, 'notes.txt'), 'utf8') === 'spoilt\n', 'spoilt')
  const asked = again.call('contain', { agent: 'lernaean', reason: 'a test' }).catch(() => undefined)
  const book = join(home.state, 'incidents/incidents.jsonl')
  await until(() => readFileSync(book, 'utf8').includes('lernaean'), 'it is written down')
  await killDaemon(home)
  await asked
  const back = await owner({ after }, home, SETTINGS)
  const began = Date.now()
  const incident = async () => (await back.call('incidentList', { agent: 'lernaean' })).incidents[0]
  await until(
    async () =>
      (await incident())?.actions.every(({ state }) => state === 'done' || state === 'nothing') === true,
    'every action is confirmed',
    30_000,
  )
  console.log(`# confirmed ${Date.now() - began} ms after the daemon answered again`)
  assert.equal((await incident())?.state, 'contained')
  assert.equal(readFileSync(join(home.workspace, 'notes.txt'), 'utf8'), 'as it was\n')
  assert.equal((await refused(back.open({ agent: 'lernaean', argv: ['true'] }), 'STOPPED')).code, 'STOPPED')
})

test('changes that lie aside never reached the workspace; a snapshot that is named is the one it goes back to', async (t) => {
  const now = await owner({ after }, home, SETTINGS)
  const { guarantees } = await now.call('sandboxProbe', {})
  if (!guarantees.some(({ name, inForce }) => name === 'overlay' && inForce))
    return t.skip('there are no overlays on this machine: NOT tried')
  writeFileSync(join(home.workspace, 'notes.txt'), 'one\n')
  const { id: named } = await now.call('snapshotTake', { workspace: home.workspace, note: 'one' })
  writeFileSync(join(home.workspace, 'notes.txt'), 'two\n')
  await busy('aside', 4, 'echo spoilt > notes.txt', 'overlay')
  const kept = await now.call('contain', { agent: 'aside', reason: 'a test' })
  assertContained(kept)
  assert.equal(receipt(kept, 'roll_back').state, 'nothing')
  assert.equal(readFileSync(join(home.workspace, 'notes.txt'), 'utf8'), 'two\n')

  await busy('straight', 4, 'echo spoilt > notes.txt')
  const left = await now.call('contain', { agent: 'straight', reason: 'a test', keepWorkspace: true })
  assertContained(left)
  assert.ok(!left.incident.actions.some(({ action }) => action === 'roll_back'))
  const back = await now.call('contain', { agent: 'straight', reason: 'a test', to: named.slice(0, 30) })
  assertContained(back)
  assert.equal(readFileSync(join(home.workspace, 'notes.txt'), 'utf8'), 'one\n')
})

test('a workspace nobody kept a state of is not rolled back, and the case says so until somebody decides', async () => {
  const now = await owner({ after }, home, SETTINGS)
  for (const { id } of (await now.call('snapshotList', {})).snapshots) await now.call('snapshotDrop', { id })
  // too large to be kept in passing
  const large = join(home.workspace, 'large')
  writeFileSync(large, '')
  truncateSync(large, 33 * 1024 * 1024)
  const sleep = await busy('unkept', 4, 'echo spoilt > notes.txt')
  const answer = await now.call('contain', { agent: 'unkept', reason: 'a test' })
  assert.equal(alive(sleep), 0)
  assert.equal(answer.incident.state, 'containment_failed')
  assert.match(receipt(answer, 'roll_back').evidence, /no whole snapshot/)
  const { id } = answer.incident
  await now.call('incidentAck', { id, by: 'anna', cause: 'a test' })
  const resolve = { id, by: 'anna', reason: 'a test' }
  await refused(now.call('incidentResolve', resolve), 'INCIDENT_PENDING')
  const { lifted } = await now.call('incidentResolve', { ...resolve, accept: ['unconfirmed'] })
  assert.deepEqual(lifted, ['the stop of unkept'])
  assert.deepEqual(
    (await now.call('daemon', {})).stops.filter(({ agent }) => agent === 'unkept'),
    [],
  )
})
