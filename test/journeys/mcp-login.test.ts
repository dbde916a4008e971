import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { house } from '../kit/house.ts'

const WARDER = fileURLToPath(new URL('../../bin/warder', import.meta.url))
const home = house({ after })

/** A server that wants a token, and its issuer, both on one port of this machine. */
async function tracker(): Promise<{ url: string; asked: URLSearchParams[]; close: () => void }> {
  const [asked, codes]: [URLSearchParams[], Map<string, string>] = [[], new Map()]
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const at = new URL(request.url ?? '/', origin)
      const json = (status: number, value: object, headers = {}): void =>
        void response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(value))
      switch (at.pathname) {
        case '/mcp':
          return json(401, {}, { 'www-authenticate': `Bearer resource_metadata="${origin}/meta"` })
        case '/meta':
          return json(200, { resource: `${origin}/mcp`, authorization_servers: [origin] })
        case '/.well-known/oauth-authorization-server':
          return json(200, {
            ...{
              issuer: origin,
              authorization_endpoint: `${origin}/authorize`,
              token_endpoint: `${origin}/token`,
            },
            ...{ registration_endpoint: `${origin}/register`, code_challenge_methods_supported: ['S256'] },
          })
        case '/register':
          return json(201, { client_id: 'c1' })
        case '/authorize': {
          codes.set('code-1', at.searchParams.get('code_challenge') ?? '')
          const back = new URL(at.searchParams.get('redirect_uri') ?? '')
          back.search = new URLSearchParams({
            code: 'code-1',
            state: at.searchParams.get('state') ?? '',
          }).toString()
          return void response.writeHead(302, { location: back.href }).end()
        }
        default: {
          const form = new URLSearchParams(body)
          asked.push(form)
          const challenge = createHash('sha256')
            .update(form.get('code_verifier') ?? '')
            .digest('base64url')
          const isGood =
            form.get('refresh_token') === 'next-1' || codes.get(form.get('code') ?? '') === challenge
          const token = {
            access_token: `secret-token-${asked.length}`,
            token_type: 'Bearer',
            refresh_token: 'next-1',
          }
          return isGood ? json(200, { ...token, expires_in: 600 }) : json(400, {})
        }
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: `${origin}/mcp`, asked, close: () => void server.close() }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

test('one logs in where the server says; the token is kept for its host and server, shown nowhere, and renewed', async (t) => {
  const { url, asked, close } = await tracker()
  t.after(close)
  const words = ['mcp', 'login', url, '--server', 'tracker', '--secret', 'tracker-token']
  const child = spawn(WARDER, words, {
    env: home.environment,
    cwd: home.workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill())
  let said = ''
  const shown = Promise.withResolvers<string>()
  const heard = (chunk: Buffer): void => {
    said += String(chunk)
    const place = /log in at:\s+(\S+)\s/.exec(said)?.[1]
    if (place !== undefined) shown.resolve(place)
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  const ended = once(child, 'close').then(([code]) => {
    shown.reject(new Error(`it ended with ${String(code)}:\n${said}`))
    return code as number
  })
  const place = await shown.promise
  // somebody who guesses the address, and then the browser
  const back = new URL(new URL(place).searchParams.get('redirect_uri') ?? '')
  assert.equal((await fetch(`${back.href}?code=evil&state=guess`)).status, 404)
  assert.equal((await fetch(place)).status, 200)
  assert.equal(await ended, 0, said)
  assert.doesNotMatch(said, /secret-token|next-1|code-1/)
  const listed = (await home.command(['secret', 'list', '--json'])).stdout
  assert.doesNotMatch(listed, /secret-token/)
  const secrets = (
    JSON.parse(listed) as { secrets: { name: string; hosts: string[]; principals: string[] }[] }
  ).secrets
  const [token, refresh] = ['tracker-token', 'tracker-token.refresh'].map((name) =>
    secrets.find((each) => each.name === name),
  )
  assert.deepEqual([token?.hosts, token?.principals], [[new URL(url).host], ['mcp-tracker']])
  assert.deepEqual(
    [refresh?.hosts, refresh?.principals],
    [[], []],
    'nobody is lent what the next one is got with',
  )
  const again = await home.warder([...words, '--refresh'])
  assert.equal(again.code, 0, again.stderr)
  assert.deepEqual(
    asked.map((form) => form.get('grant_type')),
    ['authorization_code', 'refresh_token'],
  )
  assert.equal(asked[1]?.get('resource'), url)
  const value = await home.command(['secret', 'get', 'tracker-token', '--reveal'])
  assert.match(value.stdout, /secret-token-2/)
})
