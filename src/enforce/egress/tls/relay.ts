import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Filter } from '../content/index.ts'
import { RefusedContent } from '../content/index.ts'
import { isRefusal } from '../broker/index.ts'
import { headerPairs } from '../head.ts'
import { counted, plainBody, unreadable, whole } from './body.ts'
import type { ClearedRequest } from './clear.ts'
import type { Connection, House } from './exchange.ts'
import { endToEnd, flat, unpackingOf, without, type Headers } from './message.ts'
import type { Tally } from './tally.ts'

interface Pair {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly cleared: ClearedRequest
  readonly tally: Tally
}

/** What an answer passes through, and how it is announced. */
interface Passage {
  readonly headers: Headers
  readonly filters: readonly Filter[]
  readonly chunks: AsyncIterable<Buffer>
  readonly isWhole: boolean
  /** Takes over what the server said behind the body, once that has been read. */
  trailers(): void
}

/**
 * Gives the answer on, without secrets and under the rules for its content.
 *
 * @throws RefusedContent when it may not go on; what went before that stays
 */
export async function relay(
  house: House,
  connection: Connection,
  pair: Pair,
  incoming: IncomingMessage,
): Promise<void> {
  const { response, request, tally } = pair
  const status = incoming.statusCode ?? 502
  try {
    const passage = passageOf(house, connection, pair, incoming)
    // an answer before the end of the request: what is still to come has nowhere to go
    if (!request.complete) response.shouldKeepAlive = false
    response.sendDate = false
    if (passage.isWhole) {
      const bytes = await whole(passage.chunks, house.limits.wholeBytes)
      passage.trailers()
      const headers: Headers = [
        ...without(passage.headers, 'content-length'),
        ['Content-Length', `${bytes.length}`],
      ]
      tally.answered(status)
      response.writeHead(status, flat(headers)).end(bytes)
      return
    }
    tally.answered(status)
    response.writeHead(status, flat(passage.headers))
    await pour(passage, response)
  } finally {
    incoming.destroy()
  }
}

/**
 * Gives the body on as it comes, and no faster than it is taken. The head waits one turn of the event loop for the first
 * piece of it: together they are one record of TLS and one write. Who has gone takes the connections to the server along.
 *
 * @throws RefusedContent; Error when either side has gone
 */
async function pour(passage: Passage, response: ServerResponse): Promise<void> {
  const head = setImmediate(() => response.flushHeaders())
  try {
    for await (const chunk of passage.chunks) {
      clearImmediate(head)
      if (response.destroyed) throw new Error('the client has gone')
      if (!response.write(chunk)) await drained(response)
    }
    passage.trailers()
    response.end()
  } finally {
    clearImmediate(head)
  }
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  response.on('drain', resolve).on('close', resolve)
  await promise
  response.off('drain', resolve).off('close', resolve)
}

/** @throws RefusedContent */
function passageOf(
  house: House,
  { scheme, route }: Connection,
  pair: Pair,
  incoming: IncomingMessage,
): Passage {
  const { cleared, response, tally } = pair
  const { broker, content } = house.options
  const received = headerPairs(incoming.rawHeaders)
  const from = { scheme, host: route.host, port: route.port }
  const clean = cleared.secret?.knowsSecret === true ? broker?.answer(received, from) : undefined
  const isEmpty = pair.request.method === 'HEAD' || [204, 304].includes(incoming.statusCode ?? 0)
  const rule = isEmpty ? undefined : content?.incoming({ host: route.host, path: cleared.path }, received)
  if (isRefusal(rule)) throw new RefusedContent(rule)
  const isRead = !isEmpty && (clean !== undefined || rule?.isWhole === true)
  const unpacking = unpackingOf(received)
  if (isRead && unpacking.kind === 'unknown') throw new RefusedContent(unreadable(unpacking.name))
  const filters: Filter[] = [
    ...(clean === undefined ? [] : [clean.body]),
    ...(rule === undefined ? [] : [rule]),
  ]
  const isUnpacked = isRead && unpacking.kind === 'packed'
  const headers = endToEnd(clean?.headers ?? received)
  const source: Readable = incoming
  const count = (sizeBytes: number) => void (tally.bytesIn += sizeBytes)
  return {
    headers: isUnpacked ? without(headers, 'content-encoding', 'content-length') : headers,
    filters,
    chunks: counted(
      isUnpacked ? plainBody(source, unpacking, house.limits.unpackedBytes) : source,
      filters,
      count,
    ),
    isWhole: rule?.isWhole === true,
    trailers: () =>
      giveTrailers(incoming, response, (pairs) =>
        clean === undefined ? pairs : (broker?.answer(pairs, from).headers ?? []),
      ),
  }
}

/** What a server says behind the body goes the same way as what it says before it. */
function giveTrailers(
  incoming: IncomingMessage,
  response: ServerResponse,
  clean: (trailers: Headers) => Headers,
): void {
  const trailers = headerPairs(incoming.rawTrailers)
  if (trailers.length > 0)
    response.addTrailers(endToEnd(clean(trailers)).map(([name, value]): [string, string] => [name, value]))
}
