import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { Agent, request, type RequestOptions } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { CONSOLE_COOKIE, CSRF_HEADER, WhoShape, type WhoAnswer } from '../../src/api/console.ts'
import type { Owner } from './owner.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

export interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  /** Sent as it is, in place of `body`. */
  readonly raw?: string | Buffer
}

/** The console of a house, as something that speaks HTTPS sees it. */
export interface ConsoleSite {
  readonly port: number
  readonly origin: string
  /** As a page of the console would send it, unless the headers say otherwise; undefined takes one away. */
  readonly send: (sent: Sent) => Promise<Reply>
  /** Logs in by a link of the owner’s terminal. */
  readonly enter: (as?: { person: string; role: 'operator' | 'viewer' }) => Promise<Visit>
  readonly visit: (reply: Reply) => Visit
}

/** Somebody who is logged in. */
export interface Visit {
  readonly who: WhoAnswer
  readonly cookie: string
  readonly send: (sent: Sent) => Promise<Reply>
  readonly get: (path: string) => Promise<Reply>
  readonly post: (path: string, body?: unknown) => Promise<Reply>
  readonly remove: (path: string) => Promise<Reply>
  /** The same without the word of its page. */
  readonly bare: (sent: Sent) => Promise<Reply>
}

/** Turns the console on, where a setting did not, and speaks to it as a browser would. */
export async function consoleOf(t: { after(fn: () => void): void }, me: Owner): Promise<ConsoleSite> {
  const { address = '', fingerprint } = await me.call('consoleOpen', { port: 0 })
  const port = Number(address.split(':').at(-1))
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxCachedSessions: 0 })
  t.after(() => agent.destroy())
  const origin = `https://localhost:${port}`
  const send = async ({ method = 'GET', path, headers = {}, body, raw }: Sent): Promise<Reply> => {
    const bytes = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const isAct = method !== 'GET' && method !== 'HEAD'
    const usual = {
      host: `localhost:${port}`,
      ...(isAct ? { origin } : {}),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    }
    const all = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined)
    const options = { agent, host: '127.0.0.1', servername: 'localhost', port, method, path }
    return await ask(
      { ...options, headers: Object.fromEntries(all) as Record<string, string> },
      bytes,
      fingerprint,
    )
  }
  const visit = (reply: Reply): Visit => {
    assert.equal(reply.status, 200, reply.text)
    const who = WhoShape.parse(reply.json)
    const cookie = cookieOf(reply)
    const bare = (sent: Sent) => send({ ...sent, headers: { cookie, ...sent.headers } })
    const own = (sent: Sent) => bare({ ...sent, headers: { [CSRF_HEADER]: who.csrf, ...sent.headers } })
    return {
      ...{ who, cookie, bare, send: own },
      get: (path) => own({ path }),
      post: (path, body = {}) => own({ method: 'POST', path, body }),
      remove: (path) => own({ method: 'DELETE', path }),
    }
  }
  const enter: ConsoleSite['enter'] = async (as) => {
    const { url } = await me.call('consoleLink', as ?? {})
    const [, token] = /#link=(.+)$/.exec(url) ?? []
    return visit(await send({ method: 'POST', path: '/session/link', body: { token } }))
  }
  return { port, origin, send, enter, visit }
}

/** The cookie a log-in set, as it is sent back. */
export function cookieOf({ headers }: Reply): string {
  const [set = ''] = headers['set-cookie'] ?? []
  assert.match(set, new RegExp(`^${CONSOLE_COOKIE}=[\\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict$`))
  return set.split(';')[0]!
}

function ask(
  options: RequestOptions,
  bytes: string | Buffer | undefined,
  fingerprint: string | undefined,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const out = request(options, (response) => {
    const chunks: Buffer[] = []
    // nobody vouches for the certificate but the daemon itself
    const { raw } = (response.socket as TLSSocket).getPeerCertificate()
    assert.equal(new X509Certificate(raw).fingerprint256, fingerprint)
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('error', reject)
    response.once('end', () => {
      const text = Buffer.concat(chunks).toString()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonIn(text) })
    })
  })
  out.once('error', reject)
  out.setTimeout(30_000, () => out.destroy(new Error('no answer in 30 s')))
  out.end(bytes)
  return promise
}

function jsonIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

export interface ServerEvent {
  readonly event: string
  readonly id?: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The stream of a page, event by event. */
export interface Listening {
  readonly status: number
  readonly events: ServerEvent[]
  /** Stops reading, so that the daemon finds no room. */
  pause(): void
  resume(): void
  readonly ended: Promise<void>
  close(): void
}

export function listenTo(
  { port }: ConsoleSite,
  { cookie }: Pick<Visit, 'cookie'>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<Listening>()
  const { promise: ended, resolve: over } = Promise.withResolvers<void>()
  const out = request(
    {
      ...{ host: '127.0.0.1', port, path: '/events', agent: false, rejectUnauthorized: false },
      headers: { host: `localhost:${port}`, cookie, ...headers },
    },
    (response) => {
      const events: ServerEvent[] = []
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const parts = text.split('\n\n')
        text = parts.pop() ?? ''
        events.push(...parts.map(eventOf))
      })
      response.once('close', () => over())
      resolve({
        ...{ status: response.statusCode ?? 0, events, ended },
        pause: () => void response.pause(),
        resume: () => void response.resume(),
        close: () => void out.destroy(),
      })
    },
  )
  out.once('error', (error) => {
    over()
    reject(error)
  })
  out.end()
  return promise
}

function eventOf(text: string): ServerEvent {
  const fields = new Map(
    text.split('\n').map((line) => [line.split(': ')[0]!, line.slice(line.indexOf(': ') + 2)]),
  )
  const id = fields.get('id')
  const data = JSON.parse(fields.get('data') ?? 'null') as ServerEvent['data']
  return { event: fields.get('event') ?? '', data, ...(id === undefined ? {} : { id }) }
}
