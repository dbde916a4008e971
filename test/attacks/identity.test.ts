import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertRan, needs } from '../kit/box.ts'
import { askAsAgent } from '../kit/agent.ts'
import { house, until, type House } from '../kit/house.ts'
import { keysOf, owner, refused, socketOf } from '../kit/owner.ts'
import { endDaemon, tamper } from '../kit/restart.ts'
import { connect } from '../../src/client/connect.ts'
import { calls } from '../../src/client/calls.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'

// Ways to pass for the owner: from an agent's sandbox, by guessing the passphrase, with somebody else's session, by
// changing what the daemon remembers, and by a daemon that asks nobody.

const home = house({ after })
const me = await owner({ after }, home)
const WORD = 'correct horse battery'

/** The owner as one who logged in: with the token that a login gave. */
function withSession(of: House, token: string) {
  const client = connect({
    socketPath: socketOf(of),
    secret: () => readSocketSecret(keysOf(of)),
    session: () => token,
  })
  after(() => client.close())
  return calls(client)
}

test('an agent runs as the owner’s user, and still finds no way to the owner’s socket, secret or session', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const places = [socketOf(home), join(keysOf(home), 'socket.secret'), join(home.runtime, 'warder/session')]
  const script = `
    use IO::Socket::UNIX;
    print "uid $<\\n";
    for my $place (@ARGV) {
      print "OPEN $place\\n" if open(my $file, '<', $place);
      print "SOCKET $place\\n" if IO::Socket::UNIX->new(Peer => $place);
      print "THERE $place\\n" if -e $place;
    }
    my $own = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET});
    print $own ? "own socket\\n" : "no own socket\\n";`
  const opened = await me.open({ argv: ['/usr/bin/perl', '-e', script, ...places], agent: 'twin' })
  const { stdout } = await me.attach(opened.permit)
  assert.match(stdout, /^uid \d+\nown socket\n$/) // the number inside may be another; outside it is the owner’s
  // and what it says at its own socket makes it nobody else
  const [asked, named] = await askAsAgent(home, 'twin', [
    { method: 'POST', path: '/v1/decisions', body: { capability: 'sec:write:x', as: 'owner' } },
    { method: 'POST', path: '/v1/decisions', body: { capability: 'sec:write:x', as: 'builder' } },
  ])
  assert.equal(asked?.status, 400, 'owner is no agent’s name')
  assert.equal(named?.body['principal'], 'twin')
  const login = { passphrase: WORD }
  const calls = await askAsAgent(home, 'twin', [
    { method: 'POST', path: '/v1/sessions', body: login },
    { method: 'POST', path: '/v1/owner/passphrase', body: login },
    { method: 'POST', path: '/v1/owner/reset', body: { reason: 'me' } },
    { method: 'POST', path: '/v1/guests', body: { name: 'eve', scope: ['monitor:read'] } },
    { method: 'POST', path: '/v1/pairings/approve', body: { code: 'AAAAAAAA', scope: ['monitor:read'] } },
    {
      method: 'POST',
      path: '/v1/tokens',
      body: { agent: 'twin', task: 't', intent: 'i', capabilities: ['fs:read:/x'] },
    },
  ])
  assert.deepEqual(
    calls.map(({ status, body }) => [status, body['code']]),
    calls.map(() => [403, 'NOT_FOR_AGENTS']),
  )
})

test('a header that says session, sent from an agent’s socket, is not listened to', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const script = `
    use IO::Socket::UNIX;
    my $socket = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET});
    print $socket "GET /v1/sessions HTTP/1.0\\r\\nhost: w\\r\\nwarder-session: x\\r\\nwarder-token: y\\r\\n\\r\\n";
    local $/; my $all = <$socket>; print $all =~ /NOT_FOR_AGENTS/ ? "refused\\n" : $all;`
  const opened = await me.open({ argv: ['/usr/bin/perl', '-e', script], agent: 'twin' })
  assertRan({ code: 0, ...(await me.attach(opened.permit)) }, /^refused$/)
})

test('each run has an identity of its own: its user and the bytes of its program are on record and in the status', async () => {
  const opened = await me.open({ argv: ['/bin/sh', '-c', 'sleep 1000'], agent: 'known' })
  const run = me.attach(opened.permit)
  await until(
    async () => (await me.call('runs', {})).runs.some(({ agent }) => agent === 'known'),
    'it runs',
    60_000,
  )
  const { runs } = await me.call('status', {})
  const identity = runs.find(({ agent }) => agent === 'known')?.identity
  assert.equal(identity?.uid, process.getuid?.())
  assert.match(identity?.sha256 ?? '', /^[0-9a-f]{64}$/)
  const entry = await me.entry({ agent: 'owner', action: 'agent:start', target: 'known', decision: 'allow' })
  const details = entry['details'] as Record<string, unknown>
  assert.equal(details['program_sha256'], identity?.sha256)
  assert.equal(details['uid'], String(process.getuid?.()))
  await me.call('stop', { agent: 'known', reason: 'the test is over' })
  await run
})

test('with a passphrase, what loosens something needs it; what closes something never does', async () => {
  await me.call('passphraseSet', { passphrase: WORD })
  const loosening: readonly (() => Promise<unknown>)[] = [
    () => me.call('resume', { agent: 'known', reason: 'a test' }),
    () => me.call('policyReload', {}),
    () => me.call('grantAdd', { principal: 'x', capability: 'fs:read:/**', reason: 'wide' }),
    () =>
      me.call('grantAdd', { principal: 'x', capability: 'fs:read:/srv/a', reason: 'long', duration: '2h' }),
    () => me.open({ argv: ['/bin/true'], agent: 'x', grants: ['fs:read:/**'] }),
    () => me.call('guestInvite', { name: 'eve', scope: ['monitor:read'] }),
    () => me.call('tokenIssue', { agent: 'x', task: 't', intent: 'i', capabilities: ['fs:read:/srv/a'] }),
    () => me.call('pairingApprove', { code: 'ABCDEFGH', scope: ['monitor:read'] }),
    () => me.call('ownerReset', { reason: 'forget the passphrase' }),
    () => me.call('trustSet', { agent: 'x', stage: 'verified', reason: 'trust me' }),
    () => me.call('autonomySet', { level: 'full' }),
    () => me.call('budgetSet', { agent: 'x', limits: {} }),
  ]
  for (const each of loosening) await refused(each(), 'OWNER_NOT_FRESH')
  await me.call('stop', { agent: 'x', reason: 'closing needs nothing' })
  await me.call('autonomySet', { level: 'manual' })
  const grant = await me.call('grantAdd', { principal: 'y', capability: 'fs:read:/srv/a', reason: 'short' })
  await me.call('grantRevoke', { id: grant.id })
  assert.equal(
    (await me.attach((await me.open({ argv: ['/bin/echo', 'works'], agent: 'y' })).permit)).stdout,
    'works\n',
  )
  await me.entry({ action: 'owner:fresh', target: 'resume', rule: 'OWNER_NOT_FRESH', result: 'denied' })

  const { token, session } = await me.call('login', { passphrase: WORD })
  const fresh = withSession(home, token)
  await fresh.call('policyReload', {})
  await fresh.call('resume', { agent: 'x', reason: 'looked at it' })
  await refused(me.call('policyReload', {}), 'OWNER_NOT_FRESH') // another connection without the token
  await me.call('sessionEnd', { id: session.id })
  await refused(fresh.call('policyReload', {}), 'OWNER_NOT_FRESH')
})

test('the passphrase is in no record, no log and no file', async () => {
  await me.ledger()
  const texts = ['audit/index.db', 'people.db', 'people.db-wal'].flatMap((name) => {
    try {
      return [readFileSync(join(home.state, name), 'latin1')]
    } catch {
      return []
    }
  })
  texts.push(
    JSON.stringify(await me.ledger({ limit: 10_000 })),
    readFileSync(join(home.runtime, 'warder/daemon.log'), 'utf8'),
  )
  for (const text of texts) assert.equal(text.includes(WORD), false)
})

test('guessing brings a pause that a restart does not end, and each guess is on record', async () => {
  const before = (await me.ledger({ action: 'owner:login' })).length
  const guesses = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      me.call('login', { passphrase: `guess number ${i}` }).catch((error: { code: string }) => error.code),
    ),
  )
  assert.equal(guesses.filter((code) => code === 'PASSPHRASE_WRONG').length, 5)
  assert.equal(guesses.filter((code) => code === 'LOCKED_OUT').length, 7)
  assert.equal((await me.ledger({ action: 'owner:login' })).length, before + 12)
  await endDaemon(home)
  const again = await owner({ after }, home)
  await refused(again.call('login', { passphrase: WORD }), 'LOCKED_OUT')
  await refused(again.call('passphraseSet', { passphrase: 'another one', old: WORD }), 'LOCKED_OUT')
  await refused(again.call('policyReload', {}), 'OWNER_NOT_FRESH')
})

test('a book of people that was changed, put back or taken away opens nothing', async (t) => {
  const place = house(t)
  const first = await owner(t, place)
  await first.call('passphraseSet', { passphrase: WORD })
  await first.entry({ action: 'people:change', result: 'success' })
  await endDaemon(place)
  const file = join(place.state, 'people.db')
  const kept = readFileSync(file)
  assert.ok(kept.length > 0)
  assert.equal(tamper(file, "DELETE FROM people_row WHERE kind = 'passphrase'"), 1)
  const second = await owner(t, place)
  await refused(second.call('policyReload', {}), 'PEOPLE_UNTRUSTED')
  await refused(second.call('login', { passphrase: WORD }), 'PEOPLE_UNTRUSTED')
  const { degraded } = await second.call('status', {})
  assert.ok(
    degraded.some((line) => line.includes('book of people')),
    degraded.join('\n'),
  )
  await second.call('stop', { agent: 'x', reason: 'stopping works whatever happens' })
  await endDaemon(place)
  tamper(file, 'DELETE FROM people_row')
  tamper(file, 'DELETE FROM people_seal')
  const third = await owner(t, place)
  await refused(third.call('policyReload', {}), 'PEOPLE_UNTRUSTED') // empty, and the ledger knows better
  const { set, kept: aside } = await third.call('ownerReset', { reason: 'a test' })
  assert.deepEqual([set, typeof aside], [false, 'string'])
  await third.entry({ agent: 'owner', action: 'sec:write', risk_level: 'critical', decision: 'allow' })
  await third.call('policyReload', {})
  await endDaemon(place)
  await (await owner(t, place)).call('policyReload', {})
})

test('authentication is switched off nowhere but in profile dev, and there nobody may do more than look', async (t) => {
  const closed = house(t)
  for (const profile of ['prod', 'test']) {
    const words = ['daemon', 'start', '--set', 'auth.mode=off', '--set', `profile=${profile}`]
    const started = await closed.warder(words)
    assert.notEqual(started.code, 0)
    assert.match(started.stderr, /auth\.mode/, profile)
    assert.equal(closed.daemonPid() === undefined || started.code === 7, true)
  }
  const open = house(t)
  const dev = await owner(t, open, ['auth.mode=off', 'profile=dev'])
  const lines = await anonymously(socketOf(open), [
    'GET /v1/status HTTP/1.1\r\nhost: w\r\n\r\n',
    'POST /v1/decisions HTTP/1.1\r\nhost: w\r\ncontent-type: application/json\r\ncontent-length: 29\r\n\r\n{"capability":"monitor:read"}',
    'GET /v1/grants HTTP/1.1\r\nhost: w\r\nconnection: close\r\n\r\n',
  ])
  assert.match(lines, /200 OK[\s\S]*"rule":"role\.anonymous"[\s\S]*403 Forbidden[\s\S]*CALLER_UNKNOWN/)
  assert.equal((await dev.call('status', {})).profile, 'dev')
  const strict = await anonymously(socketOf(home), ['GET /v1/status HTTP/1.1\r\nhost: w\r\n\r\n'])
  assert.match(strict, /"code":"authentication_failed"/)
  assert.doesNotMatch(strict, /200 OK/)
})

/** Answers the challenge with a proof that is none, and then speaks HTTP. */
function anonymously(path: string, requests: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = netConnect(path)
    let said = ''
    let isAnswered = false
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (!isAnswered && said.includes('\n')) {
        isAnswered = true
        const answer = { type: 'challenge_response', nonce: '1'.repeat(64), mac: '2'.repeat(64) }
        socket.write(`${JSON.stringify(answer)}\n`)
      } else if (requests.length > 0 && said.includes('"auth_result"')) {
        for (const each of requests.splice(0)) socket.write(each)
      }
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
    setTimeout(() => socket.destroy(), 20_000).unref()
  })
}
