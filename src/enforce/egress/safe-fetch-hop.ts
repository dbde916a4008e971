import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { messageOf } from '../../core/error.ts'
import { EgressError } from './errors.ts'
import { openVerified, type RootContexts, type Route } from './tls/upstream.ts'
import { TlsError } from './tls/errors.ts'

export interface Sent {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface Hop {
  readonly route: Route
  readonly scheme: 'http' | 'https'
  readonly contexts: RootContexts
  readonly url: URL
  readonly sent: Sent
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** Filled in as bytes of bodies go by. */
  readonly counted: { bytesOut: number; bytesIn: number }
}

/** One request over one connection of its own, to the address that was checked. @throws EgressError */
export async function hop(how: Hop): Promise<Answered> {
  const socket = await opened(how)
  const abort = () => socket.destroy()
  how.signal.addEventListener('abort', abort, { once: true })
  try {
    if (how.signal.aborted) throw new Error('nobody waits any more')
    return await collected(how, await answerOf(how, socket))
  } catch (error) {
    if (error instanceof EgressError) throw error
    throw unreachable(how, error)
  } finally {
    how.signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}

async function opened({ route, scheme, contexts }: Hop): Promise<Duplex> {
  try {
    return scheme === 'https' ? await openVerified(route, contexts) : await route.dial()
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    throw new EgressError('EGRESS_UNTRUSTED', error.message, error.fix, { cause: error })
  }
}

function answerOf({ url, sent, counted }: Hop, socket: Duplex): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const body = sent.body === undefined ? undefined : Buffer.from(sent.body)
  counted.bytesOut += body?.length ?? 0
  const asking: ClientRequest = requestHttp({
    createConnection: () => socket,
    method: sent.method,
    host: url.hostname,
    path: `${url.pathname}${url.search}`,
    headers: {
      ...sent.headers,
      host: url.host,
      'accept-encoding': 'identity', // what counts against the limit is what comes
      connection: 'close',
      ...(body === undefined ? {} : { 'content-length': `${body.length}` }),
    },
    insecureHTTPParser: false,
    maxHeaderSize: 64 * 1024,
  })
  asking.once('response', resolve).once('error', reject)
  asking.once('upgrade', () => reject(new Error('the server changed the protocol')))
  asking.end(body)
  return promise
}

async function collected({ maxBytes, counted, url }: Hop, answer: IncomingMessage): Promise<Answered> {
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    counted.bytesIn += chunk.length
    if (counted.bytesIn > maxBytes) {
      throw new EgressError(
        'EGRESS_TOO_LARGE',
        `the answer of ${url.host} is larger than ${maxBytes} bytes`,
        'ask for less, or allow more',
      )
    }
    chunks.push(chunk)
  }
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }
}

function unreachable({ url }: Hop, cause: unknown): EgressError {
  return new EgressError(
    'EGRESS_UNREACHABLE',
    `${url.host} did not answer: ${messageOf(cause)}`,
    'check that it is up and may be reached from this machine',
    { cause },
  )
}
