import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { owner } from '../kit/owner.ts'

// An agent that asks without end: to fill the record, to keep the owner from being heard, to outrun a stop.

const PER_SECOND = 5
const AT_ONCE = 20

const home = house({ after })
const me = await owner({ after }, home, [
  `agent.questions_per_second=${PER_SECOND}`,
  `agent.questions_at_once=${AT_ONCE}`,
])

// twenty connections, each asking on as soon as it is answered; one line a status
const FLOOD = String.raw`
use IO::Socket::UNIX; $| = 1;
my $body = '{"capability":"fs:read:/srv/x"}';
for my $path ('/v1/decisions', '/v1/status') {
  for (1..10) {
    next if fork;
    while (1) {
      my $socket = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET}) or next;
      print $socket "POST $path HTTP/1.0\r\nhost: w\r\ncontent-length: " . length($body) . "\r\n\r\n$body";
      $socket->flush;
      my $line = <$socket>;
      print "$1\n" if $line =~ / (\d+)/;
    }
  }
}
sleep 600;
`

test('an agent that floods its socket adds few entries, and keeps the owner from nothing', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const began = performance.now()
  const flood = home.start(['run', '--agent', 'flood', '--', '/usr/bin/perl', '-e', FLOOD])
  flood.stdin?.end()
  const answers = new Map<string, number>()
  flood.stdout?.on('data', (chunk: Buffer) => {
    for (const status of String(chunk).trim().split('\n')) answers.set(status, (answers.get(status) ?? 0) + 1)
  })
  const count = (status: string) => answers.get(status) ?? 0
  await until(() => count('429') > 200, 'it floods and is refused', 60_000)

  // the owner is heard, and has no rate of his own
  for (let i = 0; i < 2 * AT_ONCE; i += 1)
    await me.call('decide', { as: 'reader', capability: 'fs:read:/srv/x' })
  const status = await home.command(['status', '--json'])
  assert.equal(status.code, 0, status.stderr)
  const stopped = await home.warder(['stop', 'flood', '--reason', 'it floods', '--json'])
  assert.equal(stopped.code, 0, stopped.stderr)
  assert.equal(stopped.json<{ told: boolean }>().told, true)
  await until(() => flood.exitCode !== null, 'the flood has ended', 30_000)

  const seconds = (performance.now() - began) / 1000
  const entries = await me.ledger({ agent: 'flood' })
  const asked = entries.filter(({ action, rule }) => action === 'fs:read' || rule === 'NOT_FOR_AGENTS')
  assert.ok(asked.length <= AT_ONCE + PER_SECOND * seconds, `${asked.length} entries in ${seconds} s`)
  assert.ok(asked.length >= AT_ONCE / 2, 'what was admitted is on record')
  assert.equal(
    entries.filter(({ rule }) => rule === 'RATE_LIMITED').length,
    1,
    'one entry for the whole burst',
  )
  assert.equal((await home.command(['audit', 'verify'])).code, 0)
})

test('the refusal says what it is, and an agent that asks in moderation never meets it', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const ask = { method: 'POST', path: '/v1/decisions', body: { capability: 'fs:read:/srv/x' } } as const
  const few = await askAsAgent(
    home,
    'modest',
    Array.from({ length: AT_ONCE / 2 }, () => ask),
  )
  assert.deepEqual(new Set(few.map(({ status }) => status)), new Set([200]))
  const many = await askAsAgent(
    home,
    'hasty',
    Array.from({ length: 4 * AT_ONCE }, () => ask),
  )
  const refusals = many.filter(({ status }) => status === 429)
  assert.ok(refusals.length > 0)
  for (const { body } of refusals) {
    assert.deepEqual([body['code'], body['kind'], body['status']], ['RATE_LIMITED', 'unavailable', 429])
    assert.match(String(body['fix']), /ask less often/)
  }
  assert.equal((await me.ledger({ agent: 'hasty' })).filter(({ rule }) => rule === 'RATE_LIMITED').length, 1)
})
