import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

// one home for the whole session, as somebody meets Warder for the first time
const home = house({ after })
const POLICY = join(home.home, '.config/warder/policy.yaml')

interface Entries {
  readonly entries: readonly { seq: number; id: string; agent: string; action: string; result: string }[]
}

test('init sets everything up and says what comes next, on stdout', async () => {
  const { code, stdout, stderr } = await home.warder(['init'])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^policy +\S+policy\.yaml \(new\)$/m)
  assert.match(stdout, /^Next: warder run -- YOUR-AGENT/m)
  assert.ok(existsSync(POLICY))
})

test('init again changes nothing', async () => {
  const before = readFileSync(POLICY)
  const { code, json } = await home.warder(['init', '--json'])
  assert.equal(code, 0)
  const answer = json<{ policy: { path: string; written: boolean }; sandbox: { available: boolean } }>()
  assert.deepEqual(answer.policy, { path: POLICY, written: false })
  assert.equal(answer.sandbox.available, true)
  assert.deepEqual(readFileSync(POLICY), before)
})

test('an agent edits a file of its workspace; its exit code and its two streams are its own', async () => {
  const script = 'echo written > made.txt; echo to-stdout; echo to-stderr >&2; exit 7'
  const { code, stdout, stderr } = await home.warder(['run', '--', 'sh', '-c', script])
  assert.equal(code, 7, stderr)
  assert.equal(stdout, 'to-stdout\n')
  assert.match(stderr, /^to-stderr$/m)
  assert.equal(readFileSync(join(home.workspace, 'made.txt'), 'utf8'), 'written\n')
})

test('what it was not given is not there: secrets, the system, the network, its hooks', async () => {
  const script = [
    'cat /etc/shadow && echo READ-SHADOW',
    'ls ~/.config/warder && echo READ-POLICY',
    'touch /usr/warder-was-here && echo WROTE-USR',
    'mkdir -p .git/hooks && echo x > .git/hooks/pre-commit && echo WROTE-HOOK',
    'echo honest > honest.txt && echo HONEST',
  ].join('\n')
  const { code, stdout, stderr } = await home.warder(['run', '--', 'sh', '-c', script])
  assert.equal(code, 0, stderr)
  assert.equal(stdout, 'HONEST\n')
  assert.equal(existsSync('/usr/warder-was-here'), false)
  assert.equal(existsSync(join(home.workspace, '.git')), false)
})

test('audit list tells what happened, and audit show one entry whole', async () => {
  const { json } = await home.warder(['audit', 'list', '--json', '--action', 'agent:start'])
  const { entries } = json<Entries>()
  assert.deepEqual(
    entries.map(({ result }) => result),
    ['allowed', 'failure', 'allowed', 'success'],
  )
  const { seq = 0, id = '' } = entries[0] ?? {}
  for (const name of [String(seq), id]) {
    const shown = await home.warder(['audit', 'show', name, '--json'])
    assert.equal(shown.code, 0)
    assert.equal(shown.json()['id'], id)
  }
  const text = await home.warder(['audit', 'list'])
  assert.match(text.stdout, /^SEQ +TIME +WHO +SAID +ACTION/)
  const missing = await home.warder(['audit', 'show', '999999', '--json'])
  assert.equal(missing.code, 4)
  assert.equal((missing.json()['error'] as { kind: string }).kind, 'missing')
})

test('audit follow shows an entry as it is written, one JSON document per line', async () => {
  const follow = home.start(['audit', 'follow', '--json', '--agent', 'watched'])
  const lines = createInterface({ input: follow.stdout! })
  const seen = once(lines, 'line', { signal: AbortSignal.timeout(60_000) })
  let isSeen = false
  void seen.then(() => (isSeen = true))
  // it begins at "now", and nobody says when that is: so something happens until it is seen
  while (!isSeen && follow.exitCode === null) {
    await home.warder(['exec', '--agent', 'watched', '--', 'nosuchprogram'])
  }
  const [line] = (await seen) as [string]
  assert.equal((JSON.parse(line) as { agent: string }).agent, 'watched')
  const closed = once(follow, 'close')
  follow.kill('SIGINT')
  assert.deepEqual(await closed, [130, null])
})

test('audit export gives JSON lines, CSV and OCSF of the same entries', async () => {
  const until = ['--until', new Date(Date.now() - 1).toISOString()]
  const jsonl = await home.warder(['audit', 'export', ...until])
  const entries = jsonl.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; prev_hash: string; hash: string })
  assert.ok(entries.length > 10)
  for (const [i, { prev_hash }] of entries.slice(1).entries()) assert.equal(prev_hash, entries[i]?.hash)
  const csv = await home.warder(['audit', 'export', '--format', 'csv', ...until])
  const rows = csv.stdout.trimEnd().split(/\r?\n(?=\d+,audit-)/)
  assert.match(rows[0] ?? '', /^seq,id,timestamp,/)
  assert.equal(rows.length - 1, entries.length)
  const ocsf = await home.warder(['audit', 'export', '--format', 'ocsf', ...until])
  const events = ocsf.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)
  assert.equal(events.length, entries.length)
  for (const { type_uid = 0, class_uid = 0, activity_id = 0 } of events)
    assert.equal(type_uid, class_uid * 100 + activity_id)
})

test('audit verify checks the record itself and exits 0', async () => {
  const { code, json, stderr } = await home.warder(['audit', 'verify', '--json'])
  assert.equal(code, 0, stderr)
  const { ok, bytesIntact, chainIntact } = json()
  assert.deepEqual([ok, bytesIntact, chainIntact], [true, true, true])
})

test('status and doctor say what is in force', async () => {
  const status = await home.warder(['status', '--json'])
  assert.equal(status.code, 0)
  const answer = status.json<{ mode: string; sandbox: { guarantees: { name: string }[] }; pid: number }>()
  assert.equal(answer.mode, 'normal')
  assert.equal(answer.pid, home.daemonPid())
  const controls = await home.warder(['status', '--controls', '--json'])
  assert.equal(controls.code, 0)
  assert.ok(controls.json<{ id: string }[]>().length > 20)
  const doctor = await home.warder(['doctor', '--json'])
  const { checks } = doctor.json<{ checks: { check: string; state: string }[] }>()
  const failing = checks.filter(({ state }) => state === 'fail')
  assert.deepEqual(failing, [])
  assert.equal(doctor.code, 0)
  assert.match((await home.warder(['doctor'])).stdout, /^ok +node /m)
})
