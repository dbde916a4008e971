import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONSOLE_COOKIE, CSRF_HEADER } from '../../src/api/console.ts'
import { calls } from '../../src/client/calls.ts'
import { connect } from '../../src/client/connect.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { cookieOf, listenTo } from '../kit/console.ts'
import { keysOf, socketOf } from '../kit/owner.ts'
import { codeOf, type Place } from './console-place.ts'

/** From another page, with a session or link that was planted, swapped, ended or used before. */
export function sessionAttacks({ home, me, site, mine }: Place): void {
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
}
