import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as tlsConnect, type TLSSocket } from 'node:tls'
import { calls } from '../../src/client/calls.ts'
import { connect } from '../../src/client/connect.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { CONSOLE_COOKIE, CSRF_HEADER } from '../../src/api/console.ts'
import { ENDPOINTS } from '../../src/api/endpoints.ts'
import type { Endpoint } from '../../src/api/endpoint.ts'
import { mayCall } from '../../src/daemon/console/roles.ts'
import type { EndpointName } from '../../src/api/endpoints.ts'
import { consoleOf, cookieOf, listenTo, type ConsoleSite, type Visit } from '../kit/console.ts'
import { startDaemon } from '../kit/daemon.ts'
import { house, until } from '../kit/house.ts'
import { keysOf, owner, refused, socketOf, type Owner } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// Ways into the console for whom it is not: without log-in, in somebody else’s role, from another page, with what was
// stolen, planted or used before, through its files, and by asking so much that nobody else is served.

const home = house({ after })
const WORD = 'correct horse battery'
const shared: { me?: Owner; site?: ConsoleSite; mine?: Visit } = {}
const me = (): Owner => shared.me!
const site = (): ConsoleSite => shared.site!
const mine = (): Visit => shared.mine!

before(async () => {
  shared.me = await owner({ after }, home)
  shared.site = await consoleOf({ after }, shared.me)
  shared.mine = await shared.site.enter()
})

const CALLS = (Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]).map(([name, { method, path }]) => ({
  name,
  method,
  path: path.replaceAll(/:\w+/g, 'abcd'),
}))

const codeOf = ({ status, json }: { status: number; json: Readonly<Record<string, unknown>> }) => [
  status,
  json['code'],
]

test('without log-in every call, the stream and the session are shut, whatever token is made up', async () => {
  const paths = [
    ...CALLS,
    { method: 'GET', path: '/events' },
    { method: 'GET', path: '/session' },
    { method: 'DELETE', path: '/session' },
    { method: 'GET', path: '/session/passkeys' },
    { method: 'DELETE', path: '/session/passkeys/abcd' },
  ]
  const cookies = [undefined, `${CONSOLE_COOKIE}=${'A'.repeat(43)}`, `${CONSOLE_COOKIE}=`, 'warder=x']
  for (const [at, { method, path }] of paths.entries()) {
    const cookie = cookies[at % cookies.length]
    const body = method === 'POST' ? {} : undefined
    const reply = await site().send({ method, path, body, headers: { cookie } })
    assert.deepEqual(codeOf(reply), [401, 'LOGIN_NEEDED'], `${method} ${path}`)
  }
  // what opens the console is not asked through it
  for (const path of ['/session/fresh', '/session/passkey/options']) {
    const reply = await site().send({ method: 'POST', path, body: { for: 'register', passphrase: 'x' } })
    assert.ok([400, 401].includes(reply.status), path)
  }
})

test('a viewer looks and changes nothing; an operator answers and stops, and nothing more', async () => {
  const viewer = await site().enter({ person: 'vera', role: 'viewer' })
  const operator = await site().enter({ person: 'otto', role: 'operator' })
  for (const { name, method, path } of CALLS) {
    const may = mayCall(name)
    const code = may === 'never' ? 'NOT_FOR_CONSOLE' : 'CONSOLE_ROLE'
    const send = (who: Visit) => who.send({ method, path, body: method === 'POST' ? {} : undefined })
    if (may !== 'viewer') assert.deepEqual(codeOf(await send(viewer)), [403, code], `viewer: ${name}`)
    if (may !== 'viewer' && may !== 'operator') {
      assert.deepEqual(codeOf(await send(operator)), [403, code], `operator: ${name}`)
    }
  }
  assert.equal((await viewer.get('/v1/audit?limit=1')).status, 200)
  const stopped = await operator.post('/v1/stop', { agent: 'nobody-here', reason: 'the operator says so' })
  assert.equal(stopped.status, 200, stopped.text)
  assert.deepEqual(codeOf(await operator.post('/v1/resume', { agent: 'nobody-here', reason: 'x' })), [
    403,
    'CONSOLE_ROLE',
  ])
  await me().entry({ agent: 'console:otto', action: 'agent:stop', target: 'nobody-here', decision: 'allow' })
  await me().call('resume', { agent: 'nobody-here', reason: 'the test goes on' })
  // whose way is taken away is out at once, with link, stream and all
  const stream = await listenTo(site(), operator)
  await me().call('consoleDismiss', { name: 'otto' })
  assert.deepEqual(codeOf(await operator.get('/v1/daemon')), [401, 'LOGIN_NEEDED'])
  await stream.ended
})

test('another page, another name and a forged word of the page are not heard, and nothing is done', async () => {
  const act = { method: 'POST', path: '/v1/stop', body: { agent: 'never-stopped', reason: 'forged' } }
  const { cookie, who } = mine()
  const word = { cookie, [CSRF_HEADER]: who.csrf }
  const wrong: readonly (readonly [string, Record<string, string | undefined>])[] = [
    ['CONSOLE_CSRF', { cookie }],
    ['CONSOLE_CSRF', { cookie, [CSRF_HEADER]: 'x' }],
    ['CONSOLE_CSRF', { cookie, [CSRF_HEADER]: '0'.repeat(64) }],
    ['CONSOLE_ORIGIN', { ...word, origin: undefined }],
    ['CONSOLE_ORIGIN', { ...word, origin: 'null' }],
    ['CONSOLE_ORIGIN', { ...word, origin: 'https://evil.example' }],
    ['CONSOLE_ORIGIN', { ...word, origin: `http://localhost:${site().port}` }],
    ['CONSOLE_ORIGIN', { ...word, origin: `https://127.0.0.1:${site().port}` }],
    ['CONSOLE_ORIGIN', { ...word, origin: `${site().origin}.evil.example` }],
    ['CONSOLE_ORIGIN', { ...word, 'sec-fetch-site': 'cross-site' }],
    ['CONSOLE_ORIGIN', { ...word, 'sec-fetch-site': 'same-site' }],
    ['CONSOLE_ORIGIN', { ...word, 'sec-fetch-site': 'none' }],
    ['CONSOLE_HOST', { ...word, host: 'evil.example' }],
    [
      'CONSOLE_HOST',
      { ...word, host: `evil.example:${site().port}`, origin: `https://evil.example:${site().port}` },
    ],
    ['CONSOLE_HOST', { ...word, host: 'localhost' }],
    ['CONSOLE_HOST', { ...word, host: `localhost.:${site().port}` }],
    ['BODY_INVALID', { ...word, 'content-type': 'text/plain' }],
    ['BODY_INVALID', { ...word, 'content-type': 'application/x-www-form-urlencoded' }],
    ['BODY_INVALID', { ...word, 'content-type': undefined }],
  ]
  for (const [code, headers] of wrong) {
    const reply = await site().send({ ...act, headers })
    assert.equal(reply.json['code'], code, JSON.stringify(headers))
    assert.equal(reply.headers['access-control-allow-origin'], undefined)
  }
  const reads = {
    path: '/v1/audit',
    headers: { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  }
  assert.deepEqual(codeOf(await site().send(reads)), [403, 'CONSOLE_ORIGIN'])
  const framed = {
    path: '/v1/audit',
    headers: { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  }
  assert.deepEqual(codeOf(await site().send(framed)), [403, 'CONSOLE_ORIGIN'])
  const { stops } = await me().call('daemon', {})
  assert.deepEqual(stops, [])
  const preflight = await site().send({
    method: 'OPTIONS',
    path: '/v1/stop',
    headers: { origin: 'https://evil.example' },
  })
  assert.equal(preflight.status, 404)
})

test('the log-in cannot be made by another page, and a planted cookie never becomes a session', async () => {
  const { url } = await me().call('consoleLink', {})
  const [, token] = /#link=(.+)$/.exec(url) ?? []
  const login = { method: 'POST', path: '/session/link', body: { token } }
  const forged = await site().send({ ...login, headers: { origin: 'https://evil.example' } })
  assert.deepEqual(codeOf(forged), [403, 'CONSOLE_ORIGIN'])
  const planted = 'B'.repeat(43)
  const reply = await site().send({ ...login, headers: { cookie: `${CONSOLE_COOKIE}=${planted}` } })
  const visit = site().visit(reply)
  assert.doesNotMatch(visit.cookie, new RegExp(planted))
  const old = await site().send({ path: '/session', headers: { cookie: `${CONSOLE_COOKIE}=${planted}` } })
  assert.equal(old.status, 401)
  // two cookies of that name: one of them was planted, and nobody knows which
  const both = `${CONSOLE_COOKIE}=${planted}; ${visit.cookie}`
  assert.equal((await site().send({ path: '/session', headers: { cookie: both } })).status, 401)
  // who logs in again gets a new session, and the old one is over
  const { url: next } = await me().call('consoleLink', {})
  const again = await visit.bare({
    ...{ method: 'POST', path: '/session/link' },
    body: { token: /#link=(.+)$/.exec(next)?.[1] },
  })
  assert.notEqual(cookieOf(again), visit.cookie)
  assert.equal((await visit.get('/v1/daemon')).status, 401)
})

test('a link, a session that was ended, and its word are good for nothing a second time', async () => {
  const { url } = await me().call('consoleLink', {})
  const body = { token: /#link=(.+)$/.exec(url)?.[1] }
  const visit = site().visit(await site().send({ method: 'POST', path: '/session/link', body }))
  assert.deepEqual(codeOf(await site().send({ method: 'POST', path: '/session/link', body })), [
    403,
    'LINK_INVALID',
  ])
  assert.equal(
    (await mine().bare({ path: '/session', headers: { [CSRF_HEADER]: visit.who.csrf } })).status,
    200,
  )
  const swapped = await mine().send({
    method: 'DELETE',
    path: '/session',
    headers: { [CSRF_HEADER]: visit.who.csrf },
  })
  assert.deepEqual(codeOf(swapped), [403, 'CONSOLE_CSRF'], 'the word of another session')
  const stream = await listenTo(site(), visit)
  const { sessions } = await me().call('sessionList', {})
  assert.ok(sessions.some(({ id }) => id === visit.who.session))
  await me().call('sessionEnd', { id: visit.who.session })
  assert.deepEqual(codeOf(await visit.get('/v1/daemon')), [401, 'LOGIN_NEEDED'])
  assert.deepEqual(codeOf(await visit.post('/v1/stop', { reason: 'x' })), [401, 'LOGIN_NEEDED'])
  await stream.ended
  assert.equal(stream.events.at(-1)?.event, 'over')
})

test('a token of the console opens nothing on the owner’s socket', async (t) => {
  const [, token = ''] = /=(.*)$/.exec(mine().cookie) ?? []
  const client = connect({
    socketPath: socketOf(home),
    secret: () => readSocketSecret(keysOf(home)),
    session: () => token,
  })
  t.after(() => client.close())
  const isCurrent = ({ id, current }: { id: string; current: boolean }) =>
    current && id === mine().who.session
  const { sessions } = await calls(client).call('sessionList', {})
  assert.equal(sessions.some(isCurrent), false)
  const here = (await mine().get('/v1/sessions')).json['sessions'] as typeof sessions
  assert.equal(here.some(isCurrent), true, 'where it belongs it is the one that asks')
})

test('every answer forbids frames, foreign scripts, guessing of types and keeping', async () => {
  const replies = [
    await site().send({ path: '/' }),
    await site().send({ path: '/v1/daemon' }),
    await mine().get('/v1/daemon'),
    await site().send({ path: '/assets/none.js' }),
    await site().send({ path: '/session', headers: { host: 'evil.example' } }),
    await site().send({ method: 'POST', path: '/session', raw: '{' }),
  ]
  for (const { headers } of replies) {
    const policy = String(headers['content-security-policy'])
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.includes(part), part)
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    assert.match(policy, /require-trusted-types-for 'script'/)
    assert.deepEqual(
      ['x-frame-options', 'x-content-type-options', 'cache-control', 'referrer-policy'].map(
        (name) => headers[name],
      ),
      ['DENY', 'nosniff', 'no-store', 'no-referrer'],
    )
    assert.equal(
      headers['strict-transport-security'],
      undefined,
      'on loopback it would hold for all of this machine',
    )
    assert.deepEqual([headers['server'], headers['x-powered-by']], [undefined, undefined])
  }
})

test('a path never leads out of the pages, however it is written', async () => {
  const secret = readFileSync(join(home.home, '.local/share/warder/keys/socket.secret'), 'utf8').slice(0, 32)
  const paths = [
    ...['/../package.json', '/assets/../../package.json', '/%2e%2e/package.json', '/..%2fpackage.json'],
    ...[
      '/assets/..%5c..%5cpackage.json',
      '/....//package.json',
      '//etc/passwd',
      '/etc/passwd.txt',
      '/%00.js',
    ],
    ...['/assets/%252e%252e/package.json', '/assets/;/../../package.json', '/index.html/../../package.json'],
    ...['/console.certificate.json', '/v1/../package.json', '/session/../package.json'],
  ]
  for (const path of paths) {
    const { status, text } = await raw(
      `GET ${path} HTTP/1.1\r\nhost: localhost:${site().port}\r\nconnection: close\r\n\r\n`,
    )
    assert.ok([400, 401, 403, 404].includes(status), `${path}: ${status}`)
    assert.doesNotMatch(text, /"dependencies"|root:x:/, path)
    assert.ok(!text.includes(secret), path)
  }
})

test('what is malformed, oversized or split in two is refused, and the next one is served', async () => {
  const head = `host: localhost:${site().port}\r\n`
  const post = `POST /session HTTP/1.1\r\n${head}origin: ${site().origin}\r\ncontent-type: application/json\r\n`
  const broken = [
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\n${head}${head}\r\n`,
    `GET https://evil.example/ HTTP/1.1\r\n${head}\r\n`,
    `GET / HTTP/1.1\r\n${head}x: ${'a'.repeat(20_000)}\r\n\r\n`,
    `${post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/status HTTP/1.1\r\n\r\n`,
    `${post}content-length: 10\r\ncontent-length: 20\r\n\r\n{}`,
    `GET / HTTP/1.1\r\n${head}x: a\nset-cookie: ${CONSOLE_COOKIE}=x\r\n\r\n`,
    'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n',
    `GET /events HTTP/1.1\r\n${head}connection: upgrade\r\nupgrade: warder-run/1\r\n\r\n`,
    '\u0016\u0003\u0001',
  ]
  for (const text of broken) {
    const answer = await raw(text)
    assert.ok(answer.status === 0 || answer.status >= 400, `${text.slice(0, 60)}: ${answer.status}`)
    assert.doesNotMatch(answer.text, /HTTP\/1\.1 2/, text.slice(0, 60))
  }
  const bodies: readonly (readonly [string | Buffer, string])[] = [
    ['{', 'BODY_INVALID'],
    ['[]', 'BODY_INVALID'],
    ['null', 'BODY_INVALID'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'BODY_INVALID'],
    [`{"passphrase":"${'x'.repeat(40_000)}"}`, 'BODY_TOO_LARGE'],
    ['{"passphrase":"x","extra":1}', 'INPUT_INVALID'],
    ['{"passphrase":"x","__proto__":{"role":"owner"}}', 'INPUT_INVALID'],
    ['{"passphrase":["x"]}', 'INPUT_INVALID'],
    [`{"passphrase":"x","code":"${'1'.repeat(100)}"}`, 'INPUT_INVALID'],
  ]
  for (const [body, code] of bodies) {
    const reply = await site().send({ method: 'POST', path: '/session', raw: body })
    assert.deepEqual(codeOf(reply), [400, code], String(body).slice(0, 40))
  }
  const large = { method: 'POST', path: '/v1/stop', raw: `{"reason":"${'x'.repeat(3_000_000)}"}` }
  const tooLarge = await mine()
    .send(large)
    .catch(() => undefined) // the daemon does not read it all, and hangs up
  assert.ok(tooLarge === undefined || tooLarge.json['code'] === 'BODY_TOO_LARGE')
  assert.deepEqual(codeOf(await mine().get('/v1/audit?limit=1&limit=2')), [400, 'INPUT_INVALID'])
  assert.deepEqual(codeOf(await mine().get('/v1/audit/entries/%ff')), [400, 'INPUT_INVALID'])
  assert.deepEqual(codeOf(await mine().get('/v1/audit?nosuch=1')), [400, 'INPUT_INVALID'])
  assert.equal((await mine().get('/v1/daemon')).status, 200)
})

test('plain HTTP, and TLS older than 1.3, get no answer', async () => {
  const plain = await new Promise<string>((resolve) => {
    const socket = netConnect(site().port, '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
    )
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
  assert.doesNotMatch(plain, /HTTP\/1/)
  const old = await new Promise<string>((resolve) => {
    const socket = tlsConnect({
      port: site().port,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    })
    socket.on('secureConnect', () => resolve('connected'))
    socket.on('error', () => resolve('refused'))
  })
  assert.equal(old, 'refused')
})

test('streams run out for one session, not for others; a stream nobody reads holds nobody up', async () => {
  const greedy = await site().enter({ person: 'vera', role: 'viewer' })
  const open = await Promise.all(Array.from({ length: 12 }, () => listenTo(site(), greedy)))
  const statuses = open.map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 6, String(statuses))
  assert.equal(statuses.filter((status) => status === 429).length, 6)
  for (const each of open) each.pause()
  const other = await listenTo(site(), mine())
  await until(() => other.events.some(({ event }) => event === 'state'), 'the other hears')
  await me().call('decide', { capability: 'fs:read:/srv/heard', as: 'somebody' })
  await until(
    () => other.events.some(({ event, data }) => event === 'entry' && data['target'] === '/srv/heard'),
    'what happens goes on to be told',
  )
  for (const each of [...open, other]) each.close()
  await until(async () => {
    const one = await listenTo(site(), greedy)
    one.close()
    return one.status === 200
  }, 'places are free again')
})

test('text of an agent goes out as data, and cannot begin another event or header', async () => {
  const stream = await listenTo(site(), mine())
  await until(() => stream.events.some(({ event }) => event === 'state'), 'it begins')
  const evil = 'a\r\n\r\nevent: state\ndata: {"mode":"all is well"}\n\n<script>alert(1)</script>\u202e'
  await me().call('decide', { capability: 'fs:read:/srv/evil', as: 'somebody', reason: evil })
  await until(() => stream.events.some(({ data }) => data['target'] === '/srv/evil'), 'the entry')
  assert.ok(stream.events.every(({ event, data }) => event !== 'state' || data['mode'] !== 'all is well'))
  const { text, headers } = await mine().get('/v1/audit?limit=5')
  assert.equal(headers['content-type'], 'application/json')
  assert.ok(JSON.parse(text))
  stream.close()
})

test('a policy is written through the page only over the one it was made from, and only without a fault', async () => {
  const file = join(home.home, '.config/warder/policy.yaml')
  const before = createHash('sha256').update('version: 1\n').digest('hex')
  const put = (body: object) => mine().post('/v1/console/policy', body)
  const loose =
    'version: 1\nrules:\n  - {id: all, agents: ["*"], effect: allow, capabilities: ["fs:*"], reason: r}\n'
  const wrong: readonly (readonly [object, string])[] = [
    [{ text: loose, before: '0'.repeat(64) }, 'CONSOLE_POLICY_CHANGED'],
    [{ text: loose.replace('effect', 'efect'), before }, 'POLICY_INVALID'],
    [{ text: loose, before: before.toUpperCase() }, 'INPUT_INVALID'],
    [{ text: loose }, 'INPUT_INVALID'],
    [{ text: loose, before, file: '/etc/passwd' }, 'INPUT_INVALID'],
    [{ text: `${loose}#${'x'.repeat(1_000_001)}`, before }, 'INPUT_INVALID'],
  ]
  for (const [body, code] of wrong) assert.equal((await put(body)).json['code'], code)
  const { cookie } = mine()
  const forged = {
    method: 'POST',
    path: '/v1/console/policy',
    body: { text: loose, before },
    headers: { cookie },
  }
  assert.deepEqual(codeOf(await site().send(forged)), [403, 'CONSOLE_CSRF'])
  assert.equal(existsSync(file), false, 'nothing of it was written')
  const { decision } = await me().call('decide', { capability: 'fs:read:/srv/x', as: 'somebody' })
  assert.equal(decision.effect, 'deny')
})

test('guessing the passphrase is slow, on record, locks the console alone, and never the link', async () => {
  await me().call('passphraseSet', { passphrase: WORD })
  shared.mine = await site().enter()
  assert.deepEqual(
    codeOf(await mine().post('/v1/resume', { reason: 'x' })),
    [403, 'FRESH_NEEDED'],
    'a link is not the passphrase',
  )
  const policy = { text: 'version: 1\n', before: createHash('sha256').update('version: 1\n').digest('hex') }
  assert.deepEqual(codeOf(await mine().post('/v1/console/policy', policy)), [403, 'FRESH_NEEDED'])
  assert.equal(existsSync(join(home.home, '.config/warder/policy.yaml')), false, 'and no policy was written')
  const guess = (passphrase: string) =>
    site().send({ method: 'POST', path: '/session', body: { passphrase } })
  const tried = await Promise.all(Array.from({ length: 12 }, (_each, at) => guess(`guess ${at} of many`)))
  const codes = tried.map(({ json }) => json['code'])
  assert.equal(codes.filter((code) => code === 'PASSPHRASE_WRONG').length, 5, String(codes))
  assert.ok(codes.every((code) => ['PASSPHRASE_WRONG', 'LOCKED_OUT', 'RATE_LIMITED'].includes(String(code))))
  assert.ok(
    ['LOCKED_OUT', 'RATE_LIMITED'].includes(String((await guess(WORD)).json['code'])),
    'the right one too',
  )
  await me().entry({
    action: 'console:login',
    target: 'passphrase',
    rule: 'PASSPHRASE_WRONG',
    result: 'denied',
  })
  await me().call('passphraseCheck', { passphrase: WORD }) // the terminal is not locked
  await until(async () => {
    const { url } = await me().call('consoleLink', {})
    const body = { token: /#link=(.+)$/.exec(url)?.[1] }
    return (await site().send({ method: 'POST', path: '/session/link', body })).status === 200
  }, 'a link still lets the owner in')
  assert.doesNotMatch(JSON.stringify(await me().ledger()), /guess 1 of many|correct horse/)
})

test('the console cannot turn itself into more: no links, no passphrase, no runs, no secrets', async () => {
  for (const [path, body] of [
    ['/v1/console/links', {}],
    ['/v1/console', {}],
    ['/v1/owner/passphrase', { passphrase: 'another one' }],
    ['/v1/owner/reset', { reason: 'x' }],
    ['/v1/sessions', { passphrase: WORD }],
    ['/v1/runs', {}],
    ['/v1/secrets/x/read', {}],
    ['/v1/console/totp', {}],
  ] as const) {
    assert.deepEqual(codeOf(await mine().post(path, body)), [403, 'NOT_FOR_CONSOLE'], path)
  }
  const upgrade = await raw(
    `GET /v1/attach HTTP/1.1\r\nhost: localhost:${site().port}\r\ncookie: ${mine().cookie}\r\nconnection: upgrade\r\nupgrade: warder-run/1\r\n\r\n`,
  )
  assert.doesNotMatch(upgrade.text, /101/)
})

test('it does not start open to a network: no subnet, no log-in, no address', async () => {
  const other = house({ after })
  for (const words of [
    ['--set=console.listen=0.0.0.0:0'],
    [
      '--set=console.listen=0.0.0.0:0',
      '--set=console.subnet=192.0.2.0/24',
      '--set=profile=dev',
      '--set=auth.mode=off',
    ],
    ['--set=console.listen=everywhere'],
  ]) {
    await assert.rejects(
      startDaemon({ after }, other, words),
      /CONSOLE_BIND_REFUSED|CONSOLE_ADDRESS/,
      words.join(' '),
    )
  }
})

test('nobody is let in to a console that was turned off, or after the daemon ended', async () => {
  await me().call('consoleClose', {})
  await assert.rejects(mine().get('/v1/daemon'))
  await refused(me().call('consoleLink', {}), 'CONSOLE_OFF')
  const { sessions } = await me().call('sessionList', {})
  assert.ok(sessions.every(({ id }) => id !== mine().who.session))
  await endDaemon(home)
})

/** Sends bytes as they are over TLS. @returns what came back until the other end hung up */
function raw(text: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    let answer = ''
    const done = () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), text: answer })
    const socket: TLSSocket = tlsConnect(
      { port: site().port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false },
      () => socket.write(text),
    )
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (/\r\n\r\n/.test(answer)) socket.end()
    })
    socket.on('error', () => undefined)
    socket.on('close', done)
    socket.setTimeout(8000, () => socket.destroy())
  })
}
