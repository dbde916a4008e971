import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { BUG_CODE, PROBLEM_MEDIA_TYPE } from '../../api/problem.ts'
import { KnownError } from '../../core/error.ts'
import { IdentityError } from '../../decide/identity/index.ts'
import type { Handlers } from '../http/app.ts'
import { HTTP_ERRORS, HttpError, problemOf, type FullProblem } from '../http/problem.ts'
import type { People } from '../people.ts'
import { RateLimit } from '../rate.ts'
import { call, findCall, splitOnce } from './calls.ts'
import { ConsoleError, consoleError } from './errors.ts'
import {
  checkAddress,
  checkCsrf,
  isCall,
  loggedIn,
  noRoute,
  visitorOf,
  type Address,
  type Visitor,
} from './guard.ts'
import { setHeaders } from './headers.ts'
import type { Pages } from './pages.ts'
import { principalOf, sessionCall } from './session-calls.ts'

export interface ConsoleAppOptions {
  readonly people: People
  readonly handlers: Handlers
  readonly pages: Pages
  /** Every `name:port` it is called by; known once it listens. */
  readonly hosts: () => ReadonlySet<string>
  readonly isLoopback: boolean
  readonly monotonicMs: () => number
  /** Serves `/events` until the page goes away. */
  readonly events: (visitor: Visitor, after: number | undefined, response: ServerResponse) => Promise<void>
  readonly bug: (error: unknown) => void
}

/** Of one address, whoever is there: pages, calls and streams. */
const RATE = { perSecond: 100, atOnce: 400 } as const
/** Of one address: what could be a guess. */
const GUESSES = { perSecond: 1, atOnce: 20 } as const
/** What was turned away is told once in a while, so that a flood of it fills no record. */
const TOLD = { perSecond: 0.1, atOnce: 5 } as const

interface Limits {
  readonly all: RateLimit
  readonly guesses: RateLimit
  readonly told: RateLimit
}

/** The console as a server sees it: who may be heard at all, then pages, log-in, calls and the stream. */
export function createConsoleApp(options: ConsoleAppOptions): RequestListener {
  const { monotonicMs, isLoopback, people, bug } = options
  const limits: Limits = {
    all: new RateLimit({ ...RATE, monotonicMs }),
    guesses: new RateLimit({ ...GUESSES, monotonicMs }),
    told: new RateLimit({ ...TOLD, monotonicMs }),
  }
  return (request, response) => {
    setHeaders(response, isLoopback)
    answer(options, limits, request, response).catch(async (error: unknown) => {
      const from = request.socket.remoteAddress ?? 'unknown'
      const isTold =
        error instanceof ConsoleError && error.code !== 'LOGIN_NEEDED' && error.code !== 'FRESH_NEEDED'
      if (isTold && limits.told.take(from) === 'admitted') {
        const attempt = { who: 'unknown', action: 'console:refused', details: { from } }
        await people.refused({ ...attempt, target: pathOf(request) }, error.code, error.message).catch(bug)
      }
      sendProblem(options, request, response, error)
    })
  }
}

async function answer(
  options: ConsoleAppOptions,
  limits: Limits,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { people, pages, hosts } = options
  const at = checkAddress(request, hosts())
  const { method = '', url = '' } = request
  const path = pathOf(request)
  if (limits.all.take(at.from) !== 'admitted') throw tooOften()
  if (!isCall(url)) {
    if (method !== 'GET' && method !== 'HEAD') throw noRoute(method, path)
    return pages.serve(plainPath(path), request, response)
  }
  const visitor = visitorOf(people, request)
  if (path.startsWith('/session')) {
    const isGuess = method === 'POST' && path !== '/session/passkey/options'
    if (isGuess && limits.guesses.take(at.from) !== 'admitted') throw tooOften()
    return await sessionCall({ people, request, response, at, visitor }, path)
  }
  const here = loggedIn(visitor)
  if (path === '/events' && method === 'GET') return await options.events(here, resumeOf(request), response)
  if (!path.startsWith('/v1/')) throw noRoute(method, path)
  if (method === 'GET') return await call(options, findCall(method, url), here, request, response)
  checkCsrf(people, request, here)
  await act(options, here, at, request, response)
}

/** A call that changes something: on record with the person, the session, the way of log-in and how it ended. */
async function act(
  options: ConsoleAppOptions,
  here: Visitor,
  { from }: Address,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request
  const found = findCall(method, url)
  const { id: session, console: by } = here.session
  const details = { session, way: by.way, role: by.role, from, call: `${method} ${found.shape.path}` }
  const attempt = { who: principalOf(here.session), action: 'console:call', target: found.name, details }
  await options.people.onRecord(attempt, 'all', () => call(options, found, here, request, response))
}

/** The path without its query, for people: what a stranger wrote goes no further than this. */
function pathOf({ url = '' }: IncomingMessage): string {
  return splitOnce(url, '?')[0].slice(0, 200)
}

/** A path of a page. What is encoded, or goes upwards, is no name of ours. */
function plainPath(path: string): string {
  return /^\/[\w./-]*$/.test(path) && !/\.\.|\/\//.test(path) ? path : '/-.none'
}

function resumeOf({ headers, url = '' }: IncomingMessage): number | undefined {
  const said = headers['last-event-id'] ?? new URLSearchParams(splitOnce(url, '?')[1] ?? '').get('after')
  return typeof said === 'string' && /^\d{1,15}$/.test(said) ? Number(said) : undefined
}

function sendProblem(
  { people, bug }: ConsoleAppOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const problem = { ...problemOf(asHere(error)), ...statusOf(error) }
  if (problem.code === BUG_CODE) bug(error)
  if (response.headersSent) return void response.end()
  // what was not read of a body is not waited for
  if (!request.complete) response.setHeader('connection', 'close')
  const ways = problem.code === 'LOGIN_NEEDED' ? { ways: waysOf(people) } : {}
  response.writeHead(problem.status, { 'content-type': PROBLEM_MEDIA_TYPE })
  response.end(JSON.stringify({ ...problem, ...ways } satisfies FullProblem))
}

/** What a page of the console is to do about it. */
function asHere(error: unknown): unknown {
  if (!(error instanceof IdentityError) || error.code !== 'OWNER_NOT_FRESH') return error
  return consoleError(
    'FRESH_NEEDED',
    error.message,
    'give the passphrase or passkey again, then the same again',
  )
}

function statusOf(error: unknown): { status?: number } {
  if (!(error instanceof KnownError)) return {}
  if (error.code === 'LOGIN_NEEDED') return { status: 401 }
  return error.code === 'CONSOLE_BUSY' ? { status: 429 } : {}
}

/** How somebody could log in: what the page asks for. */
function waysOf(people: People): { passphrase: boolean; totp: boolean; passkey: boolean } | undefined {
  const rooms = people.room.roomsIfAny()
  if (rooms === undefined) return undefined
  const { owner, console: access, passkeys } = rooms
  return { passphrase: owner.hasPassphrase(), totp: access.hasTotp(), passkey: passkeys.isAny() }
}

function tooOften(): HttpError {
  return new HttpError(HTTP_ERRORS, 'RATE_LIMITED', { what: 'too many requests', fix: 'ask less often' })
}
