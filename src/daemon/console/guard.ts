import type { IncomingMessage } from 'node:http'
import { BACKGROUND_HEADER, CONSOLE_COOKIE, CSRF_HEADER } from '../../api/console.ts'
import type { Credential as IdentityCredential, Session } from '../../decide/identity/index.ts'
import type { Credential } from '../../gate/index.ts'
import { HTTP_ERRORS, HttpError } from '../http/problem.ts'
import type { People } from '../people.ts'
import { plainAddress } from './bind.ts'
import { consoleError } from './errors.ts'

/** Somebody who is logged in, and sent this request. */
export interface Visitor {
  readonly session: Session & { readonly console: NonNullable<Session['console']> }
  readonly credential: Credential
  /** As it came in the cookie; for the page's own word alone. */
  readonly token: string
}

/** Where a request was sent to, once that is known to be here. */
export interface Address {
  /** `localhost:9090` */
  readonly host: string
  readonly origin: string
  readonly from: string
}

/**
 * That a request was meant for this server and comes from its own page. A name that merely leads here is refused, so
 * that a page of a stranger whose name is turned to this machine (DNS rebinding) is not heard.
 *
 * @param hosts every `name:port` this console is called by
 * @throws ConsoleError `CONSOLE_HOST`, `CONSOLE_ORIGIN`; HttpError `ROUTE_UNKNOWN`, `BODY_INVALID`
 */
export function checkAddress(request: IncomingMessage, hosts: ReadonlySet<string>): Address {
  const { headers, method = '', url = '' } = request
  const host = headers.host ?? ''
  // two of them: another reader in between might have gone by the other one
  const isOne = request.rawHeaders.filter((name, at) => at % 2 === 0 && /^host$/i.test(name)).length === 1
  if (!isOne || !hosts.has(host)) throw strangeHost()
  const origin = `https://${host}`
  const isAct = method !== 'GET' && method !== 'HEAD'
  if (isAct && method !== 'POST' && method !== 'DELETE') throw noRoute(method, url)
  if (!url.startsWith('/')) throw noRoute(method, url)
  if (headers.origin === undefined ? isAct : headers.origin !== origin) throw strangeOrigin()
  const site = headers['sec-fetch-site']
  // a link that leads here, and what a person types, may open the page; nothing else comes from outside
  const isOpening = !isAct && headers['sec-fetch-mode'] === 'navigate' && !isCall(url)
  if (site !== undefined && site !== 'same-origin' && !isOpening && !(site === 'none' && !isAct)) {
    throw strangeOrigin()
  }
  if (method === 'POST' && !isJson(headers['content-type'])) {
    throw new HttpError(HTTP_ERRORS, 'BODY_INVALID', {
      what: 'the body is not said to be JSON',
      fix: 'send it as content-type: application/json',
    })
  }
  return { host, origin, from: plainAddress(request.socket.remoteAddress ?? 'unknown') }
}

/** Whether a path is a call, not a page. */
export function isCall(url: string): boolean {
  return /^\/(?:v1|session|events)(?:[/?]|$)/.test(url)
}

function isJson(type: string | undefined): boolean {
  return /^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type ?? '')
}

/** Whoever is logged in; nothing when nobody is. @throws IdentityError `PEOPLE_UNTRUSTED` */
export function visitorOf(people: People, request: IncomingMessage): Visitor | undefined {
  const token = cookieOf(request.headers.cookie)
  if (token === undefined) return undefined
  const isUse = request.headers[BACKGROUND_HEADER] === undefined
  const session = people.rooms().sessions.findAtConsole(token, isUse)
  if (session === undefined || session.console === null) return undefined
  const credential = people.authenticator.atConsole(session) satisfies IdentityCredential as Credential
  return { session: { ...session, console: session.console }, credential, token }
}

/** The token in the one cookie of ours. Two of them mean that somebody planted one: then there is none. */
function cookieOf(header: string | undefined): string | undefined {
  const own = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${CONSOLE_COOKIE}=`))
  const [token] = own.map((pair) => pair.slice(CONSOLE_COOKIE.length + 1))
  return own.length === 1 && token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined
}

/** That an act comes with the word only the page of this session knows. @throws ConsoleError `CONSOLE_CSRF` */
export function checkCsrf(people: People, request: IncomingMessage, { token }: Visitor): void {
  const given = request.headers[CSRF_HEADER]
  if (typeof given === 'string' && people.rooms().console.isCsrf(given, token)) return
  throw consoleError(
    'CONSOLE_CSRF',
    `the header ${CSRF_HEADER} is not the one of this session`,
    'load the page again; GET /session tells the right one',
  )
}

/** @throws ConsoleError `LOGIN_NEEDED` */
export function loggedIn(visitor: Visitor | undefined): Visitor {
  if (visitor !== undefined) return visitor
  throw consoleError(
    'LOGIN_NEEDED',
    'nobody is logged in, or the session is over',
    'log in; a link comes from: warder console',
  )
}

export function noRoute(method: string, url: string): HttpError {
  return new HttpError(HTTP_ERRORS, 'ROUTE_UNKNOWN', {
    what: `the console has no ${method} ${JSON.stringify(url.slice(0, 200))}`,
    fix: 'see docs/console.md',
  })
}

function strangeHost(): Error {
  return consoleError(
    'CONSOLE_HOST',
    'the request names a host that is not this console',
    'use the address that warder console prints, or add the name to console.names',
  )
}

function strangeOrigin(): Error {
  return consoleError(
    'CONSOLE_ORIGIN',
    'the request does not come from a page of this console',
    'use the console’s own pages',
  )
}
