/**
 * Threat: a harness that does not heed its hook. A mode that overrides it, a tool that runs without asking, an agent
 * that never lets the guard be seen to work.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { STARTER_POLICY } from '../../src/decide/policy/index.ts'
import { fakeHarness, markedIn, runHook } from '../kit/hooks.ts'
import { house } from '../kit/house.ts'

const home = house({ after })
const config = join(home.home, '.config/warder')
mkdirSync(config, { recursive: true, mode: 0o700 })
writeFileSync(join(config, 'policy.yaml'), STARTER_POLICY, { mode: 0o600 })
const NATIVE = new URL('../../dist/native/hook', import.meta.url).pathname
const fast = `${NATIVE} ${join(home.runtime, 'warder/warder.sock')} ${join(home.home, '.local/share/warder/keys/socket.secret')}`
const slow = `${new URL('../../bin/warder', import.meta.url).pathname} hook`

before(async () => assert.equal((await home.command(['hook', 'list'])).code, 0))

async function assertLocked(session: string, why: RegExp): Promise<void> {
  const harness = fakeHarness(home, fast, session)
  const said = await harness.before('Bash', { command: 'ls' })
  assert.equal(said.code, 2)
  assert.match(said.stderr, /this session is locked/)
  const { degraded } = (await home.command(['status', '--json'])).json<{ degraded: string[] }>()
  const line = degraded.find((each) => each.includes(session))
  assert.match(line ?? '', why, 'the owner is told')
  const audit = await home.command(['audit', 'list', '--json'])
  const { entries } = audit.json<{ entries: { rule: string; target: string; risk_level: string }[] }>()
  assert.ok(
    entries.some(
      ({ rule, target, risk_level }) => rule === 'hook.lock' && target === session && risk_level === 'high',
    ),
    'it is on record',
  )
}

test('a harness that runs what was refused is found out by the marked call itself', async () => {
  const harness = fakeHarness(home, fast, 'deaf-1')
  const marked = await harness.prove()
  // it does not heed the answer: the shell runs the command, which tells the daemon
  const ran = await runHook(home, marked, '')
  assert.equal(ran.code, 2)
  await assertLocked('deaf-1', /marked call ran although it had to be refused/)
})

test('the same through the slower program, which reports it as well', async () => {
  const harness = fakeHarness(home, fast, 'deaf-2')
  const marked = await harness.prove()
  const nonce = /warder-liveness-[0-9a-f]{32}/.exec(marked)?.[0] ?? ''
  assert.equal((await runHook(home, `${slow} --ran ${nonce}`, '')).code, 2)
  await assertLocked('deaf-2', /marked call ran/)
})

test('a harness that reports the use of a tool it was refused is locked, and told to stop', async () => {
  const harness = fakeHarness(home, fast, 'deaf-3')
  await harness.prove()
  assert.equal((await harness.before('Bash', { command: 'cat /etc/shadow' })).code, 2)
  const said = await harness.after('Bash', { command: 'cat /etc/shadow' })
  assert.equal((JSON.parse(said.stdout) as { continue: boolean }).continue, false)
  await assertLocked('deaf-3', /ran although it was refused/)
})

test('a tool that ran without its hook having been asked locks the session', async () => {
  const harness = fakeHarness(home, fast, 'silent-1')
  await harness.prove()
  await harness.after('Bash', { command: 'ls' }, 'never-asked')
  await assertLocked('silent-1', /without its hook having been asked/)
})

test('an agent that never attempts the marked call gets nothing done, and is locked in the end', async () => {
  const harness = fakeHarness(home, fast, 'stubborn-1')
  await harness.start()
  for (let i = 0; i < 11; i += 1) {
    const said = await harness.before('Bash', { command: 'ls' })
    assert.equal(said.code, 2, `call ${i}`)
  }
  await assertLocked('stubborn-1', /goes on without the marked call/)
})

test('a mark that is made up, or another session’s, proves nothing', async () => {
  const other = fakeHarness(home, fast, 'borrower-1')
  const marked = markedIn((await fakeHarness(home, fast, 'lender-1').start()).stdout) ?? ''
  for (const command of [marked, `true warder-liveness-${'0'.repeat(32)}`]) {
    const said = await other.before('Bash', { command })
    assert.equal(said.code, 2)
    assert.match(said.stderr, /nothing is allowed before/)
  }
})

test('only the owner lets a locked session go, and it has to prove itself again', async () => {
  const harness = fakeHarness(home, fast, 'lifted-1')
  const marked = await harness.prove()
  await runHook(home, marked, '')
  const released = await home.command(['hook', 'release', 'lifted-1', '--reason', 'hooks were off'])
  assert.equal(released.code, 0, released.stderr)
  assert.match((await harness.before('Bash', { command: 'ls' })).stderr, /nothing is allowed before/)
  await harness.prove()
  assert.equal((await harness.before('Bash', { command: 'ls' })).code, 0)
})

test('a lock outlives the daemon', async () => {
  const harness = fakeHarness(home, fast, 'lasting-1')
  await runHook(home, await harness.prove(), '')
  const ended = await home.warder(['daemon', 'stop'])
  assert.equal(ended.code, 0, ended.stderr)
  assert.match((await harness.before('Bash', { command: 'ls' })).stderr, /no daemon answers/)
  await home.command(['hook', 'list'])
  assert.match((await harness.before('Bash', { command: 'ls' })).stderr, /this session is locked/)
})
