import { request as requestHttp, ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isRefusal } from '../broker/index.ts'
import { filtered, RefusedContent, type Filter } from '../content/index.ts'
import { headerPairs } from '../head.ts'
import { refusal, type Refusal } from '../refusal.ts'
import { clear, type ClearedRequest } from './clear.ts'
import { asRefusal, refuse, type Connection, type House } from './exchange.ts'
import { FrameFilter } from './frames.ts'
import { endToEnd, flat, valueOf, without, type Headers } from './message.ts'
import { relay } from './relay.ts'
import { Tally } from './tally.ts'

interface Opened {
  readonly answer: IncomingMessage
  /** undefined: the server answered with something else than another protocol. */
  readonly socket: Duplex | undefined
  readonly head: Buffer
}

/** A request to go on as a WebSocket; no other protocol is let through, for nobody could look into it. */
export async function upgrade(
  house: House,
  connection: Connection,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  const { options } = house
  const tally = new Tally(connection, options.now, options.record)
  client.on('error', () => client.destroy())
  const response = responseOn(request, client)
  try {
    const cleared =
      request.headers.upgrade?.toLowerCase() === 'websocket'
        ? await clear(options, connection, request, tally)
        : otherProtocol()
    if (isRefusal(cleared)) return refuse(cleared, connection, request, response, tally)
    const opened = await ask(house, connection, cleared)
    if (opened.socket === undefined)
      return await relay(house, connection, { request, response, cleared, tally }, opened.answer)
    response.detachSocket(client as Socket)
    await join(house, connection, cleared, { ...opened, socket: opened.socket }, { client, head }, tally)
  } catch (error) {
    refuse(asRefusal(error), connection, request, response, tally)
  } finally {
    tally.tell()
  }
}

/** For the case that there is no upgrade: an answer as any other, after which the connection ends. */
function responseOn(request: IncomingMessage, client: Duplex): ServerResponse {
  const response = new ServerResponse(request)
  response.assignSocket(client as Socket)
  response.shouldKeepAlive = false
  response.once('finish', () => client.end())
  return response
}

function ask({ limits }: House, { agent, route }: Connection, { head }: ClearedRequest): Promise<Opened> {
  const { promise, resolve, reject } = Promise.withResolvers<Opened>()
  const kept = without(endToEnd(head.headers), 'sec-websocket-extensions', 'content-length')
  const headers: Headers = [...kept, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']]
  const { host, port } = route
  const sending = requestHttp({
    agent,
    host,
    port,
    method: head.method,
    path: head.target,
    headers: flat(headers),
    setHost: false,
    insecureHTTPParser: false,
    timeout: limits.idleMs,
  })
  sending.once('response', (answer) => resolve({ answer, socket: undefined, head: Buffer.alloc(0) }))
  sending.once('upgrade', (answer, socket, first) => resolve({ answer, socket, head: first }))
  sending.once('timeout', () => sending.destroy(new Error('the server did not answer')))
  sending.on('error', reject)
  sending.end()
  return promise
}

/** Joins the two ends, each direction behind its filters, until one of them closes. */
async function join(
  { options }: House,
  { scheme, route }: Connection,
  { secret, content }: ClearedRequest,
  server: Opened & { readonly socket: Duplex },
  { client, head }: { readonly client: Duplex; readonly head: Buffer },
  tally: Tally,
): Promise<void> {
  const { answer, socket } = server
  socket.on('error', () => socket.destroy())
  const received = headerPairs(answer.rawHeaders)
  if (!isWebSocket(received)) throw new RefusedContent(otherProtocol())
  const from = { scheme, host: route.host, port: route.port }
  const clean = secret?.knowsSecret === true ? options.broker?.answer(received, from) : undefined
  client.write(answerHead(clean?.headers ?? received), 'latin1')
  tally.answered(101)
  const again = (kind: 'data' | 'control') =>
    clean === undefined ? [] : kind === 'data' ? [clean.body] : [options.broker!.answer([], from).body]
  const outward: Filter[] = [
    ...(content === undefined ? [] : [content]),
    ...(secret === undefined ? [] : [secret.body]),
  ]
  const out = new FrameFilter(true, outward, secret === undefined ? [] : [secret.control])
  const back = new FrameFilter(false, again('data'), again('control'))
  if (head.length > 0) client.unshift(head)
  if (server.head.length > 0) socket.unshift(server.head)
  const ends = [
    carry(
      client,
      outward.length > 0 ? out : undefined,
      socket,
      (sizeBytes) => void (tally.bytesOut += sizeBytes),
    ),
    carry(
      socket,
      clean === undefined ? undefined : back,
      client,
      (sizeBytes) => void (tally.bytesIn += sizeBytes),
    ),
  ]
  const over = await Promise.allSettled(ends)
  tally.findings.push(...(content?.findings ?? []))
  for (const end of over)
    if (end.status === 'rejected' && end.reason instanceof RefusedContent) tally.refused(end.reason.refusal)
  client.destroy()
  socket.destroy()
}

async function carry(
  from: Duplex,
  filter: Filter | undefined,
  to: Duplex,
  count: (sizeBytes: number) => void,
): Promise<void> {
  const chunks = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    for await (const chunk of filtered(source, filter === undefined ? [] : [filter])) {
      count(chunk.length)
      yield chunk
    }
  }
  try {
    await pipeline(from, chunks, to)
  } catch (error) {
    from.destroy()
    to.destroy()
    throw error
  }
}

function isWebSocket(headers: Headers): boolean {
  return (
    valueOf(headers, 'upgrade')?.toLowerCase() === 'websocket' &&
    valueOf(headers, 'sec-websocket-extensions') === undefined
  )
}

function answerHead(headers: Headers): string {
  const lines = endToEnd(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
}

function otherProtocol(): Refusal {
  return refusal(
    'protocol',
    'egress.upgrade',
    'the connection would go on in a protocol that cannot be looked into',
    'use WebSocket without extensions, or plain requests',
  )
}
