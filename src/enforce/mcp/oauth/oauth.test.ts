import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Ask } from './discovery.ts'
import { login, renewed } from './index.ts'

const URL_OF = 'https://mcp.test/mcp'
const ISSUER = 'https://login.test/tenant'
const TOKEN = 'token-that-stands-in-no-error'
const REDIRECT = 'http://127.0.0.1:4711/callback'

interface Twist {
  readonly resource?: object
  readonly issuer?: object
  readonly challenge?: string
  readonly answer?: Record<string, string>
  readonly token?: object
}

/** A server and its issuer in memory; `twist` says what they do that they should not. */
function world(twist: Twist = {}) {
  const asked: { url: string; body: URLSearchParams }[] = []
  const told: { challenge?: string } = {}
  const pages: Record<string, object> = {
    'https://mcp.test/.well-known/oauth-protected-resource/mcp': {
      ...{ resource: URL_OF, authorization_servers: [ISSUER], scopes_supported: ['read'] },
      ...twist.resource,
    },
    'https://login.test/.well-known/oauth-authorization-server/tenant': {
      ...{ issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` },
      ...{ registration_endpoint: `${ISSUER}/register`, code_challenge_methods_supported: ['S256'] },
      authorization_response_iss_parameter_supported: true,
      ...twist.issuer,
    },
  }
  const ask: Ask = async (url, request) => {
    asked.push({ url, body: new URLSearchParams(request?.body) })
    const said = (status: number, body: object, headers = {}) => ({
      status,
      headers,
      text: JSON.stringify(body),
    })
    if (url === URL_OF)
      return said(
        401,
        {},
        { 'www-authenticate': twist.challenge ?? 'Bearer error="invalid_token", scope="write"' },
      )
    if (url === `${ISSUER}/register`) return said(201, { client_id: 'client-1' })
    if (url !== `${ISSUER}/token`) return url in pages ? said(200, pages[url]!) : said(404, {})
    const { body } = asked.at(-1)!
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    const isMine = body.get('grant_type') === 'refresh_token' || challenge === told.challenge
    return isMine
      ? said(200, {
          access_token: TOKEN,
          token_type: 'bearer',
          expires_in: 3600,
          refresh_token: 'next',
          ...twist.token,
        })
      : said(400, { error: 'invalid_grant', sent: body.toString() })
  }
  const visit = async (url: string, state: string): Promise<URLSearchParams> => {
    const { searchParams } = new URL(url)
    told.challenge = searchParams.get('code_challenge')!
    visited.push(searchParams)
    return new URLSearchParams({ code: 'code-1', state, iss: ISSUER, ...twist.answer })
  }
  const visited: URLSearchParams[] = []
  return { asked, visited, ask, ports: { ask, randomBytes, redirect: REDIRECT, visit } }
}

test('a login finds its way, is bound to us by PKCE and to the server by its resource', async () => {
  const { asked, visited, ports } = world()
  const got = await login(URL_OF, undefined, ports)
  assert.deepEqual(got, {
    accessToken: TOKEN,
    expiresS: 3600,
    refresh: { refreshToken: 'next', clientId: 'client-1', token: `${ISSUER}/token`, resource: URL_OF },
  })
  const [at] = visited
  assert.equal(at!.get('resource'), URL_OF)
  assert.equal(at!.get('code_challenge_method'), 'S256')
  assert.equal(at!.get('scope'), 'write', 'what the server asks for goes before what it lists')
  const { body } = asked.at(-1)!
  assert.deepEqual(
    [body.get('resource'), body.get('redirect_uri'), body.get('client_id')],
    [URL_OF, REDIRECT, 'client-1'],
  )
  assert.ok((body.get('code_verifier') ?? '').length >= 43)
  const [one, other] = [world(), world()]
  await login(URL_OF, 'mine', one.ports)
  await login(URL_OF, 'mine', other.ports)
  assert.notEqual(one.visited[0]!.get('state'), other.visited[0]!.get('state'))
  assert.equal(
    one.asked.some(({ url }) => url.endsWith('/register')),
    false,
  )
})

test('the next token is got for the same server, and keeps what it is got with when no new one comes', async () => {
  const { ask, asked } = world({ token: { refresh_token: undefined } })
  const of = { refreshToken: 'kept', clientId: 'c', token: `${ISSUER}/token`, resource: URL_OF }
  assert.deepEqual((await renewed(of, ask)).refresh, of)
  assert.equal(asked[0]!.body.get('resource'), URL_OF)
  assert.equal((await renewed(of, world().ask)).refresh?.refreshToken, 'next')
})

const REFUSED: Readonly<Record<string, Twist>> = {
  'metadata of another server': { resource: { resource: 'https://other.test/mcp' } },
  'metadata of a path beside ours': { resource: { resource: 'https://mcp.test/mcpx' } },
  'no issuer': { resource: { authorization_servers: [] } },
  'an issuer without TLS': { resource: { authorization_servers: ['http://login.test/tenant'] } },
  'an issuer on this machine': { resource: { authorization_servers: ['https://127.0.0.1/tenant'] } },
  'an issuer that is an address': { resource: { authorization_servers: ['https://169.254.169.254/'] } },
  'an issuer that speaks for another': { issuer: { issuer: 'https://other.test' } },
  'no PKCE': { issuer: { code_challenge_methods_supported: ['plain'] } },
  'a token endpoint without TLS': { issuer: { token_endpoint: 'http://login.test/token' } },
  'a metadata address on this machine': { challenge: 'Bearer resource_metadata="http://localhost/x"' },
  'another state': { answer: { state: 'other' } },
  'another issuer in the answer': { answer: { iss: 'https://other.test' } },
  'an error': { answer: { error: 'access_denied' } },
  'another kind of token': { token: { token_type: 'mac' } },
  'a token with a line end': { token: { access_token: 'a\r\nx: y' } },
}

for (const [what, twist] of Object.entries(REFUSED)) {
  test(`a login is refused for ${what}, and no error holds a token or a code`, async () => {
    const { ports } = world(twist)
    await assert.rejects(login(URL_OF, undefined, ports), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'MCP_LOGIN_FAILED')
      assert.doesNotMatch(JSON.stringify([error.message, error]), /token-that|code-1/)
      return true
    })
  })
}

test('a code that was got with another challenge is no use, and what was sent is not repeated', async () => {
  const { ports } = world()
  const visit = async (_url: string, state: string) =>
    new URLSearchParams({ code: 'code-1', state, iss: ISSUER })
  await assert.rejects(login(URL_OF, undefined, { ...ports, visit }), (error: Error) => {
    assert.match(error.message, /HTTP 400/)
    assert.doesNotMatch(error.message, /code-1|verifier/)
    return true
  })
})
