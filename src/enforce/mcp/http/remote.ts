import { messageOf } from '../../../core/error.ts'
import { onOneLine, readMessage, type MessageId, type ReadMessage } from '../frame.ts'
import type { Route } from '../ports.ts'
import { errorMessage } from '../refusal.ts'
import { Exchange } from './exchange.ts'
import { ToolParams } from './param.ts'
import { CODES } from './refusal.ts'
import { routingOf } from './routing.ts'
import { EventReader, type StreamEvent } from './sse.ts'
import { isAgreeable, isAsking, metaOf, type Era } from './version.ts'

export interface Reached {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Read as it comes; what stops reading it breaks it off. */
  readonly body: AsyncIterable<Uint8Array>
}

/** HTTP to a server that is elsewhere, by the rules of whoever gives it. Redirects are answers like others. */
export type Reach = (
  url: string,
  request: {
    readonly method: 'POST' | 'GET' | 'DELETE'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly signal: AbortSignal
  },
) => Promise<Reached>

export interface RemoteOptions {
  readonly url: string
  readonly reach: Reach
  /** Fields of every request: a token, say. Asked for each time, for tokens end. */
  readonly fields: () => Readonly<Record<string, string>>
  readonly fromServer: (text: string, route?: Route) => void
  /** The server has ended the session, and nothing more can be sent. */
  readonly ended: (why: string) => void
  readonly messageBytes: number
}

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
const RESUMES = 5
const RESUME_MS = 500
const SESSION_ID = /^[\u0021-\u007e]{1,512}$/

/**
 * A server that is reached over Streamable HTTP. Header fields are made from the messages that were decided on; what the
 * client sent in its own never gets here. The session id of the server stays here, too. The older transport is not spoken:
 * a server that has only that one answers with an error, and there is no second try in another way.
 */
export class Remote {
  readonly #options: RemoteOptions
  readonly #tools = new ToolParams()
  readonly #ending = new AbortController()
  /** Of what is under way; ending ends each of them. */
  readonly #aborts = new Set<AbortController>()
  readonly #open = new Map<MessageId, { readonly abort: AbortController; readonly method: string }>()
  #session: string | undefined
  #version: string | undefined

  constructor(options: RemoteOptions) {
    this.#options = options
  }

  send(text: string, route?: Route): void {
    const message = readMessage(text, this.#options)
    if (message.kind === 'unreadable') return // the session gives out nothing of the kind
    const era = eraOf(message)
    if (
      era === 'stateless' &&
      message.kind === 'notification' &&
      message.method === 'notifications/cancelled'
    )
      return this.#open.get(message.params['requestId'] as MessageId)?.abort.abort() // that is how it is told there
    void this.#exchange(message, era, route)
  }

  /** Breaks off what goes on, and tells the server that its session is over. */
  async close(): Promise<void> {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    for (const abort of this.#aborts) abort.abort()
    if (this.#session !== undefined) await this.#farewell(this.#session)
  }

  async #exchange(message: ReadMessage, era: Era, route: Route | undefined): Promise<void> {
    const abort = new AbortController()
    const id = message.kind === 'request' ? message.id : undefined
    if (id !== undefined) this.#open.set(id, { abort, method: isAsking(message) ? message.method : '' })
    const { signal } = abort
    this.#aborts.add(abort)
    if (this.#ending.signal.aborted) abort.abort()
    try {
      const answer = await this.#post(message, era, signal)
      await this.#read(answer, message, id, signal, route)
      if (message.kind === 'notification' && message.method === 'notifications/initialized')
        void this.#listen()
    } catch (error) {
      if (!signal.aborted) this.#fail(id, messageOf(error), route)
    } finally {
      this.#aborts.delete(abort)
      if (id !== undefined) this.#open.delete(id)
    }
  }

  #post(message: ReadMessage, era: Era, signal: AbortSignal): Promise<Reached> {
    const { url, reach } = this.#options
    const claimed = metaOf(message)?.[VERSION_KEY]
    const version = typeof claimed === 'string' ? claimed : this.#version
    const tool = isAsking(message) && message.method === 'tools/call' ? message.params['name'] : undefined
    return reach(url, {
      method: 'POST',
      headers: {
        ...this.#fields(era),
        ...routingOf(message, version, era, this.#tools.of(tool)),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: message.text,
      signal,
    })
  }

  #fields(era: Era): Record<string, string> {
    const session: Record<string, string> =
      era === 'sessions' && this.#session !== undefined ? { 'mcp-session-id': this.#session } : {}
    return { 'cache-control': 'no-store', ...this.#options.fields(), ...session }
  }

  async #read(
    { status, headers, body }: Reached,
    message: ReadMessage,
    id: MessageId | undefined,
    signal: AbortSignal,
    route: Route | undefined,
  ): Promise<void> {
    if (isAsking(message) && message.method === 'initialize') this.#session = sessionIn(headers)
    const type = String(headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase()
    if (status === 404 && this.#session !== undefined)
      return this.#options.ended('the server has ended the session')
    if (type === 'text/event-stream' && status === 200) return this.#stream(body, id, signal, route)
    const text = type === 'application/json' ? await whole(body, this.#options.messageBytes) : ''
    if (id === undefined) return drained(body, status)
    const answer = readMessage(text, this.#options)
    // an error of the protocol comes with a status of its own; who sends it is the server all the same
    if (answer.kind === 'error' && answer.id === undefined && status < 500)
      return this.#give(errorFor(id, answer), route)
    if ((answer.kind === 'result' && status === 200) || (answer.kind === 'error' && status < 500))
      return this.#give(text, route, answer)
    throw new Error(saidBy(status, type))
  }

  async #stream(
    body: AsyncIterable<Uint8Array>,
    id: MessageId | undefined,
    signal: AbortSignal,
    route: Route | undefined,
  ): Promise<void> {
    if (route instanceof Exchange) route.stream() // a stream there is a stream here
    let last = await this.#events(body, id, route)
    for (let times = 0; id !== undefined && last.isOpen; times += 1) {
      if (last.eventId === undefined || times >= RESUMES)
        throw new Error('the stream ended before the answer came')
      await new Promise((done) => setTimeout(done, RESUME_MS))
      const headers = {
        ...this.#fields('sessions'),
        accept: 'text/event-stream',
        'last-event-id': last.eventId,
      }
      const answer = await this.#options.reach(this.#options.url, { method: 'GET', headers, signal })
      if (answer.status !== 200)
        throw new Error('the stream ended before the answer came, and cannot be gone on with')
      last = { ...last, ...(await this.#events(answer.body, id, route)) }
    }
  }

  async #events(
    body: AsyncIterable<Uint8Array>,
    id: MessageId | undefined,
    route: Route | undefined,
  ): Promise<{ eventId?: string; isOpen: boolean }> {
    const reader = new EventReader(this.#options.messageBytes)
    let eventId: string | undefined
    for await (const chunk of body)
      for (const event of reader.push(chunk)) {
        eventId = event.id ?? eventId
        if (this.#event(event, id, route)) return { isOpen: false }
        if (route instanceof Exchange) await route.ready() // no faster than the client reads
      }
    return { isOpen: true, ...(eventId === undefined ? {} : { eventId }) }
  }

  /** @returns whether it was the answer */
  #event({ data }: StreamEvent, id: MessageId | undefined, route: Route | undefined): boolean {
    if (data.trim() === '') return false
    const message = readMessage(data, this.#options)
    this.#give(data, route, message)
    return id !== undefined && (message.kind === 'result' || message.kind === 'error') && message.id === id
  }

  #give(text: string, route: Route | undefined, message = readMessage(text, this.#options)): void {
    if (message.kind === 'result') {
      const method = this.#open.get(message.id)?.method
      if (method === 'tools/list') this.#tools.learn(message.result)
      const version = message.result['protocolVersion']
      if (method === 'initialize' && isAgreeable(version)) this.#version = String(version)
    }
    // some write their JSON over many lines; to who reads lines these would be many messages
    this.#options.fromServer(message.kind === 'unreadable' ? onOneLine(text) : message.text, route)
  }

  /** The stream for what the server says unasked, for as long as it has one. */
  async #listen(): Promise<void> {
    const { url, reach } = this.#options
    const { signal } = this.#ending
    for (let waitMs = 1000; !signal.aborted; waitMs = Math.min(waitMs * 2, 60_000)) {
      try {
        const version: Record<string, string> =
          this.#version === undefined ? {} : { 'mcp-protocol-version': this.#version }
        const headers = { ...this.#fields('sessions'), ...version, accept: 'text/event-stream' }
        const answer = await reach(url, { method: 'GET', headers, signal })
        if (answer.status !== 200) return drained(answer.body, 200)
        await this.#events(answer.body, undefined, undefined)
      } catch {
        // what it would have said it says again, or it was not worth a session
      }
      await new Promise((done) => setTimeout(done, waitMs).unref())
    }
  }

  async #farewell(session: string): Promise<void> {
    const { url, reach, fields } = this.#options
    try {
      const headers = { ...fields(), 'mcp-session-id': session }
      const answer = await reach(url, { method: 'DELETE', headers, signal: AbortSignal.timeout(2000) })
      await drained(answer.body, 200)
    } catch {
      // it will notice by itself
    }
  }

  #fail(id: MessageId | undefined, why: string, route: Route | undefined): void {
    if (id === undefined) return
    this.#options.fromServer(errorMessage(id, CODES.server, `the server could not be asked: ${why}`), route)
  }
}

function eraOf(message: ReadMessage): Era {
  const version = metaOf(message)?.[VERSION_KEY]
  return version === undefined ? 'sessions' : 'stateless'
}

function sessionIn(headers: Reached['headers']): string | undefined {
  const id = headers['mcp-session-id']
  return typeof id === 'string' && SESSION_ID.test(id) ? id : undefined
}

async function whole(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
}

/** What a notification is answered with says nothing; that it was refused does. @throws Error then */
async function drained(body: AsyncIterable<Uint8Array>, status: number): Promise<void> {
  for await (const _chunk of body) break
  if (status >= 400) throw new Error(saidBy(status, undefined))
}

function errorFor(id: MessageId, { error }: Extract<ReadMessage, { kind: 'error' }>): string {
  const data = typeof error.data === 'object' && error.data !== null ? { ...error.data } : undefined
  return errorMessage(id, error.code, error.message, data)
}

function saidBy(status: number, type: string | undefined): string {
  if (status === 401 || status === 403) return `it asks for other credentials (HTTP ${status})`
  if (status >= 300 && status < 400)
    return `it sends the request elsewhere (HTTP ${status}), which is not followed`
  if (status === 405 || status === 410)
    return `it does not speak this transport (HTTP ${status}); the older one is not used`
  return `it answered HTTP ${status} with ${type ?? 'no type'}`
}
