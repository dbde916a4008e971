import {
  request as requestHttp,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { pipeline } from 'node:stream/promises'
import { messageOf, systemCode } from '../../../core/error.ts'
import { isRefusal, type Head } from '../broker/index.ts'
import { RefusedContent } from '../content/index.ts'
import { headerPairs } from '../head.ts'
import { answerTo, refusal, Refused, type Refusal } from '../refusal.ts'
import { counted, gathered, plainBody, unreadable, whole, type Outgoing } from './body.ts'
import { clear, type ClearedRequest, type Place } from './clear.ts'
import { TlsError } from './errors.ts'
import { endToEnd, flat, unpackingOf, without, type Headers } from './message.ts'
import type { ExchangeLimits, InterceptorOptions } from './record.ts'
import { relay } from './relay.ts'
import { Tally } from './tally.ts'

/** What all exchanges of a run share. */
export interface House {
  readonly options: InterceptorOptions
  readonly limits: ExchangeLimits
}

/** One client connection and the connections to its server. */
export interface Connection extends Place {
  readonly agent: Agent
}

/** One request from its head to the end of its answer. Never throws; what fails is answered or broken off. */
export async function exchange(
  house: House,
  connection: Connection,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { options } = house
  const tally = new Tally(connection, options.now, options.record)
  response.once('close', () => tally.tell())
  try {
    const cleared = await clear(options, connection, request, tally)
    if (isRefusal(cleared)) return refuse(cleared, connection, request, response, tally)
    if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue()
    const incoming = await ask(house, connection, request, cleared, tally)
    await relay(house, connection, { request, response, cleared, tally }, incoming)
  } catch (error) {
    refuse(asRefusal(error), connection, request, response, tally)
  }
}

/** What went wrong, as an answer; an error nobody foresaw says no more than that. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof RefusedContent || error instanceof Refused) return error.refusal
  if (error instanceof TlsError) return refusal('unreachable', 'egress.tls', error.message, error.fix)
  return refusal(
    'unreachable',
    'egress.upstream',
    `the server cannot be reached: ${messageOf(error)}`,
    'try again later; look at the server',
  )
}

/** Sends the request; its answer may come before all of it is sent. */
async function ask(
  house: House,
  connection: Connection,
  request: IncomingMessage,
  cleared: ClearedRequest,
  tally: Tally,
): Promise<IncomingMessage> {
  if (!hasBody(request)) return await askWithout(house, connection, request, cleared)
  const { head, body } = await outgoing(house, request, cleared, tally)
  const length: Headers =
    body.kind === 'whole' ? [['Content-Length', `${body.bytes.length}`]] : lengthOf(request, cleared)
  const sending = send(house, connection, head, length)
  const answered = answerOf(sending, house.limits.idleMs)
  if (body.kind === 'whole') {
    sending.end(body.bytes)
    return await answered
  }
  const failed = Promise.withResolvers<never>()
  pipeline(body.chunks, sending).catch((error: unknown) => {
    sending.destroy()
    failed.reject(error)
  })
  // a refusal is the reason why the connection broke, and not the other way round
  return await Promise.race([
    failed.promise,
    answered.catch(async (error: unknown) => await later(failed.promise, error)),
  ])
}

async function later(refused: Promise<never>, error: unknown): Promise<never> {
  const soon = new Promise<never>((_, reject) => setTimeout(reject, 20, error))
  return await Promise.race([refused, soon])
}

/** Requests without a body may be sent once more when a kept connection turns out to have been closed. */
async function askWithout(
  house: House,
  connection: Connection,
  request: IncomingMessage,
  cleared: ClearedRequest,
  tries = 0,
): Promise<IncomingMessage> {
  const head = cleared.secret?.sign?.(Buffer.alloc(0)) ?? cleared.head
  const sending = send(
    house,
    connection,
    head,
    request.headers['content-length'] === '0' ? [['Content-Length', '0']] : [],
  )
  try {
    const answered = answerOf(sending, house.limits.idleMs)
    sending.end()
    return await answered
  } catch (error) {
    const isStale = sending.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '')
    if (!isStale || tries > 1) throw error
    return await askWithout(house, connection, request, cleared, tries + 1)
  }
}

function send({ limits }: House, { agent, route }: Connection, head: Head, length: Headers): ClientRequest {
  const headers = [...without(endToEnd(head.headers), 'content-length'), ...length]
  const { host, port } = route
  return requestHttp({
    agent,
    host,
    port,
    method: head.method,
    path: head.target,
    headers: flat(headers),
    setHost: false,
    insecureHTTPParser: false,
    maxHeaderSize: 64 * 1024,
    timeout: limits.idleMs,
  })
}

function answerOf(sending: ClientRequest, idleMs: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  sending.once('response', resolve)
  sending.on('error', reject)
  // nobody asked it to become another protocol
  sending.once('upgrade', (_, socket) => {
    socket.destroy()
    reject(new Error('the server changed the protocol'))
  })
  sending.once('timeout', () => sending.destroy(new Error(`nothing moved for ${idleMs} ms`)))
  return promise
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function lengthOf(request: IncomingMessage, cleared: ClearedRequest): Headers {
  const given = request.headers['content-length']
  return given === undefined || changesLength(request, cleared)
    ? [['Transfer-Encoding', 'chunked']]
    : [['Content-Length', given]]
}

function changesLength(request: IncomingMessage, { secret, content }: ClearedRequest): boolean {
  const isPacked = request.headers['content-encoding'] !== undefined && (secret ?? content) !== undefined
  return isPacked || secret?.changesLength === true || content?.changesLength === true
}

/** The body on its way out, behind the rules for its content first, and then where secrets are put in. */
async function outgoing(
  { limits }: House,
  request: IncomingMessage,
  cleared: ClearedRequest,
  tally: Tally,
): Promise<{ head: Head; body: Outgoing }> {
  const { secret, content } = cleared
  const filters = [
    ...(content === undefined ? [] : [content]),
    ...(secret === undefined ? [] : [secret.body]),
  ]
  const unpacking = unpackingOf(headerPairs(request.rawHeaders))
  if (filters.length > 0 && unpacking.kind === 'unknown') throw new RefusedContent(unreadable(unpacking.name))
  const source = filters.length === 0 ? request : plainBody(request, unpacking, limits.unpackedBytes)
  const chunks = counted(source, filters, (sizeBytes) => {
    tally.bytesOut += sizeBytes
    tally.findings.push(...(content?.findings.splice(0) ?? []))
  })
  const isUnpacked = filters.length > 0 && unpacking.kind === 'packed'
  const plain = (head: Head): Head =>
    isUnpacked ? { ...head, headers: without(head.headers, 'content-encoding') } : head
  if (secret?.sign !== undefined) {
    const bytes = await whole(chunks, limits.wholeBytes)
    return { head: plain(secret.sign(bytes)), body: { kind: 'whole', bytes } }
  }
  const body: Outgoing = changesLength(request, cleared) ? await gathered(chunks) : { kind: 'stream', chunks }
  return { head: plain(cleared.head), body }
}

/** An answer in words where one can still be given; else the connection is broken off, so that half is not taken for all. */
export function refuse(
  refused: Refusal,
  { route }: Place,
  request: IncomingMessage,
  response: ServerResponse,
  tally: Tally,
): void {
  tally.refused(refused)
  if (response.headersSent || response.destroyed) return void response.destroy()
  const { status, headers, body } = answerTo(refused, route.host)
  const { Connection: _, ...kept } = headers
  // a client that is still sending reads the answer only if what it sends is taken
  response.writeHead(status, request.complete ? headers : kept).end(body)
  request.resume()
  tally.answered(status)
}
