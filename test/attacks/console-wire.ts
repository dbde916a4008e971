import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { CONSOLE_COOKIE } from '../../src/api/console.ts'
import { listenTo } from '../kit/console.ts'
import { until } from '../kit/house.ts'
import { codeOf, raw, type Place } from './console-place.ts'

/** Through its files, its bytes and its streams. */
export function wireAttacks({ home, me, site, mine }: Place): void {
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
    const secret = readFileSync(join(home.home, '.local/share/warder/keys/socket.secret'), 'utf8').slice(
      0,
      32,
    )
    const paths = [
      ...['/../package.json', '/assets/../../package.json', '/%2e%2e/package.json', '/..%2fpackage.json'],
      ...[
        '/assets/..%5c..%5cpackage.json',
        '/....//package.json',
        '//etc/passwd',
        '/etc/passwd.txt',
        '/%00.js',
      ],
      ...[
        '/assets/%252e%252e/package.json',
        '/assets/;/../../package.json',
        '/index.html/../../package.json',
      ],
      ...['/console.certificate.json', '/v1/../package.json', '/session/../package.json'],
    ]
    for (const path of paths) {
      const { status, text } = await raw(
        site(),
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
      const answer = await raw(site(), text)
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
}
