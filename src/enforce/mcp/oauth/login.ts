import { createHash, timingSafeEqual } from 'node:crypto'
import type { Members } from '../frame.ts'
import { discover, objectIn, textIn, type Ask, type Authority } from './discovery.ts'
import { refused } from './error.ts'

/** What a login ends with. Everything in it is a secret, or belongs to one. */
export interface Login {
  readonly accessToken: string
  /** How long it is good for; absent: nobody said. */
  readonly expiresS?: number
  readonly refresh?: Refresh
}

/** What the next token is got with. */
export interface Refresh {
  readonly refreshToken: string
  readonly clientId: string
  readonly token: string
  readonly resource: string
}

export interface LoginPorts {
  readonly ask: Ask
  readonly randomBytes: (count: number) => Buffer
  /** Where the browser is sent back to, on this machine. */
  readonly redirect: string
  /** Shows a person where to log in, and waits for the browser to come back. @throws when nobody does */
  readonly visit: (url: string, state: string) => Promise<URLSearchParams>
}

/** Names us to an issuer that lets clients register (RFC 7591). */
const CLIENT_NAME = 'Warder'
/** RFC 6749, appendix A.12, as far as a header field takes it. */
const TOKEN = /^[\u0021-\u007e]{1,8192}$/

/**
 * Logs in for one server: the code is bound to us by PKCE (RFC 7636), the token to the server by its resource (RFC 8707),
 * and the answer to what we asked by state and issuer (RFC 9207).
 *
 * @throws McpLoginError
 */
export async function login(url: string, clientId: string | undefined, ports: LoginPorts): Promise<Login> {
  const authority = await discover(url, ports.ask)
  const client = clientId ?? (await registered(authority, ports))
  const [verifier, state] = [random(ports), random(ports)]
  const answer = await ports.visit(
    visitUrl(authority, client, { verifier, state, redirect: ports.redirect }),
    state,
  )
  const code = codeIn(answer, authority, state)
  const { resource, token } = authority
  const form = { grant_type: 'authorization_code', code, redirect_uri: ports.redirect, client_id: client }
  const given = await tokenFrom(token, { ...form, code_verifier: verifier, resource }, ports.ask)
  return loginOf(given, { clientId: client, token, resource })
}

/** The next token. An issuer may give a new refresh token with it, and then the old one is used up. @throws McpLoginError */
export async function renewed({ refreshToken, ...of }: Refresh, ask: Ask): Promise<Login> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: of.clientId }
  const given = await tokenFrom(of.token, { ...form, resource: of.resource }, ask)
  return loginOf({ refresh_token: refreshToken, ...given }, of)
}

function random({ randomBytes }: LoginPorts): string {
  return randomBytes(32).toString('base64url')
}

async function registered({ register }: Authority, { ask, redirect }: LoginPorts): Promise<string> {
  if (register === undefined)
    throw refused(
      'the issuer takes no clients it does not know',
      'register one there, and give it with --client-id',
    )
  const body = JSON.stringify({
    client_name: CLIENT_NAME,
    redirect_uris: [redirect],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  })
  const answer = await ask(register, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  if (answer.status !== 200 && answer.status !== 201)
    throw refused(
      `the issuer does not register us (HTTP ${answer.status})`,
      'register a client there, and give it with --client-id',
    )
  const id = textIn(objectIn(answer.text, 'the issuer'), 'client_id')
  if (id === undefined) throw refused('the issuer registers us without a name')
  return id
}

function visitUrl(
  { authorize, resource, scope }: Authority,
  client: string,
  { verifier, state, redirect }: { verifier: string; state: string; redirect: string },
): string {
  const url = new URL(authorize)
  const asked = {
    ...{ response_type: 'code', client_id: client, redirect_uri: redirect, state, resource },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(scope === undefined ? {} : { scope }),
  }
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
  return url.href
}

function codeIn(answer: URLSearchParams, { issuer, namesIssuer }: Authority, state: string): string {
  const [code, ...others] = answer.getAll('code')
  if (!isSame(answer.get('state') ?? '', state))
    throw refused('the answer of the browser is not to what was asked')
  const from = answer.get('iss')
  // RFC 9207: an answer of another issuer would carry our code to where it was not meant for
  if ((from === null && namesIssuer) || (from !== null && from !== issuer))
    throw refused('the answer of the browser comes from another issuer')
  const wrong = answer.get('error')
  if (wrong !== null) throw refused(`the issuer says no: ${wrong.replaceAll(/[^\w.-]/g, ' ').slice(0, 80)}`)
  if (code === undefined || others.length > 0) throw refused('the answer of the browser holds no code')
  return code
}

/** Whether two texts are the same, told in the same time wherever they differ. */
export function isSame(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}

async function tokenFrom(place: string, form: Readonly<Record<string, string>>, ask: Ask): Promise<Members> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  const { status, text } = await ask(place, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form).toString(),
  })
  // what it says besides may repeat what it was sent
  if (status !== 200)
    throw refused(`the issuer gives no token (HTTP ${status})`, 'log in again: warder mcp login')
  return objectIn(text, 'the issuer')
}

function loginOf(given: Members, of: Omit<Refresh, 'refreshToken'>): Login {
  const [accessToken, refreshToken] = [textIn(given, 'access_token'), textIn(given, 'refresh_token')]
  const expiresS = given['expires_in']
  if (accessToken === undefined || !TOKEN.test(accessToken))
    throw refused('the issuer answers without a token')
  if (textIn(given, 'token_type')?.toLowerCase() !== 'bearer')
    throw refused('the issuer gives a token of a kind that is not known here')
  return {
    accessToken,
    ...(typeof expiresS === 'number' && expiresS > 0 ? { expiresS: Math.floor(expiresS) } : {}),
    ...(refreshToken === undefined ? {} : { refresh: { refreshToken, ...of } }),
  }
}
