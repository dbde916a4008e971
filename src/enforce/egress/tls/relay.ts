import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
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
    response.flushHeaders()
    await pipeline(passage.chunks, response)
  } finally {
    incoming.destroy()
  }
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
  const body = counted(
    isUnpacked ? plainBody(source, unpacking, house.limits.unpackedBytes) : source,
    filters,
    count,
  )
  return {
    headers: isUnpacked ? without(headers, 'content-encoding', 'content-length') : headers,
    filters,
    chunks: withTrailers(body, incoming, response, (pairs) =>
      clean === undefined ? pairs : (broker?.answer(pairs, from).headers ?? []),
    ),
    isWhole: rule?.isWhole === true,
  }
}

/** What a server says behind the body goes the same way as what it says before it. */
async function* withTrailers(
  body: AsyncIterable<Buffer>,
  incoming: IncomingMessage,
  response: ServerResponse,
  clean: (trailers: Headers) => Headers,
): AsyncGenerator<Buffer> {
  yield* body
  const trailers = headerPairs(incoming.rawTrailers)
  if (trailers.length > 0)
    response.addTrailers(endToEnd(clean(trailers)).map(([name, value]): [string, string] => [name, value]))
}
