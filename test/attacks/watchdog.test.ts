import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, type House } from '../kit/house.ts'
import { configure, owner, refused } from '../kit/owner.ts'

// Agents that loop: fail again and again, or do without end what each time is allowed.

const home = house({ after })
configure(
  home,
  'policy.yaml',
  'version: 1\nrules:\n  - {id: look, effect: allow, agents: ["*"], capabilities: ["fs:list:/srv/**"], reason: a test}\n',
)
const me = await owner({ after }, home)

async function run(at: House, words: readonly string[], ...command: string[]) {
  return await at.warder(['run', ...words, '--', ...command], { timeoutMs: 120_000 })
}

async function stoppedFor(agent: string): Promise<string> {
  const { stops } = await me.call('daemon', {})
  const stop = stops.find((each) => each.agent === agent)
  assert.equal(stop?.by, 'warder', `${agent} is stopped`)
  return stop.reason
}

test('an agent that fails at once is started again five times, then stopped until its owner resumes it', async () => {
  const count = join(home.workspace, 'starts')
  const script = 'echo x >> starts; exit 3'
  const { code, stderr } = await run(
    home,
    ['--agent', 'loops', '--restart', 'on-failure'],
    '/bin/sh',
    '-c',
    script,
  )
  assert.equal(code, 6, stderr)
  assert.equal(readFileSync(count, 'utf8').length / 2, 6)
  assert.match(await stoppedFor('loops'), /failed again after 5 restarts within 300 s/)
  await refused(me.open({ argv: ['/bin/true'], agent: 'loops' }), 'STOPPED')
  const entry = await me.entry({ action: 'agent:stop', target: 'loops', rule: 'containment.watchdog' })
  assert.deepEqual([entry.agent, entry.result], ['warder', 'success'])
  await me.call('resume', { agent: 'loops', reason: 'mended' })
  assert.equal((await run(home, ['--agent', 'loops'], '/bin/true')).code, 0)
})

test('an agent that recovers is not stopped, and its own exit code is told', async () => {
  const script = 'n=$(cat tries 2>/dev/null || echo 0); echo $((n + 1)) > tries; [ $n -ge 2 ]'
  const flags = ['--agent', 'recovers', '--restart', 'on-failure']
  const { code, stderr } = await run(home, flags, '/bin/sh', '-c', script)
  assert.equal(code, 0, stderr)
  assert.equal(readFileSync(join(home.workspace, 'tries'), 'utf8').trim(), '3')
  const { stops } = await me.call('daemon', {})
  assert.ok(!stops.some(({ agent }) => agent === 'recovers'))
})

test('without being told so, a failed run is not started again', async () => {
  const { code } = await run(home, ['--agent', 'once'], '/bin/sh', '-c', 'echo x >> once; exit 4')
  assert.equal(code, 4)
  assert.equal(readFileSync(join(home.workspace, 'once'), 'utf8'), 'x\n')
})

test('an agent that prints without end is stopped at its budget', async () => {
  const { code } = await run(home, ['--agent', 'prints', '--max-output', '1MB'], '/usr/bin/yes')
  assert.ok(code !== 0, String(code))
  assert.match(await stoppedFor('prints'), /more than 1000000 bytes were written/)
  const receipt = await me.entry({ action: 'agent:stop', agent: 'prints', rule: 'containment.halt' })
  const details = receipt['details'] as Record<string, unknown>
  assert.equal(details['processes_after'], 0)
  assert.ok(Number(details['frozen_microseconds']) > 0, 'it stood still before it was killed')
})

test('an agent that starts programs without end is stopped at its budget', async (t) => {
  const { sandbox } = await me.call('status', {})
  const watching = sandbox.guarantees.find(({ name }) => name === 'spawn-records')
  if (watching?.inForce !== true) return t.skip(`programs are not seen to begin here: ${watching?.why}`)
  const script = 'while :; do /bin/true; done'
  const { code } = await run(home, ['--agent', 'forks', '--max-programs', '50'], '/bin/sh', '-c', script)
  assert.ok(code !== 0)
  assert.match(await stoppedFor('forks'), /more than 50 programs were started/)
})

test('an agent that asks without end is stopped at its budget, though each question alone is allowed', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const script = String.raw`
use IO::Socket::UNIX;
my $body = '{"capability":"fs:list:/srv/x"}';
for (;;) {
  my $socket = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET}) or exit 9;
  print $socket "POST /v1/decisions HTTP/1.0\r\nhost: warder\r\ncontent-type: application/json\r\ncontent-length: " . length($body) . "\r\n\r\n$body";
  $socket->flush; my @all = <$socket>;
}`
  const { code } = await run(home, ['--agent', 'asks', '--max-actions', '20'], '/usr/bin/perl', '-e', script)
  assert.ok(code !== 0)
  assert.match(await stoppedFor('asks'), /more than 20 questions were asked/)
  const asked = (await me.ledger({ agent: 'asks', action: 'fs:list' })).length
  assert.ok(asked <= 21, `${asked} questions were answered`)
})

test('a stop of the watchdog is as hard to lift as the owner’s own', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const [answer] = await askAsAgent(home, 'friend', [
    { method: 'POST', path: '/v1/resume', body: { agent: 'prints', reason: 'let it' } },
  ])
  assert.equal(answer?.status, 403)
  assert.ok(existsSync(join(home.state, 'stop.json')))
  assert.match(await stoppedFor('prints'), /watchdog/)
})
