import { isMembers, readMessage, type Members, type MessageId, type ReadMessage } from '../frame.ts'
import type { McpSession, Route } from '../ports.ts'
import { errorMessage } from '../refusal.ts'
import { Exchange, NO_ANSWER } from './exchange.ts'
import { CACHEABLE, type ListCache } from './cache.ts'
import { ToolParams, type ParamField } from './param.ts'
import { CODES, type Turned } from './refusal.ts'
import { edited, replaced, type Edit } from './splice.ts'
import { isAgreeable, isAsking, metaOf, type Era } from './version.ts'

export interface LineOptions {
  readonly caller: string
  readonly server: string
  readonly era: Era
  readonly cache: ListCache
  readonly answerMs: number
  /** Requests under way at once. */
  readonly most: number
}

interface Open {
  readonly exchange: Exchange
  readonly clientId: MessageId
  readonly token: MessageId | undefined
  readonly method: string
  readonly params: Members
  readonly timer: NodeJS.Timeout | undefined
}

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'
const LISTEN = 'subscriptions/listen'
/** How large a message may be is said by policy, and held to by the session; this is for the rest of the world. */
const ANSWER_BYTES = 256 * 1024 ** 2

/**
 * One session and all HTTP exchanges that use it. Each request goes in under a number of its own, for two clients may use
 * one id at the same time, and comes out under the id its client gave it; so do its progress and its subscription.
 */
export class Line {
  readonly #options: LineOptions
  readonly #open = new Map<number, Open>()
  readonly #tools = new ToolParams()
  #session: Pick<McpSession, 'fromClient'> | undefined
  #general: Exchange | undefined
  #count = 0
  #lastMs = 0
  /** What the server said it speaks, of the stateless revisions. */
  supported: readonly string[] | undefined
  /** What a handshake agreed on. */
  version: string | undefined
  /** A server that agreed on what is not served: nothing more goes to it. */
  unfit: (why: string) => void = () => undefined

  constructor(options: LineOptions) {
    this.#options = options
  }

  touch(nowMs: number): void {
    this.#lastMs = nowMs
  }

  attach(session: Pick<McpSession, 'fromClient'>): void {
    this.#session = session
  }

  get isIdle(): boolean {
    return this.#open.size === 0 && (this.#general?.isDone ?? true)
  }

  /** When it was last used, in milliseconds of a clock that only rises. */
  get lastMs(): number {
    return this.#lastMs
  }

  /** What a tool repeats of its arguments in header fields; undefined when its definition has not been seen. */
  params(tool: unknown): readonly ParamField[] | undefined {
    return this.#tools.of(tool)
  }

  request(message: ReadMessage & { readonly kind: 'request' }, exchange: Exchange, nowMs: number): void {
    this.#lastMs = nowMs
    if (this.#open.size >= this.#options.most) return exchange.turn(tooMany(this.#options.most))
    this.#count += 1
    const id = this.#count
    const token = tokenOf(message)
    const { method, params } = message
    const timer = method === LISTEN ? undefined : setTimeout(() => this.#late(id), this.#options.answerMs)
    this.#open.set(id, { exchange, clientId: message.id, token, method, params, timer })
    // in the stateless revisions a client that goes away has cancelled; before, it may come back for the answer
    exchange.gone = () =>
      exchange.era === 'stateless' ? this.#cancel(id, 'the client went away') : undefined
    if (method === LISTEN) exchange.stream()
    const edits = [
      ...replaced(message.text, id, 'id'),
      ...(token === undefined ? [] : replaced(message.text, id, 'params', '_meta', 'progressToken')),
    ]
    this.#session?.fromClient(edited(message.text, edits), exchange)
  }

  /** A notification, or the answer to a question of the server's. */
  tell(message: ReadMessage, nowMs: number): void {
    this.#lastMs = nowMs
    if (!isAsking(message) || message.method !== 'notifications/cancelled')
      return this.#session?.fromClient(message.text)
    const requestId = message.params['requestId']
    for (const [id, { clientId }] of this.#open)
      if (clientId === requestId) {
        this.#session?.fromClient(edited(message.text, replaced(message.text, id, 'params', 'requestId')))
      }
  }

  /** The stream for what the server says unasked; there is one, and a newer takes the place of an older. */
  listen(exchange: Exchange, nowMs: number): void {
    this.#lastMs = nowMs
    this.#general?.finish()
    this.#general = exchange
    exchange.stream()
  }

  /** What the session gives out. */
  fromSession(text: string, route?: Route): void {
    const message = readMessage(text, { messageBytes: ANSWER_BYTES })
    const by = route instanceof Exchange ? route : undefined
    // nobody can tell whose it was, and who waits for it must not wait for ever
    if (message.kind === 'unreadable') return this.unfit(`an answer cannot be read: ${message.reason}`)
    if (message.kind === 'result' || message.kind === 'error') return this.#answered(message, by)
    if (message.kind === 'request') return this.#asked(message, by)
    if (message.kind === 'notification') this.#noticed(message, by)
  }

  /** Everything that is open ends with this. */
  close(turned: Turned): void {
    for (const id of this.#open.keys()) this.#take(id)?.exchange.turn(turned)
    this.#general?.finish()
  }

  #answered(message: ReadMessage & { readonly kind: 'result' | 'error' }, by: Exchange | undefined): void {
    const open = typeof message.id === 'number' ? this.#take(message.id) : undefined
    if (open === undefined) {
      // an error that could name nobody belongs to the exchange it came by
      if (message.kind === 'error' && message.id === undefined && by?.id !== undefined)
        by.answer(message.text, message.error.code)
      return
    }
    const { exchange, clientId } = open
    if (message.kind === 'error') {
      const edits = replaced(message.text, clientId, 'id')
      return exchange.answer(edited(message.text, edits), message.error.code)
    }
    const problem = this.#learned(open.method, message.result)
    if (problem !== undefined) {
      exchange.turn(problem)
      return this.unfit(problem.reason)
    }
    exchange.answer(edited(message.text, this.#edits(open, message)))
  }

  #edits(open: Open, { text, result }: { text: string; result: Members }): readonly Edit[] {
    const { caller, server, cache } = this.#options
    const { method, params } = open
    const own = replaced(text, open.clientId, 'id')
    const meta = result['_meta']
    const subscribed =
      isMembers(meta) && Object.hasOwn(meta, SUBSCRIPTION)
        ? replaced(text, open.clientId, 'result', '_meta', SUBSCRIPTION)
        : []
    if (this.#options.era === 'sessions' || !Object.hasOwn(CACHEABLE, method)) return [...own, ...subscribed]
    const { edits, notice } = cache.narrow({ caller, server, method, params }, text, result)
    if (notice !== undefined) this.#announce(notice)
    return [...own, ...subscribed, ...edits]
  }

  /** What an answer says of the server itself. @returns why nothing more may go to it */
  #learned(method: string, result: Members): Turned | undefined {
    if (method === 'initialize') {
      const version = result['protocolVersion']
      if (!isAgreeable(version)) return steppedBack()
      this.version = String(version)
    }
    const { supportedVersions } = result
    if (method === 'server/discover' && Array.isArray(supportedVersions))
      this.supported = supportedVersions.filter((each) => typeof each === 'string').slice(0, 16)
    if (method === 'tools/list') this.#tools.learn(result)
    return undefined
  }

  #noticed(message: ReadMessage & { readonly kind: 'notification' }, by: Exchange | undefined): void {
    const { text, method, params } = message
    if (method.endsWith('/list_changed')) this.#options.cache.changed(this.#options.server)
    const id = method === 'notifications/progress' ? params['progressToken'] : metaOf(message)?.[SUBSCRIPTION]
    const open = typeof id === 'number' ? this.#open.get(id) : undefined
    if (method === 'notifications/progress') {
      if (open?.token !== undefined)
        open.exchange.notice(edited(text, replaced(text, open.token, 'params', 'progressToken')))
      return
    }
    if (open?.method === LISTEN)
      open.exchange.notice(edited(text, replaced(text, open.clientId, 'params', '_meta', SUBSCRIPTION)))
    else this.#somewhere(text, by)
  }

  /** A question of the server's. In the stateless revisions there are none: they come inside of results. */
  #asked({ text, id }: ReadMessage & { readonly kind: 'request' }, by: Exchange | undefined): void {
    if (this.#options.era === 'sessions' && this.#somewhere(text, by)) return
    this.#session?.fromClient(errorMessage(id, CODES.denied, 'the client cannot be asked now'))
  }

  /** To the exchange it belongs to, or else where the client listens. @returns whether anybody took it */
  #somewhere(text: string, by: Exchange | undefined): boolean {
    if (by?.notice(text) === true || this.#general?.notice(text) === true) return true
    if (this.#options.era === 'stateless' && this.#open.size > 1) return false // whose it is, nobody can tell
    return [...this.#open.values()].some(({ exchange }) => exchange.notice(text))
  }

  /** Tells who keeps an older list that it no longer holds. */
  #announce(method: string): void {
    const wish = NOTICES[method]
    for (const { exchange, clientId, method: asked, params } of this.#open.values()) {
      const wanted = params['notifications']
      if (asked !== LISTEN || wish === undefined || !isMembers(wanted) || wanted[wish] !== true) continue
      const _meta = { [SUBSCRIPTION]: clientId }
      exchange.notice(JSON.stringify({ jsonrpc: '2.0', method, params: { _meta } }))
    }
  }

  #late(id: number): void {
    const open = this.#open.get(id)
    this.#cancel(id, 'the answer took too long')
    open?.exchange.turn(NO_ANSWER)
  }

  #cancel(requestId: number, reason: string): void {
    if (this.#take(requestId) === undefined) return
    const params = { requestId, reason }
    this.#session?.fromClient(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }))
  }

  #take(id: number): Open | undefined {
    const open = this.#open.get(id)
    clearTimeout(open?.timer)
    this.#open.delete(id)
    return open
  }
}

const NOTICES: Readonly<Record<string, string>> = {
  'notifications/tools/list_changed': 'toolsListChanged',
  'notifications/prompts/list_changed': 'promptsListChanged',
  'notifications/resources/list_changed': 'resourcesListChanged',
}

function tokenOf(message: ReadMessage): MessageId | undefined {
  const token = metaOf(message)?.['progressToken']
  return typeof token === 'string' || Number.isSafeInteger(token) ? (token as MessageId) : undefined
}

function tooMany(most: number): Turned {
  return {
    ...{ status: 429, code: CODES.limit, rule: 'http-open-requests' },
    reason: `there are ${most} requests under way already`,
    fix: 'wait for one of them to end',
  }
}

function steppedBack(): Turned {
  return {
    ...{ status: 502, code: CODES.version, rule: 'http-downgrade' },
    reason: 'the server agrees only on a protocol version of before this transport',
    fix: 'use a newer server',
    data: { supported: [], requested: '' },
  }
}
