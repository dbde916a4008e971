import type { IncomingMessage } from 'node:http'
import { isRefusal, type Head } from '../broker/index.ts'
import type { Cleared } from '../broker/index.ts'
import type { OutgoingContent } from '../content/outgoing.ts'
import { ambiguity, headerPairs } from '../head.ts'
import { isSameTarget, parseTarget } from '../host.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { InterceptorOptions } from './record.ts'
import type { Tally } from './tally.ts'
import type { Route } from './upstream.ts'
import { valueOf, type Headers } from './message.ts'

/** One client connection, and the one server all its requests are for. */
export interface Place {
  readonly scheme: 'http' | 'https'
  readonly route: Route
}

/** A request that may go: its head as it will be sent, and what its body passes through. */
export interface ClearedRequest {
  readonly head: Head
  readonly path: string
  readonly secret: Cleared | undefined
  readonly content: OutgoingContent | undefined
}

/** Reads, decides, and puts secrets in, in that order: a request that is refused has used no secret. */
export async function clear(
  { broker, content, decideRequest }: InterceptorOptions,
  { scheme, route }: Place,
  request: IncomingMessage,
  tally: Tally,
): Promise<ClearedRequest | Refusal> {
  const read = readRequest(scheme, route, request)
  if (isRefusal(read)) return read
  const [path = '', query = ''] = read.target.split(/\?(.*)/s)
  // whoever has the real value may put it here, and what is decided on is written down; it is refused further below
  const shown = broker?.shown(path) ?? path
  tally.asked(read.method, shown)
  const { host, port } = route
  const hidden = broker?.refuseName(host)
  if (hidden !== undefined) {
    tally.hideHost()
    return hidden
  }
  const upgrade = request.headers.upgrade !== undefined
  const answer = await decideRequest({ scheme, host, port, method: read.method, path: shown, query, upgrade })
  if (answer.effect === 'deny') return answer.refusal
  tally.allowed(answer.rule, answer.id)
  const checked = content?.outgoing({ host, path }, read.target, read.headers)
  if (isRefusal(checked)) return checked
  const secret = broker?.request(read, { scheme, host, port })
  if (isRefusal(secret)) return secret
  tally.put(secret?.used ?? [])
  return { head: secret?.head ?? read, path, secret, content: checked }
}

/** What two readers could take differently, or what is for another host than the connection, goes no further. */
function readRequest(scheme: Place['scheme'], route: Route, request: IncomingMessage): Head | Refusal {
  const headers = headerPairs(request.rawHeaders)
  const method = request.method ?? ''
  const target = targetOf(scheme, request.url ?? '')
  const why = ambiguity(headers)
  if (why !== undefined) return malformed(why)
  if (method === 'CONNECT' || method === 'TRACE')
    return malformed(`${method} is not for servers behind a proxy`)
  if (target === undefined || !/^[\x21-\x7e]+$/.test(target)) return malformed('the address is not a path')
  return wrongHost(scheme, route, headers) ?? { method, target, headers }
}

/** Inside a tunnel the path alone; in clear the whole address, whose host has been compared already. */
function targetOf(scheme: Place['scheme'], url: string): string | undefined {
  const [, path] = scheme === 'http' ? (/^http:\/\/[^/?#]+(\/[^#]*)$/i.exec(url) ?? []) : []
  const target = path ?? url
  return target.startsWith('/') && !target.includes('#') ? target : undefined
}

function wrongHost(scheme: Place['scheme'], route: Route, headers: Headers): Refusal | undefined {
  const wanted = parseTarget(route.host.includes(':') ? `[${route.host}]` : route.host, route.port)
  const given = valueOf(headers, 'host')
  const said = given === undefined ? undefined : parseTarget(given, scheme === 'https' ? 443 : 80)
  // clients that leave the port of the connection out mean the connection
  const named =
    said !== undefined && wanted !== undefined && !/:\d+$/.test(given ?? '')
      ? { ...said, port: wanted.port }
      : said
  if (named !== undefined && wanted !== undefined && isSameTarget(named, wanted)) return undefined
  return refusal(
    'mismatch',
    'egress.host',
    'Host names another place than the connection is to',
    'let Host and connection be the same; open a connection to the other host',
  )
}

function malformed(why: string): Refusal {
  return refusal('malformed', 'egress.http', why, 'send a request every reader reads alike (RFC 9112)')
}
