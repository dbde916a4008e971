import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { house, until } from '../kit/house.ts'
import { attachTo, owner, refused, type Owner } from '../kit/owner.ts'

// Ways into a running sandbox that must not be, and ways for what was let in to stay when it must end.

const home = house({ after })
const shared: { me?: Owner; missing?: string } = {}

before(async () => {
  const me = await owner({ after }, home, ['daemon.hung_after=10m'])
  shared.me = me
  const { guarantees } = await me.call('sandboxProbe', {})
  const resident = guarantees.find(({ name }) => name === 'resident-exec')
  if (resident?.inForce !== true) shared.missing = `no commands in a running sandbox here: NOT tried`
})

function needsInside(t: { skip(why: string): void }): boolean {
  if (shared.missing !== undefined) t.skip(shared.missing)
  return shared.missing === undefined
}

/** An agent that only waits. */
async function waiting(agent: string, ...args: string[]): Promise<void> {
  home.start(['run', '--agent', agent, ...args, '--', '/bin/sh', '-c', 'sleep 1000; :']).stdin?.end()
  await until(async () => (await runsOf(agent)).length > 0, `${agent} runs`, 120_000)
}

async function runsOf(agent: string): Promise<string[]> {
  const { runs } = await shared.me!.call('runs', {})
  return runs.filter((run) => run.agent === agent).map(({ run }) => run)
}

/** Processes with this word in their command line, seen from outside. */
function alive(word: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false // ended while we looked
    }
  }).length
}

function request(agent: string, ...argv: string[]) {
  return shared.me!.call('execIn', { agent, argv, environment: {} })
}

test('no agent enters a sandbox, not even its own, and each try is on record', async () => {
  const asks = ['commands', 'forwards'].map((what) => ({
    method: 'POST' as const,
    path: `/v1/runs/intruder/${what}`,
    body: what === 'commands' ? { argv: ['/bin/true'] } : { port: 80 },
  }))
  const answers = await askAsAgent(home, 'intruder', asks)
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body['code']]),
    [
      [403, 'NOT_FOR_AGENTS'],
      [403, 'NOT_FOR_AGENTS'],
    ],
  )
  await shared.me!.entry({ agent: 'intruder', action: 'socket:call', rule: 'NOT_FOR_AGENTS' })
})

test('a stop ends what was let in with everything else, and nothing enters until the owner resumes', async (t) => {
  if (!needsInside(t)) return
  await waiting('halted')
  const [word, late] = [`${80_000 + process.pid}.1`, await request('halted', '/bin/true')]
  const script = `trap '' TERM HUP INT; setsid sleep ${word} & sleep ${word}`
  const child = home.start(['exec', '--in', 'halted', '--', 'sh', '-c', script])
  const exit = new Promise<number | null>((done) => child.once('close', done))
  await until(() => alive(word) === 2, 'two processes inside', 120_000)
  const stopped = await home.warder(['stop', 'halted', '--reason', 'a test'])
  assert.equal(stopped.code, 0, stopped.stderr)
  assert.equal(alive(word), 0)
  assert.equal(await exit, 6, 'told as a stop')
  await refused(attachTo(shared.me!.client, late.permit), 'SANDBOX_STOPPED')
  const refusal = await home.warder(['exec', '--in', 'halted', '--', 'true'])
  assert.equal(refusal.code, 6, refusal.stderr)
  assert.match(
    refusal.stderr,
    /nothing is started in the sandbox of halted: stopped by owner[\s\S]*warder resume halted/,
  )
})

test('a permit for a command is for that command, once, and opens no run', async (t) => {
  if (!needsInside(t)) return
  const { me } = shared
  await waiting('single')
  const { permit } = await request('single', 'sh', '-c', 'echo once')
  const first = await attachTo(me!.client, permit)
  assert.deepEqual([first.exit.code, first.stdout], [0, 'once\n'])
  await refused(attachTo(me!.client, permit), 'PERMIT_USED')
  await refused(attachTo(me!.client, `${permit.slice(0, -8)}AAAAAAAA`), 'PERMIT_FORGED')
  const forward = await me!.call('forward', { agent: 'single', port: 80 })
  await refused(attachTo(me!.client, forward.ticket), 'PERMIT_FORGED')
})

test('a run that has ended since the yes is not entered, and that is on record', async (t) => {
  if (!needsInside(t)) return
  await waiting('brief', '--timeout', '3s')
  const { permit } = await request('brief', '/bin/true')
  await until(async () => (await runsOf('brief')).length === 0, 'brief has ended', 60_000)
  await refused(attachTo(shared.me!.client, permit), 'SANDBOX_RUN_MISSING')
})

test('nothing of the caller’s goes along but words about terminal and language', async (t) => {
  if (!needsInside(t)) return
  await waiting('plain')
  const { permit } = await shared.me!.call('execIn', {
    agent: 'plain',
    argv: ['/usr/bin/env'],
    environment: {
      TERM: 'from-outside',
      API_TOKEN: 'stolen',
      LD_PRELOAD: '/tmp/evil.so',
      PATH: '/evil',
      HOME: '/evil',
      FOO: 'bar',
      LC_ALL: 'https://user:password@host',
    },
  })
  const { stdout } = await attachTo(shared.me!.client, permit)
  assert.match(stdout, /^TERM=from-outside$/m)
  assert.doesNotMatch(stdout, /stolen|evil|FOO|password/)
})

test('whoever goes away takes the command along, and the agent goes on', async (t) => {
  if (!needsInside(t)) return
  await waiting('left')
  const word = `${80_000 + process.pid}.2`
  const child = home.start(['exec', '--in', 'left', '--', 'sleep', word])
  await until(() => alive(word) > 1, 'it runs', 120_000) // ours, and the one inside
  child.kill('SIGKILL')
  await until(() => alive(word) === 0, 'it has ended', 60_000)
  assert.equal((await runsOf('left')).length, 1)
})

test('two runs of one agent are told apart by their number, never guessed', async (t) => {
  if (!needsInside(t)) return
  await waiting('twin')
  home.start(['run', '--agent', 'twin', '--', '/bin/sh', '-c', 'sleep 1000; :']).stdin?.end()
  await until(async () => (await runsOf('twin')).length === 2, 'both run', 120_000)
  await refused(request('twin', '/bin/true'), 'RUN_AMBIGUOUS')
  const [first = ''] = await runsOf('twin')
  const { run, permit } = await request(first, '/bin/true')
  assert.equal(run, first)
  assert.equal((await attachTo(shared.me!.client, permit)).exit.code, 0)
})

test('a stop closes a forwarded port with its agent', async (t) => {
  if (!needsInside(t)) return
  await waiting('harbour')
  const child = home.start(['forward', 'harbour', '4321:0'])
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  const exit = new Promise<number | null>((done) => child.once('close', done))
  await until(() => said.includes('leads to port 4321 of harbour'), 'the forward', 120_000)
  assert.equal((await home.warder(['stop', 'harbour', '--reason', 'a test'])).code, 0)
  assert.equal(await exit, 6)
  await shared.me!.entry({ action: 'net:connect', target: '127.0.0.1:4321', result: 'cancelled' })
  assert.equal((await home.warder(['forward', 'harbour', '4321:0'])).code, 6)
})
