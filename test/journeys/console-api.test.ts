import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { QuestionAnswer } from '../../src/api/approvals.ts'
import { CSRF_HEADER } from '../../src/api/console.ts'
import { calls } from '../../src/client/calls.ts'
import { connect } from '../../src/client/connect.ts'
import { assertion, authenticator, registration } from '../../src/decide/identity/authenticator.test-kit.ts'
import { totpCode } from '../../src/decide/identity/totp.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { consoleOf, listenTo, type ConsoleSite, type Listening, type Visit } from '../kit/console.ts'
import { house, isAlive, until } from '../kit/house.ts'
import { configure, keysOf, owner, socketOf, type Owner } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// What a page of the console does, as the daemon sees it: come in, watch, answer, stop, resume, and come back.

const home = house({ after })
const WORD = 'correct horse battery'
/** What connects to the second daemon, and how to let go of it. */
const last: (() => void)[] = []
after(() => {
  for (const close of last) close()
})
const shared: { me?: Owner; site?: ConsoleSite; mine?: Visit } = {}
const me = (): Owner => shared.me!
const site = (): ConsoleSite => shared.site!
const mine = (): Visit => shared.mine!

before(async () => {
  configure(
    home,
    'policy.yaml',
    `version: 1
rules:
  - id: careful
    agents: [builder, planner]
    effect: ask
    capabilities: ["process:spawn"]
    reason: programs are asked for here
`,
  )
  shared.me = await owner({ after }, home, ['console.listen=127.0.0.1:0'])
})

test('the command prints a link for this browser, and the fingerprint the browser shows', async () => {
  const { code, stdout, stderr } = await home.command(['console'])
  assert.equal(code, 0, stderr)
  const [, port, token] = /^https:\/\/localhost:(\d+)\/login#link=([\w-]{43})\n$/.exec(stdout) ?? []
  const [, fingerprint] = /SHA-256\): ([0-9A-F:]{95})/.exec(stderr) ?? []
  shared.site = await consoleOf({ after }, me())
  assert.equal(Number(port), site().port, 'the console the setting turned on')
  assert.equal((await me().call('consoleShow', {})).fingerprint, fingerprint)
  shared.mine = site().visit(await site().send({ method: 'POST', path: '/session/link', body: { token } }))
  const { who } = mine()
  assert.deepEqual(
    [who.name, who.role, who.way, who.passphrase, who.totp],
    ['owner', 'owner', 'link', false, false],
  )
  assert.ok(Date.parse(who.freshUntil ?? '') > Date.now())
  const again = await mine().get('/session')
  assert.equal(again.json['csrf'], who.csrf)
  assert.match((await home.command(['session', 'list'])).stdout, /console: owner by link from 127\.0\.0\.1/)
  const state = (await home.command(['console', '--status', '--json'])).json()
  assert.deepEqual([state['on'], state['totp'], state['passkeys']], [true, false, 0])
})

test('the page is there for every address of its own, and for 127.0.0.1 too', async () => {
  for (const path of ['/', '/record?agent=a', '/login']) {
    const { status, headers, text } = await site().send({ path })
    assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8'])
    assert.match(text, /^<!doctype html>/i)
  }
  const host = `127.0.0.1:${site().port}`
  assert.equal((await site().send({ path: '/', headers: { host } })).status, 200)
  const { json } = await mine().bare({ path: '/session', headers: { host } })
  assert.deepEqual([json['role'], json['passkeys']], ['owner', false], 'a passkey needs a name')
})

test('a waiting command comes to the page; a yes there lets it run, a no reaches the agent in words', async (t) => {
  const stream = await listenTo(site(), mine())
  t.after(() => stream.close())
  await heard(stream, 'approval', ({ what }) => what === 'here')
  const opened = me().open({ kind: 'exec', argv: ['/bin/echo', 'approved'], agent: 'builder' })
  const asked = await question(stream, 'builder')
  assert.deepEqual(asked.argv?.slice(1), ['approved'])
  const answered = await mine().post(`/v1/approvals/${asked.id}/answer`, {
    say: 'once',
    payload: asked.payload,
  })
  assert.equal(answered.status, 200, answered.text)
  assert.equal((await me().attach((await opened).permit)).stdout, 'approved\n')
  await heard(stream, 'approval', (change) => change['what'] === 'answered')

  const refused = me()
    .open({ kind: 'exec', argv: ['/bin/echo', 'no'], agent: 'planner' })
    .then(
      () => 'opened',
      (error: unknown) => String(error),
    )
  const next = await question(stream, 'planner')
  const body = { say: 'deny', payload: next.payload, note: 'not on a Sunday' }
  assert.equal((await mine().post(`/v1/approvals/${next.id}/answer`, body)).status, 200)
  assert.match(await refused, /not on a Sunday/)
  const again = await mine().post(`/v1/approvals/${next.id}/answer`, { say: 'once', payload: next.payload })
  assert.equal(again.json['code'], 'APPROVAL_ANSWERED', 'the first answer counts')
  const entry = await me().entry({ action: 'console:call', target: 'approvalAnswer', result: 'success' })
  const details = entry['details'] as Record<string, unknown>
  assert.deepEqual(
    [entry.agent, details['session'], details['way'], details['from']],
    ['owner', mine().who.session, 'link', '127.0.0.1'],
  )
})

test('without a page that watches, a question finds nobody', async () => {
  const stream = await listenTo(site(), mine())
  await heard(stream, 'approval', ({ what }) => what === 'here')
  assert.ok(((await me().call('daemon', {})).watchers ?? 0) > 0, 'the page counts')
  stream.close()
  const viewer = await site().enter({ person: 'vera', role: 'viewer' })
  const looking = await listenTo(site(), viewer)
  await heard(looking, 'approval', ({ what }) => what === 'here')
  await until(async () => (await me().call('daemon', {})).watchers === 0, 'who only looks does not count')
  looking.close()
})

test('what policy would say to an agent is answered for that agent, not for the person who asks', async () => {
  const ask = async (who: Visit, as: object) =>
    (await who.post('/v1/policy/explain', { capability: 'fs:read:/etc/hosts', ...as })).json['decision'] as {
      effect: string
      rule: string
    }
  const viewer = await site().enter({ person: 'vera', role: 'viewer' })
  const { decision } = await me().call('policyExplain', { capability: 'fs:read:/etc/hosts', as: 'builder' })
  assert.equal(decision.effect, 'deny')
  for (const who of [mine(), viewer]) {
    const { effect, rule } = await ask(who, { as: 'builder' })
    assert.deepEqual([effect, rule], [decision.effect, decision.rule])
  }
  assert.equal((await ask(mine(), {})).effect, 'allow', 'the owner may')
})

test('Stop ends what runs and the page is told; resume wants the passphrase or link again', async (t) => {
  const stream = await listenTo(site(), mine())
  t.after(() => stream.close())
  const opened = await me().open({ argv: ['/bin/sleep', '1000'], agent: 'busy' })
  const run = me().attach(opened.permit)
  await heard(stream, 'state', ({ runs }) => runs === 1)
  const stopped = await mine().post('/v1/stop', { reason: 'enough' })
  assert.equal(stopped.status, 200, stopped.text)
  assert.equal((stopped.json['halted'] as { processesAfter: number }[])[0]?.processesAfter, 0)
  await run
  await heard(stream, 'state', ({ mode, runs }) => mode === 'manual' && runs === 0)
  await heard(stream, 'entry', ({ action, result }) => action === 'agent:stop' && result === 'success')

  await me().call('passphraseSet', { passphrase: WORD }) // ends every session
  await stream.ended
  shared.mine = await site().enter()
  assert.equal(mine().who.freshUntil, null, 'with a passphrase a link is not enough')
  const held = await mine().post('/v1/resume', { reason: 'looked at it' })
  assert.deepEqual([held.status, held.json['code']], [403, 'FRESH_NEEDED'])
  const wrong = await mine().post('/session/fresh', { passphrase: 'no idea at all' })
  assert.deepEqual([wrong.status, wrong.json['code']], [403, 'PASSPHRASE_WRONG'])
  const fresh = await mine().post('/session/fresh', { passphrase: WORD })
  assert.equal(fresh.status, 200, fresh.text)
  const resumed = await mine().post('/v1/resume', { reason: 'looked at it' })
  assert.deepEqual([resumed.status, resumed.json['mode']], [200, 'normal'])
})

test('the record is read, and exported line by line, through the same calls', async () => {
  const { json } = await mine().get('/v1/audit?type=authentication&limit=3')
  const entries = json['entries'] as { event_type: string }[]
  assert.ok(entries.length === 3 && entries.every(({ event_type }) => event_type === 'authentication'))
  const { headers, text } = await mine().get('/v1/audit/export?format=jsonl&limit=4')
  assert.equal(headers['content-type'], 'application/x-ndjson')
  const lines = text.trim().split('\n')
  assert.ok(
    lines.length > 0 &&
      lines.every((line) => typeof (JSON.parse(line) as { text: string }).text === 'string'),
  )
})

test('a page that was cut off resumes where it was', async () => {
  const first = await listenTo(site(), mine())
  await heard(first, 'state', () => true)
  await me().call('decide', { capability: 'fs:read:/srv/one', as: 'somebody' })
  const { id = '' } = await heard(first, 'entry', ({ target }) => target === '/srv/one')
  first.close()
  await first.ended
  await me().call('decide', { capability: 'fs:read:/srv/two', as: 'somebody' })
  const second = await listenTo(site(), mine(), { 'last-event-id': id })
  await heard(second, 'entry', ({ target }) => target === '/srv/two')
  const seen = second.events.filter(({ event }) => event === 'entry').map((each) => Number(each.id))
  assert.equal(seen[0], Number(id) + 1)
  second.close()
})

test('with a second factor the console asks for the code, the terminal does not', async () => {
  const { token } = await me().call('login', { passphrase: WORD })
  const client = connect({
    socketPath: socketOf(home),
    secret: () => readSocketSecret(keysOf(home)),
    session: () => token,
  })
  after(() => client.close())
  const { call } = calls(client)
  const secret = base32Bytes((await call('totpBegin', {})).secret)
  await call('totpConfirm', { code: totpCode(secret, Math.floor(Date.now() / 30_000)) })
  await call('passphraseCheck', { passphrase: WORD })
  const login = (body: object) => site().send({ method: 'POST', path: '/session', body })
  assert.deepEqual((await site().send({ path: '/session' })).json['ways'], {
    passphrase: true,
    totp: true,
    passkey: false,
  })
  assert.equal((await login({ passphrase: WORD })).json['code'], 'PASSPHRASE_WRONG')
  // the next step’s code is taken too, and the one that confirmed is spent
  const next = totpCode(secret, Math.floor(Date.now() / 30_000) + 1)
  shared.mine = site().visit(await login({ passphrase: WORD, code: next }))
  assert.deepEqual([mine().who.way, mine().who.totp], ['passphrase', true])
  assert.equal(
    (await login({ passphrase: WORD, code: next })).json['code'],
    'PASSPHRASE_WRONG',
    'a second time',
  )
})

test('a passkey that was made in the console lets its owner in, and counts as the passphrase', async () => {
  const { origin } = site()
  const key = authenticator()
  const ask = async (visit: Visit, what: string) =>
    String((await visit.post('/session/passkey/options', { for: what })).json['challenge'])
  const made = registration(key, await ask(mine(), 'register'), 0x45, { origin })
  const added = await mine().post('/session/passkey/verify', {
    for: 'register',
    response: made,
    name: 'desk',
  })
  assert.equal(added.status, 200, added.text)
  key.counter = 1
  const options = await site().send({
    method: 'POST',
    path: '/session/passkey/options',
    body: { for: 'login' },
  })
  assert.equal(options.json['rpId'], 'localhost')
  const response = assertion(key, String(options.json['challenge']), 0x05, { origin })
  const login = { method: 'POST', path: '/session/passkey/verify', body: { for: 'login', response } }
  const visit = site().visit(await site().send(login))
  assert.deepEqual([visit.who.name, visit.who.way], ['owner', 'passkey'])
  assert.ok(visit.who.freshUntil !== null)
  assert.equal((await site().send(login)).json['code'], 'PASSKEY_INVALID', 'the same answer again')
  key.counter = 2
  const elsewhere = assertion(key, await ask(visit, 'fresh'), 0x05, { origin: 'https://evil.example' })
  const refused = await visit.post('/session/passkey/verify', { for: 'fresh', response: elsewhere })
  assert.equal(refused.json['code'], 'PASSKEY_INVALID')
  const again = assertion(key, await ask(visit, 'fresh'), 0x05, { origin })
  assert.equal((await visit.post('/session/passkey/verify', { for: 'fresh', response: again })).status, 200)
  assert.match((await visit.get('/session/passkeys')).text, /"name":"desk"/)
  assert.equal((await visit.remove(`/session/passkeys/${key.id}`)).status, 200)
  assert.deepEqual((await visit.get('/session/passkeys')).json, { passkeys: [] })
})

test('session and certificate outlive the daemon; a page goes on where it was', async () => {
  const { fingerprint } = await me().call('consoleShow', {})
  const before = mine()
  await endDaemon(home)
  const settings = ['console.listen=127.0.0.1:0', 'daemon.idle_timeout=1s']
  const until = { after: (fn: () => void) => void last.push(fn) }
  shared.me = await owner(until, home, settings)
  assert.equal((await me().call('consoleShow', {})).fingerprint, fingerprint)
  shared.site = await consoleOf(until, me())
  const headers = { cookie: before.cookie, [CSRF_HEADER]: before.who.csrf }
  const { json } = await site().send({ path: '/session', headers })
  assert.deepEqual([json['session'], json['csrf']], [before.who.session, before.who.csrf])
  const act = await site().send({
    method: 'POST',
    path: '/v1/stop',
    headers,
    body: { agent: 'x', reason: 'after' },
  })
  assert.equal(act.status, 200, act.text)
  const out = await site().send({ method: 'DELETE', path: '/session', headers })
  assert.deepEqual(out.json, { ended: true })
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/)
})

test('a daemon that ends when nobody needs it stays for a browser that is connected, and ends after it', async () => {
  // nobody but the browser is there: no session, and the owner at the socket is let go of
  for (const { id } of (await me().call('sessionList', {})).sessions) await me().call('sessionEnd', { id })
  me().client.close()
  const pid = home.daemonPid() ?? 0
  for (let second = 0; second < 3; second += 1) {
    assert.equal((await site().send({ path: '/' })).status, 200)
    await sleep(1000)
  }
  assert.equal(isAlive(pid), true, 'three times as long as it waits for somebody')
  for (const close of last) close()
  await until(() => !isAlive(pid), 'the end of a daemon whose last browser is gone', 60_000)
})

async function heard(
  { events }: Listening,
  event: string,
  fits: (data: Readonly<Record<string, unknown>>) => boolean,
) {
  const find = () => events.find((each) => each.event === event && fits(each.data))
  await until(() => find() !== undefined, `${event}; heard: ${JSON.stringify(events).slice(0, 3000)}`, 60_000)
  return find()!
}

async function question(stream: Listening, agent: string): Promise<QuestionAnswer> {
  const isIts = ({ what, question: asked }: Readonly<Record<string, unknown>>) =>
    what === 'asked' && (asked as QuestionAnswer).principal === agent
  const { data } = await heard(stream, 'approval', isIts)
  return data['question'] as QuestionAnswer
}

function base32Bytes(text: string): Buffer {
  const signs = Array.from(text, (sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign))
  const bits = signs.map((value) => value.toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
