import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house, isAlive, until, type House } from '../kit/house.ts'

interface Entry {
  readonly seq: number
  readonly action: string
  readonly result: string
  readonly permit_id: string
}

async function entries(home: House, ...words: string[]): Promise<Entry[]> {
  const listed = await home.command(['audit', 'list', '--json', '--limit', '10000', ...words])
  return listed.json<{ entries: Entry[] }>().entries
}

async function isVerified(home: House): Promise<boolean> {
  const verified = await home.command(['audit', 'verify', '--json'])
  return verified.code === 0 && verified.json()['ok'] === true
}

/** A run that has begun and goes on until it is ended. */
async function runUnderWay(home: House): Promise<{ readonly ended: Promise<number | null> }> {
  const run = home.start(['run', '-q', '--', 'sh', '-c', 'echo began; exec sleep 1000'])
  const ended = new Promise<number | null>((resolve) => void run.once('close', resolve))
  await new Promise((resolve) => run.stdout?.once('data', resolve))
  return { ended }
}

test('two commands that come at once, with no daemon there, start one', async (t) => {
  const home = house(t)
  const both = await Promise.all([1, 2, 3].map(() => home.warder(['daemon', 'start', '--json'])))
  for (const { code, stderr } of both) assert.equal(code, 0, stderr)
  const pids = new Set(both.map(({ json }) => json()['pid']))
  assert.deepEqual([...pids], [home.daemonPid()])
  const began = await entries(home, '--action', 'daemon:start')
  assert.equal(began.length, 1)
})

for (const how of ['daemon stop', 'SIGTERM'] as const) {
  test(`${how} ends the run under way, settles it, and loses nothing that was acknowledged`, async (t) => {
    const home = house(t)
    const granted = await home.command(['grant', 'add', 'x', 'fs:read:/srv/**', '--reason', 'a journey'])
    assert.equal(granted.code, 0, granted.stderr)
    const { ended } = await runUnderWay(home)
    const pid = home.daemonPid() ?? 0
    assert.ok(isAlive(pid))
    if (how === 'SIGTERM') process.kill(pid, 'SIGTERM')
    else assert.equal((await home.warder(['daemon', 'stop'])).code, 0)
    await until(() => !isAlive(pid), 'the end of the daemon', 30_000)
    assert.notEqual(await ended, 0)
    assert.ok(await isVerified(home), 'before a new daemon has touched it')
    const starts = await entries(home, '--action', 'agent:start')
    assert.equal(starts.length, 2, 'asked for, and settled')
    assert.notEqual(starts[1]?.result, 'allowed')
    assert.equal(starts[1]?.permit_id, starts[0]?.permit_id)
    assert.equal((await entries(home, '--unsettled')).length, 0)
    assert.equal((await entries(home, '--action', 'grant:add')).length, 2)
    assert.ok(await isVerified(home), 'after one has gone on from it')
  })
}

test('daemon stop is fine when none runs, and starts none', async (t) => {
  const home = house(t)
  const { code, json } = await home.warder(['daemon', 'stop', '--json'])
  assert.equal(code, 0)
  assert.equal(json()['pid'], null)
  assert.equal(home.daemonPid(), undefined)
})

test('a daemon that starts again goes on with the same chain', async (t) => {
  const home = house(t)
  await home.warder(['daemon', 'start'])
  const before = (await entries(home)).at(-1)
  await home.warder(['daemon', 'stop'])
  await home.warder(['daemon', 'start'])
  const after = await entries(home)
  assert.deepEqual(
    after.map(({ seq }) => seq),
    after.map((_, i) => i + 1),
  )
  assert.ok(after.length > (before?.seq ?? 0))
  assert.equal(after.filter(({ action }) => action === 'daemon:start').length, 2)
  assert.ok(await isVerified(home))
})

// these look at one daemon that runs
const lit = house({ after })
await lit.warder(['init'])

test('SIGHUP puts a changed policy in force, and keeps the old one when the new one is wrong', async () => {
  const home = lit
  const file = join(home.home, '.config/warder/policy.yaml')
  const isAllowed = async (capability: string) =>
    (await home.command(['policy', 'explain', 'builder', capability])).code === 0
  const rule = (path: string) =>
    `version: 1\nrules:\n  - {id: a, agents: ["*"], effect: allow, capabilities: ["fs:read:${path}"], reason: r}\n`
  writeFileSync(file, rule('/srv/one/**'), { mode: 0o600 })
  assert.equal(await isAllowed('fs:read:/srv/one/x'), false, 'not before it is told')
  process.kill(home.daemonPid() ?? 0, 'SIGHUP')
  await until(() => isAllowed('fs:read:/srv/one/x'), 'the new policy', 30_000)
  writeFileSync(file, rule('/srv/two/**').replace('effect', 'efect'), { mode: 0o600 })
  process.kill(home.daemonPid() ?? 0, 'SIGHUP')
  const log = join(home.runtime, 'warder/daemon.log')
  await until(() => /policy was not reloaded/.test(readFileSync(log, 'utf8')), 'the refusal', 30_000)
  assert.equal(await isAllowed('fs:read:/srv/one/x'), true)
  assert.equal(await isAllowed('fs:read:/srv/two/x'), false)
})

test('a daemon with nothing to do ends by itself, after the time it was given', async (t) => {
  const home = house(t)
  mkdirSync(join(home.home, '.config/warder'), { recursive: true, mode: 0o700 })
  writeFileSync(join(home.home, '.config/warder/config.yaml'), 'daemon.idle_timeout: 2s\n', { mode: 0o600 })
  const ran = await home.warder(['exec', '--', 'true'])
  assert.equal(ran.code, 0, ran.stderr)
  const pid = home.daemonPid() ?? 0
  await until(() => !isAlive(pid), 'the end of an idle daemon', 60_000)
  assert.equal((await home.warder(['exec', '--', 'true'])).code, 0, 'and the next command starts another')
  assert.notEqual(home.daemonPid(), pid)

  // a coding agent's session counts as work while the agent is there, and it need not say that it ended
  const payload = join(home.home, 'payload.json')
  const session = {
    session_id: 's1',
    transcript_path: '/t',
    cwd: home.workspace,
    hook_event_name: 'SessionStart',
  }
  writeFileSync(payload, JSON.stringify({ ...session, source: 'startup' }))
  const said = join(home.home, 'said')
  writeFileSync(said, '')
  const bin = new URL('../../bin/warder', import.meta.url).pathname
  const script = `${bin} hook --start < ${payload} > ${said}; exec sleep 600`
  // what stands above the hook's shell is the agent; it hands on the signal that ends it
  const agent = spawn('timeout', ['600', '/bin/sh', '-c', script], { env: home.environment, stdio: 'ignore' })
  t.after(() => agent.kill('SIGTERM'))
  await until(() => readFileSync(said, 'utf8').includes('warder-liveness'), 'the hook’s answer', 60_000)
  const held = home.daemonPid() ?? 0
  assert.equal(isAlive(held), true)
  const { sessions } = (await home.warder(['hook', 'list', '--json'])).json<{ sessions: { id: string }[] }>()
  assert.deepEqual(
    sessions.map(({ id }) => id),
    ['s1'],
  )
  agent.kill('SIGTERM')
  await until(() => !isAlive(held), 'the end of a daemon whose last agent is gone', 60_000)
})

test('the daemon runs unable to turn text into code', async () => {
  await lit.warder(['daemon', 'start'])
  const line = readFileSync(`/proc/${lit.daemonPid()}/cmdline`, 'utf8').split('\0')
  const flags = line.filter((word) => /^--(?:disallow|disable)/.test(word))
  assert.deepEqual(flags.toSorted(), [
    '--disable-proto=throw',
    '--disable-sigusr1',
    '--disallow-code-generation-from-strings',
  ])
  const node = line[0] ?? ''
  for (const code of ['new Function("return 1")()', 'eval("1")', '({}).__proto__']) {
    const bare = spawnSync(node, ['-e', code], { encoding: 'utf8' })
    assert.equal(bare.status, 0, `${code} works without the flags`)
    const hardened = spawnSync(node, [...flags, '-e', code], { encoding: 'utf8' })
    assert.equal(hardened.status, 1, `${code} must not work with them`)
  }
})

test('the socket, the keys and the state are for their owner alone', async () => {
  const { json } = await lit.command(['config', 'path', '--json'])
  const paths = Object.entries(json<Record<string, string>>())
  const ours = paths.filter(([key]) => /^paths\.(config|state|keys|runtime|socket)$/.test(key))
  assert.equal(ours.length, 5)
  const modes = spawnSync('stat', ['-c', '%a', ...ours.map(([, path]) => path)], { encoding: 'utf8' })
  for (const mode of modes.stdout.trim().split('\n')) assert.match(mode, /^[67]00$/)
})
