import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { newId } from '../../core/id.ts'
import { systemClock } from '../../platform/clock.ts'
import type { EgressEvent } from './event.ts'
import { LIMITS } from './limits.ts'
import type { EgressRule } from './rules.ts'
import { createSafeFetch, type SafeFetch } from './safe-fetch.ts'
import { createAuthority } from './tls/authority.ts'

const seen: string[] = []
const serve: RequestListener = (request, response) => {
  seen.push(`${request.method} ${request.headers.host} ${request.url} ${request.headers.authorization ?? ''}`)
  const [, to = ''] = /^\/to\?(.*)$/.exec(request.url ?? '') ?? []
  if (to !== '') return void response.writeHead(302, { location: decodeURIComponent(to) }).end()
  if (request.url === '/large') return void response.end(Buffer.alloc(5000))
  if (request.url === '/slow') return void response.write('a little')
  request.pipe(response.writeHead(200, { 'x-method': request.method ?? '' }))
}
const authority = createAuthority({ hosts: ['a.test', 'b.test'], now: Date.now })
const plain = createServer(serve)
const secure = createHttps({ SNICallback: (name, done) => done(null, authority.contextFor(name)) }, serve)
const ports = { http: 0, https: 0 }
const events: EgressEvent[] = []

before(async () => {
  await Promise.all([
    once(plain.listen(0, '127.0.0.1'), 'listening'),
    once(secure.listen(0, '127.0.0.1'), 'listening'),
  ])
  ports.http = (plain.address() as AddressInfo).port
  ports.https = (secure.address() as AddressInfo).port
})
after(() => {
  for (const server of [plain, secure]) {
    server.close()
    server.closeAllConnections()
  }
})

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'a.test': ['127.0.0.1'],
  'b.test': ['127.0.0.1'],
  'inside.test': ['127.0.0.1'],
}

function safeFetch(
  more: Partial<Parameters<typeof createSafeFetch>[0]> = {},
  record = async (event: EgressEvent) => void events.push(event),
): SafeFetch {
  const rule = (host: string): EgressRule => ({
    id: host,
    effect: 'allow',
    host,
    ports: [ports.http, ports.https],
    addresses: ['127.0.0.1'],
  })
  return createSafeFetch({
    name: 'warder:test',
    rules: [
      rule('a.test'),
      rule('b.test'),
      { id: 'inside', effect: 'allow', host: 'inside.test', ports: [ports.http] },
    ],
    ports: {
      record,
      resolve: async (name) => NAMES[name] ?? [],
      clock: systemClock,
      isOwn: () => false,
      roots: [authority.certificatePem],
      newId,
      limits: LIMITS,
      warn: () => undefined,
    },
    ...more,
  })
}

const at = (host: string, path = '/', scheme: 'http' | 'https' = 'http') =>
  `${scheme}://${host}:${ports[scheme]}${path}`
const to = (url: string) => `/to?${encodeURIComponent(url)}`

test('what the rules name is fetched, over TLS as well, and what they do not is refused', async () => {
  const fetch = safeFetch()
  for (const scheme of ['http', 'https'] as const) {
    const answer = await fetch(at('a.test', '/x', scheme), { method: 'POST', body: 'hello' })
    assert.deepEqual(
      [answer.status, answer.body.toString(), answer.headers['x-method']],
      [200, 'hello', 'POST'],
    )
  }
  const calm = seen.length
  for (const url of [
    at('evil.test'),
    at('127.0.0.1'),
    at('0x7f.1'),
    at('[::1]'),
    at('inside.test'),
    `http://u:p@a.test:${ports.http}/`,
    'file:///etc/passwd',
    'http://',
  ]) {
    await assert.rejects(fetch(url), { code: 'EGRESS_REFUSED' }, url)
  }
  assert.equal(seen.length, calm)
  assert.ok(
    events.some(
      (event) => event.kind === 'decision' && event.verdict === 'deny' && event.host === 'evil.test',
    ),
  )
})

test('a redirect is decided on like the first request, hop by hop', async () => {
  const fetch = safeFetch()
  assert.equal((await fetch(at('a.test', to(at('b.test', '/end'))))).url, at('b.test', '/end'))
  const refused = [
    at('evil.test', '/stolen'),
    at('inside.test', '/stolen'),
    'http://169.254.169.254/stolen',
    'http://127.0.0.1/stolen',
    'file:///stolen',
  ]
  for (const url of refused)
    await assert.rejects(fetch(at('a.test', to(url))), { code: 'EGRESS_REFUSED' }, url)
  await assert.rejects(
    fetch(at('a.test', to(at('b.test', '/stolen')), 'https')),
    { code: 'EGRESS_REDIRECTED' },
    'from https to http',
  )
  const circle = at('a.test', to('/to?%2F'))
  await assert.rejects(fetch(circle, { redirects: 1 }), { code: 'EGRESS_REDIRECTED' })
  assert.ok(!seen.some((line) => line.includes('stolen') && !line.includes('/to?')))
})

test('credentials stay with the host they were for, and a body does not follow into a GET', async () => {
  const headers = { Authorization: 'Bearer one' }
  await safeFetch()(at('a.test', to(at('b.test', '/other'))), { headers, method: 'POST', body: 'x' })
  assert.ok(seen.includes(`GET b.test:${ports.http} /other `), seen.at(-1))
  await safeFetch()(at('a.test', to('/same')), { headers })
  assert.ok(seen.includes(`GET a.test:${ports.http} /same Bearer one`))
})

test('an answer that is too large, or does not end, is broken off', async () => {
  await assert.rejects(safeFetch()(at('a.test', '/large'), { maxBytes: 4999 }), { code: 'EGRESS_TOO_LARGE' })
  assert.equal((await safeFetch()(at('a.test', '/large'), { maxBytes: 5000 })).body.length, 5000)
  await assert.rejects(safeFetch()(at('a.test', '/slow'), { timeoutMs: 200 }), { code: 'EGRESS_TIMED_OUT' })
})

test('a server that is not the one it should be gets nothing', async () => {
  const calm = seen.length
  const base = {
    record: async () => undefined,
    resolve: async () => ['127.0.0.1'],
    clock: systemClock,
    isOwn: () => false,
    newId,
    limits: LIMITS,
    warn: () => undefined,
  }
  await assert.rejects(
    safeFetch({ ports: base })(at('a.test', '/', 'https')),
    { code: 'EGRESS_UNTRUSTED' },
    'another root',
  )
  const pins = [{ host: 'a.test', spkiSha256: [Buffer.alloc(32).toString('base64')] }]
  await assert.rejects(
    safeFetch({ pins })(at('a.test', '/', 'https')),
    { code: 'EGRESS_UNTRUSTED' },
    'another key',
  )
  await assert.rejects(
    safeFetch({ ports: { ...base, resolve: async () => [] } })(at('a.test')),
    { code: 'EGRESS_REFUSED' },
    'no address',
  )
  assert.equal(seen.length, calm)
})

test('what cannot be recorded is not sent', async () => {
  const calm = seen.length
  await assert.rejects(safeFetch({}, () => Promise.reject(new Error('full')))(at('a.test')), {
    code: 'EGRESS_REFUSED',
  })
  assert.equal(seen.length, calm)
})
