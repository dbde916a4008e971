import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../../../core/error.ts'
import { readMessage, type MessageId, type ReadMessage, type Unreadable } from '../frame.ts'
import { readBody, type Body } from './body.ts'
import { Exchange, type ExchangeLimits } from './exchange.ts'
import { fieldOf, type Fields } from './field.ts'
import type { Line } from './line.ts'
import type { Lines } from './lines.ts'
import { checkAccepted, checkContent, type Accepted } from './place.ts'
import { CODES, type Turned } from './refusal.ts'
import { checkRouting } from './routing.ts'
import { isAsking, isStateless, spokenIn, type Era, type Spoken } from './version.ts'

export interface AnswerLimits extends ExchangeLimits {
  readonly messageBytes: number
  readonly bodyMs: number
}

/** One HTTP request from a known caller for a known server. */
export interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fields: Fields
  /** What the client can read. */
  readonly accepted: Accepted
  readonly caller: string
  readonly server: string
  readonly lines: Lines
  readonly limits: AnswerLimits
}

const SESSION = 'mcp-session-id'

/** A message of the client's: all that can be seen of it from outside is checked before any session sees it. */
export async function post(asked: Asked): Promise<void> {
  const { fields, accepted, request, limits } = asked
  const outside = checkContent(fields) ?? checkAccepted(accepted)
  if (outside !== undefined) return answerer(asked, 'sessions', undefined).turn(outside)
  const declared = fieldOf(fields, 'content-length')
  const bytes = typeof declared === 'string' ? Number(declared) : undefined
  const body = await readBody(request, bytes, { bytes: limits.messageBytes, ms: limits.bodyMs })
  if (body.kind !== 'whole') return broken(asked, body)
  const message = readMessage(body.bytes, limits)
  if (message.kind === 'unreadable') return answerer(asked, 'sessions', message.id).turn(unread(message))
  const spoken = spokenIn(message, fields)
  const id = message.kind === 'request' ? message.id : undefined
  if ('status' in spoken) return answerer(asked, eraOf(fields), id).turn(spoken)
  if (spoken.era === 'stateless') return stateless(asked, message, spoken)
  return withSession(asked, message, spoken)
}

async function stateless(asked: Asked, message: ReadMessage, spoken: Spoken): Promise<void> {
  const { caller, server, lines, fields } = asked
  const exchange = answerer(asked, 'stateless', message.kind === 'request' ? message.id : undefined)
  if (!isAsking(message)) return exchange.turn(NO_RESPONSES)
  if (OF_SESSIONS.has(message.method)) return exchange.turn(notThere(message.method))
  // before anything is started, and once more when it is known what the tool repeats
  const early = checkRouting(message, fields, spoken)
  if (early !== undefined) return exchange.turn(early)
  const line = await opened(exchange, () => lines.stateless(caller, server))
  if (line === undefined) return
  const late = checkRouting(message, fields, spoken, line.params(message.params['name']))
  if (late !== undefined) return exchange.turn(late)
  hand(asked, line, message, exchange)
}

async function withSession(asked: Asked, message: ReadMessage, spoken: Spoken): Promise<void> {
  const { caller, server, lines, fields } = asked
  const exchange = answerer(asked, 'sessions', message.kind === 'request' ? message.id : undefined)
  const turned = checkRouting(message, fields, spoken)
  if (turned !== undefined) return exchange.turn(turned)
  if (message.kind === 'request' && message.method === 'initialize') {
    if (fields.has(SESSION)) return exchange.turn(SECOND_HANDSHAKE)
    const begun = await opened(exchange, () => lines.begin(caller, server))
    if (begun === undefined) return
    if ('status' in begun) return exchange.turn(begun)
    exchange.set(SESSION, begun.id)
    return hand(asked, begun.line, message, exchange)
  }
  const line = sessionOf(asked)
  if ('status' in line) return exchange.turn(line)
  if (spoken.version !== undefined && line.version !== undefined && spoken.version !== line.version)
    return exchange.turn(otherVersion(line.version))
  hand(asked, line, message, exchange)
}

function hand({ response }: Asked, line: Line, message: ReadMessage, exchange: Exchange): void {
  if (message.kind === 'request') return line.request(message, exchange, performance.now())
  line.tell(message, performance.now())
  response.writeHead(202, { 'cache-control': 'no-store' }).end()
}

/** The stream of a session, for what its server says unasked. */
export function listen(asked: Asked): void {
  const exchange = answerer(asked, 'sessions', undefined)
  if (!asked.accepted.stream || !asked.fields.has(SESSION) || eraOf(asked.fields) === 'stateless')
    return exchange.turn(NO_STREAM)
  const line = sessionOf(asked)
  if ('status' in line) return exchange.turn(line)
  line.listen(exchange, performance.now())
}

/** Ends a session. */
export function remove(asked: Asked): void {
  const { lines, caller, server, fields, response } = asked
  const id = fieldOf(fields, SESSION)
  if (typeof id !== 'string' || eraOf(fields) === 'stateless')
    return answerer(asked, 'sessions', undefined).turn(NO_STREAM)
  if (!lines.end(id, caller, server)) return answerer(asked, 'sessions', undefined).turn(NO_SESSION)
  response.writeHead(204).end()
}

function sessionOf({ lines, caller, server, fields }: Asked): Line | Turned {
  const id = fieldOf(fields, SESSION)
  if (typeof id !== 'string') return WHICH_SESSION
  // another caller's id is answered like one that never was
  return lines.ofSession(id, caller, server) ?? NO_SESSION
}

function eraOf(fields: Fields): Era {
  const version = fieldOf(fields, 'mcp-protocol-version')
  return typeof version === 'string' && isStateless(version) ? 'stateless' : 'sessions'
}

function answerer({ response, accepted, limits }: Asked, era: Era, id: MessageId | undefined): Exchange {
  return new Exchange(response, { era, id, accepted, limits })
}

async function opened<T>(exchange: Exchange, open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    exchange.turn(notOpened(error))
    return undefined
  }
}

function broken(asked: Asked, { kind }: Body): void {
  if (kind === 'broken') return void asked.response.destroy()
  const exchange = answerer(asked, 'sessions', undefined)
  exchange.set('connection', 'close')
  exchange.turn(kind === 'large' ? tooLarge(asked.limits.messageBytes) : TOO_SLOW)
}

function unread({ code, rule, reason }: Unreadable): Turned {
  return { status: 400, code, rule, reason, fix: 'send one JSON-RPC 2.0 message' }
}

function tooLarge(bytes: number): Turned {
  return {
    ...{ status: 413, code: CODES.limit, rule: 'http-size' },
    reason: `the body is larger than ${bytes} bytes`,
    fix: 'send less at once',
  }
}

function notOpened(error: unknown): Turned {
  return {
    ...{ status: 503, code: CODES.server, rule: 'http-server' },
    reason: `the server cannot be reached: ${messageOf(error).slice(0, 500)}`,
    fix: 'see what Warder says of it: warder audit list',
  }
}

function otherVersion(agreed: string): Turned {
  return {
    ...{ status: 400, code: CODES.headers, rule: 'http-headers' },
    reason: 'the header field mcp-protocol-version names another version than this session has',
    fix: `send ${agreed}`,
  }
}

const TOO_SLOW: Turned = {
  ...{ status: 408, code: CODES.timeout, rule: 'http-slow' },
  reason: 'the body did not come in time',
  fix: 'send it at once',
}

const NO_SESSION: Turned = {
  ...{ status: 404, code: CODES.denied, rule: 'http-session' },
  reason: 'there is no such session',
  fix: 'begin a new one with initialize',
}

const WHICH_SESSION: Turned = {
  ...{ status: 400, code: CODES.denied, rule: 'http-session' },
  reason: 'the request names no session',
  fix: 'send the mcp-session-id that initialize was answered with',
}

const SECOND_HANDSHAKE: Turned = {
  ...{ status: 400, code: CODES.request, rule: 'http-session' },
  reason: 'a session has had its handshake',
  fix: 'begin a new session without mcp-session-id',
}

const NO_STREAM: Turned = {
  ...{ status: 405, code: CODES.denied, rule: 'http-method' },
  reason: 'GET and DELETE belong to a session; the older transport with two addresses is not served',
  fix: 'send messages with POST',
}

/** Methods that the revision without sessions has no more; what they mean without one, nobody could say. */
const OF_SESSIONS = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'notifications/initialized',
  'notifications/roots/list_changed',
])

function notThere(method: string): Turned {
  return {
    ...{ status: 404, code: CODES.method, rule: 'http-revision' },
    reason: `${method} is no method of this revision`,
    fix: 'use what the revision has in its place, or begin a session in an older one',
  }
}

const NO_RESPONSES: Turned = {
  ...{ status: 400, code: CODES.request, rule: 'http-response' },
  reason: 'in this revision answers go into the next request, and none is sent by itself',
  fix: 'repeat the request with inputResponses',
}
