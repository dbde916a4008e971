import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONSOLE_COOKIE } from '../../src/api/console.ts'
import { ENDPOINTS, type EndpointName } from '../../src/api/endpoints.ts'
import type { Endpoint } from '../../src/api/endpoint.ts'
import { mayCall } from '../../src/daemon/console/roles.ts'
import { listenTo, type Visit } from '../kit/console.ts'
import { codeOf, raw, type Place } from './console-place.ts'

const CALLS = (Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]).map(([name, { method, path }]) => ({
  name,
  method,
  path: path.replaceAll(/:\w+/g, 'abcd'),
}))

/** Without log-in, in a role that may not, and what nobody may through a page. */
export function rolesAttacks({ me, site, mine }: Place): void {
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
    await me().entry({
      agent: 'console:otto',
      action: 'agent:stop',
      target: 'nobody-here',
      decision: 'allow',
    })
    await me().call('resume', { agent: 'nobody-here', reason: 'the test goes on' })
    // whose way is taken away is out at once, with link, stream and all
    const stream = await listenTo(site(), operator)
    await me().call('consoleDismiss', { name: 'otto' })
    assert.deepEqual(codeOf(await operator.get('/v1/daemon')), [401, 'LOGIN_NEEDED'])
    await stream.ended
  })

  test('the console cannot turn itself into more: no links, no passphrase, no runs, no secrets', async () => {
    for (const [path, body] of [
      ['/v1/console/links', {}],
      ['/v1/console', {}],
      ['/v1/owner/passphrase', { passphrase: 'another one' }],
      ['/v1/owner/reset', { reason: 'x' }],
      ['/v1/sessions', { passphrase: 'another one' }],
      ['/v1/runs', {}],
      ['/v1/secrets/x/read', {}],
      ['/v1/console/totp', {}],
    ] as const) {
      assert.deepEqual(codeOf(await mine().post(path, body)), [403, 'NOT_FOR_CONSOLE'], path)
    }
    const upgrade = await raw(
      site(),
      `GET /v1/attach HTTP/1.1\r\nhost: localhost:${site().port}\r\ncookie: ${mine().cookie}\r\nconnection: upgrade\r\nupgrade: warder-run/1\r\n\r\n`,
    )
    assert.doesNotMatch(upgrade.text, /101/)
  })
}
