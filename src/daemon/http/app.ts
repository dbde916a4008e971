import { getRequestListener } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { stream } from 'hono/streaming'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ENDPOINTS, type EndpointName, type OutputOf, type ParsedInputOf } from '../../api/endpoints.ts'
import type { Endpoint } from '../../api/endpoint.ts'
import { BUG_CODE, PROBLEM_MEDIA_TYPE } from '../../api/problem.ts'
import type { Credential } from '../../gate/index.ts'
import { whileCallerWaits } from '../caller.ts'
import { openApiDocument } from './openapi.ts'
import { readObject } from './body.ts'
import { HTTP_ERRORS, HttpError, problemOf } from './problem.ts'

export interface Caller {
  readonly credential: Credential
  /** Ends when the caller goes away. */
  readonly signal: AbortSignal
}

export type Handler<N extends EndpointName> = (
  input: ParsedInputOf<N>,
  caller: Caller,
) => (typeof ENDPOINTS)[N] extends { readonly stream?: true }
  ? AsyncIterable<OutputOf<N>> | Promise<AsyncIterable<OutputOf<N>>>
  : OutputOf<N> | Promise<OutputOf<N>>

/** One handler for every endpoint; a missing one does not compile. */
export type Handlers = { readonly [N in EndpointName]: Handler<N> }

export interface AppOptions {
  readonly handlers: Handlers
  readonly version: string
  /** Who stands at the far end of a request's socket. @throws when nobody was authenticated there */
  readonly credentialOf: (request: IncomingMessage) => Credential
  /** Asked before an agent is listened to. @throws HttpError when it asks too much */
  readonly admitAgent: (agent: string) => Promise<void>
  /** Told of every agent that called what is not for agents. */
  readonly notForAgent: (agent: string, call: string) => Promise<void>
  /** Errors that are no KnownError: bugs. */
  readonly bug: (error: unknown) => void
}

interface Bindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** The daemon's HTTP face: a shape in, a call, a shape out. */
export function createApp({
  handlers,
  version,
  credentialOf,
  admitAgent,
  notForAgent,
  bug,
}: AppOptions): RequestListener {
  const app = new Hono<{ Bindings: Bindings }>()
  // made once: it takes tens of milliseconds, and agents may ask for it too
  const described: { document?: ReturnType<typeof openApiDocument> } = {}
  app.get('/v1/openapi.json', async (c) => {
    await admitted(c.env.incoming)
    return c.json((described.document ??= openApiDocument(version)))
  })
  for (const [name, shape] of Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]) {
    const handle = handlers[name] as (input: unknown, caller: Caller) => unknown
    app.on(shape.method, shape.path, async (c) => {
      const credential = await admitted(c.env.incoming)
      if (credential.kind === 'agent' && shape.agents !== true) {
        await notForAgent(credential.name, `${shape.method} ${shape.path}`)
        throw notForAgents(shape)
      }
      if (credential.kind === 'anonymous' && !ANONYMOUS.has(name)) throw notForAnonymous(shape)
      const input = shape.input.parse(await inputOf(c, shape))
      const signal = goneSignal(c)
      return await whileCallerWaits(signal, async () => {
        const answer = await handle(input, { credential, signal })
        return shape.stream === true
          ? lines(c, answer as AsyncIterable<unknown>)
          : c.json(shape.output.parse(answer) as object)
      })
    })
  }
  app.notFound((c) => problem(c, missing(c.req.method, c.req.path)))
  app.onError((error, c) => problem(c, error))
  const listener = getRequestListener((request, env) => app.fetch(request, env))
  return (request, response) => void listener(request, response)

  async function admitted(incoming: IncomingMessage): Promise<Credential> {
    const credential = credentialOf(incoming)
    if (credential.kind === 'agent') await admitAgent(credential.name)
    return credential
  }

  function problem(c: Context, error: unknown): Response {
    const body = problemOf(error)
    if (body.code === BUG_CODE) bug(error)
    return c.body(JSON.stringify(body), body.status as 500, { 'content-type': PROBLEM_MEDIA_TYPE })
  }
}

async function inputOf(c: Context<{ Bindings: Bindings }>, shape: Endpoint): Promise<unknown> {
  if (shape.method !== 'POST') return { ...c.req.query(), ...c.req.param() }
  return { ...(await readObject(c.env.incoming)), ...c.req.param() }
}

/** Ends when the caller goes away, for answers that would go on without end. */
function goneSignal({ env: { outgoing } }: Context<{ Bindings: Bindings }>): AbortSignal {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  return gone.signal
}

function lines(c: Context, values: AsyncIterable<unknown>): Response {
  c.header('content-type', 'application/x-ndjson')
  return stream(c, async (out) => {
    try {
      for await (const value of values) {
        if (out.aborted) break
        await out.write(`${JSON.stringify(value)}\n`)
      }
    } catch (error) {
      // the status line has gone out already: the problem is the last line, and the reader takes it as an error
      await out.write(`${JSON.stringify({ problem: problemOf(error) })}\n`)
    }
  })
}

/** What a caller who proved nothing may ask, where authentication was switched off: to look, and to be told no. */
const ANONYMOUS: ReadonlySet<EndpointName> = new Set<EndpointName>(['status', 'runs', 'decide'])

function notForAnonymous({ method, path }: Endpoint): HttpError {
  return new HttpError(HTTP_ERRORS, 'CALLER_UNKNOWN', {
    what: `${method} ${path} needs authentication, and this caller proved nothing`,
    fix: 'use the warder command, which proves the secret of the socket',
  })
}

function notForAgents({ method, path }: Endpoint): HttpError {
  return new HttpError(HTTP_ERRORS, 'NOT_FOR_AGENTS', {
    what: `${method} ${path} is not for agents`,
    fix: 'let the owner call it',
  })
}

function missing(method: string, path: string): HttpError {
  return new HttpError(HTTP_ERRORS, 'ROUTE_UNKNOWN', {
    what: `there is no ${method} ${path}`,
    fix: 'see GET /v1/openapi.json; a newer client may be talking to an older daemon',
  })
}
