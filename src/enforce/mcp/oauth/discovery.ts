import { isMembers, type Members } from '../frame.ts'
import { refused } from './error.ts'

/** One request over HTTP, redirects not followed. */
export type Ask = (
  url: string,
  request?: {
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  },
) => Promise<{
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
}>

/** Where a login for one server takes place. */
export interface Authority {
  /** What the token is for (RFC 8707). */
  readonly resource: string
  readonly issuer: string
  readonly authorize: string
  readonly token: string
  readonly register: string | undefined
  readonly scope: string | undefined
  /** The answer names its issuer (RFC 9207). */
  readonly namesIssuer: boolean
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * Finds who gives out tokens for a server: the server names its metadata (RFC 9728), that names the issuer, and the issuer
 * its places (RFC 8414). Each of them has to speak for itself and for nobody else.
 *
 * @throws McpLoginError
 */
export async function discover(url: string, ask: Ask): Promise<Authority> {
  const { metadata, scope } = await resourceOf(url, ask)
  const resource = textIn(metadata, 'resource')
  if (resource === undefined || !isFor(resource, url))
    throw refused('what the server says of its tokens is about another server')
  const issuers = metadata['authorization_servers']
  const issuer: unknown = Array.isArray(issuers) ? issuers[0] : undefined
  if (typeof issuer !== 'string') throw refused('the server does not say who gives out its tokens')
  const found = await issuerOf(issuer, url, ask)
  const place = (name: string): string => placeIn(textIn(found, name), url, `the issuer's ${name}`)
  const methods = found['code_challenge_methods_supported']
  if (!Array.isArray(methods) || !methods.includes('S256'))
    throw refused('the issuer does not say that it knows PKCE with S256, without which a code can be stolen')
  const scopes = metadata['scopes_supported']
  const usual = Array.isArray(scopes)
    ? scopes.filter((each) => typeof each === 'string').join(' ')
    : undefined
  return {
    ...{ resource, issuer, authorize: place('authorization_endpoint'), token: place('token_endpoint') },
    register:
      textIn(found, 'registration_endpoint') === undefined ? undefined : place('registration_endpoint'),
    scope: scope ?? (usual === '' ? undefined : usual),
    namesIssuer: found['authorization_response_iss_parameter_supported'] === true,
  }
}

async function resourceOf(url: string, ask: Ask): Promise<{ metadata: Members; scope: string | undefined }> {
  const probe = { jsonrpc: '2.0', id: 1, method: 'ping' }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const answer = await ask(url, { method: 'POST', headers, body: JSON.stringify(probe) })
  const challenge = answer.headers['www-authenticate'] ?? ''
  const named = parameterIn(challenge, 'resource_metadata')
  const { origin, pathname } = new URL(url)
  const known = '/.well-known/oauth-protected-resource'
  const places =
    named === undefined
      ? [...new Set([`${origin}${known}${pathname.replace(/\/$/, '')}`, `${origin}${known}`])]
      : [placeIn(named, url, 'its metadata')]
  const metadata = await firstOf(places, ask)
  if (metadata === undefined) throw refused('the server does not say who gives out its tokens')
  return { metadata, scope: parameterIn(challenge, 'scope') }
}

async function issuerOf(issuer: string, url: string, ask: Ask): Promise<Members> {
  const { origin, pathname } = new URL(placeIn(issuer, url, 'the issuer'))
  const path = pathname.replace(/\/$/, '')
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
  const found = await firstOf([...new Set(places)], ask)
  if (found === undefined) throw refused(`${origin} does not say how to log in there`)
  // RFC 8414, section 3.3: metadata of another issuer would lead the login there
  if (textIn(found, 'issuer') !== issuer) throw refused('the issuer speaks for another than it was named as')
  return found
}

/** The first of these places at which there is an object. */
async function firstOf(places: readonly string[], ask: Ask): Promise<Members | undefined> {
  for (const place of places) {
    const { status, text } = await ask(place)
    if (status !== 200) continue
    return objectIn(text, new URL(place).host)
  }
  return undefined
}

/** @throws McpLoginError for what is no JSON object */
export function objectIn(text: string, from: string): Members {
  try {
    const value: unknown = JSON.parse(text)
    if (isMembers(value)) return value
  } catch {
    // told below
  }
  throw refused(`what ${from} answers is no JSON object`)
}

export function textIn(members: Members, name: string): string | undefined {
  const value = members[name]
  return typeof value === 'string' && value.length <= 8192 ? value : undefined
}

/** RFC 9728, section 3.3, and as MCP widens it: the resource is this address, or one above it on the same host. */
function isFor(resource: string, url: string): boolean {
  const [named, asked] = [URL.parse(resource), new URL(url)]
  if (named === null || named.origin !== asked.origin || named.search !== '' || named.hash !== '')
    return false
  const path = named.pathname.replace(/\/$/, '')
  return asked.pathname === named.pathname || asked.pathname === path || asked.pathname.startsWith(`${path}/`)
}

/** An address a stranger named: https, and only at a server on this machine another place of this machine. */
function placeIn(text: string | undefined, near: string, what: string): string {
  const [place, server] = [URL.parse(text ?? ''), new URL(near)]
  const isNear = place !== null && place.hostname === server.hostname
  const isHere = LOOPBACK.has(server.hostname)
  const isName = place !== null && !/^[\d.]+$|^\[/.test(place.hostname) && !LOOPBACK.has(place.hostname)
  const isSafe =
    place?.protocol === 'https:' || (place?.protocol === 'http:' && isHere && LOOPBACK.has(place.hostname))
  const isPlain = place !== null && place.username === '' && place.password === '' && place.hash === ''
  if (place !== null && isSafe && isPlain && (isNear || isHere || isName)) return place.href
  throw refused(`${what} is not at an address that can be asked`)
}

/** One parameter of a challenge (RFC 9110, section 11.2). */
function parameterIn(challenge: string, name: string): string | undefined {
  if (!/^\s*bearer\b/i.test(challenge)) return undefined
  const found = new RegExp(`[\\s,]${name}=(?:"([^"\\\\]*)"|([^\\s,"]+))`, 'i').exec(challenge)
  return found?.[1] ?? found?.[2]
}
