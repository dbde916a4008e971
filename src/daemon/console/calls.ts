import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Endpoint } from '../../api/endpoint.ts'
import { ENDPOINTS, type EndpointName } from '../../api/endpoints.ts'
import { whileCallerWaits } from '../caller.ts'
import type { Caller, Handlers } from '../http/app.ts'
import { HTTP_ERRORS, HttpError, problemOf } from '../http/problem.ts'
import type { People } from '../people.ts'
import { readBody } from './body.ts'
import { consoleError } from './errors.ts'
import { noRoute, type Visitor } from './guard.ts'
import { mayCall } from './roles.ts'

const MAX_BODY_BYTES = 2 * 1024 * 1024

interface Route {
  readonly name: EndpointName
  readonly shape: Endpoint
  readonly segments: readonly string[]
}

/** Paths without a `:name` come first: `follow` is no id. */
const ROUTES: readonly Route[] = (Object.entries(ENDPOINTS) as [EndpointName, Endpoint][])
  .map(([name, shape]) => ({ name, shape, segments: shape.path.split('/') }))
  .toSorted((a, b) => Number(a.shape.path.includes(':')) - Number(b.shape.path.includes(':')))

export interface Found {
  readonly name: EndpointName
  readonly shape: Endpoint
  readonly query: URLSearchParams
  readonly params: Readonly<Record<string, string>>
}

/** The call a request is for. @throws HttpError `ROUTE_UNKNOWN`, `INPUT_INVALID` */
export function findCall(method: string, url: string): Found {
  const [path, query] = splitOnce(url, '?')
  const segments = path.split('/')
  for (const { name, shape, segments: wanted } of ROUTES) {
    if (shape.method !== method || wanted.length !== segments.length) continue
    const params: Record<string, string> = {}
    const isIt = wanted.every((word, at) => {
      if (!word.startsWith(':')) return word === segments[at]
      params[word.slice(1)] = decoded(segments[at] ?? '')
      return true
    })
    if (isIt) return { name, shape, params, query: new URLSearchParams(query) }
  }
  throw noRoute(method, path)
}

/**
 * Makes the call in the visitor's name: the same shapes and the same handlers as on the owner's socket, after the role
 * was looked at. What the gate says of it comes on top.
 */
export async function call(
  { people, handlers }: { readonly people: People; readonly handlers: Handlers },
  found: Found,
  visitor: Visitor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { name, shape } = found
  await checkRole(people, found, visitor)
  const input: unknown = shape.input.parse(await inputOf(found, request))
  const caller: Caller = { credential: visitor.credential, signal: goneSignal(response) }
  const handle = handlers[name] as (input: unknown, caller: Caller) => unknown
  await whileCallerWaits(caller.signal, async () => {
    const answer = await handle(input, caller)
    if (shape.stream === true) return await sendLines(response, answer as AsyncIterable<unknown>)
    sendJson(response, shape.output.parse(answer))
  })
}

/** @throws ConsoleError `CONSOLE_ROLE`, `NOT_FOR_CONSOLE`; IdentityError `OWNER_NOT_FRESH` */
async function checkRole(people: People, { name, shape }: Found, visitor: Visitor): Promise<void> {
  const { role } = visitor.session.console
  const may = mayCall(name)
  const words = `${shape.method} ${shape.path}`
  if (may === 'never') {
    throw consoleError(
      'NOT_FOR_CONSOLE',
      `${words} cannot be called through the console`,
      'use the warder command',
    )
  }
  const isEnough = may === 'viewer' || role === 'owner' || (may === 'operator' && role === 'operator')
  if (!isEnough) {
    throw consoleError('CONSOLE_ROLE', `${words} is not for a ${role}`, 'let the owner do it')
  }
  if (may === 'fresh') await people.fresh(visitor.credential, name)
}

async function inputOf({ shape, query, params }: Found, request: IncomingMessage): Promise<unknown> {
  if (shape.method === 'POST') return { ...(await readBody(request, MAX_BODY_BYTES)), ...params }
  const names = [...query.keys()]
  if (new Set(names).size !== names.length) {
    throw new HttpError(HTTP_ERRORS, 'INPUT_INVALID', {
      what: 'a field of the query stands in it twice',
      fix: 'send each once',
    })
  }
  return { ...Object.fromEntries(query), ...params }
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/** Line by line; what goes wrong before the first is an answer like any other. */
async function sendLines(response: ServerResponse, values: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const value of values) {
      if (response.destroyed) return
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const hasRoom = response.write(`${JSON.stringify(value)}\n`)
      if (!hasRoom) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.end()
  } catch (error) {
    if (!response.headersSent) throw error
    response.end(`${JSON.stringify({ problem: problemOf(error) })}\n`)
  }
}

export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return gone.signal
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new HttpError(HTTP_ERRORS, 'INPUT_INVALID', {
      what: 'the path is not encoded as UTF-8',
      fix: 'encode it as UTF-8 with percent signs',
      cause,
    })
  }
}

export function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
