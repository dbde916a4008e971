import { messageOf } from '../../core/error.ts'
import { takeError, takeResult } from './answers.ts'
import { Catalogue } from './catalogue.ts'
import type { Desk, OpenRequest } from './desk.ts'
import {
  looksLikeMessage,
  readMessage,
  type Members,
  type MessageId,
  type ReadMessage,
  type Unreadable,
} from './frame.ts'
import { narrowed } from './hello.ts'
import { CallMeter } from './limits.ts'
import { GivenUp } from './given-up.ts'
import { CHANGED_LISTS, CLIENT_NOTIFICATIONS } from './methods.ts'
import { noticeFromServer } from './notices.ts'
import { openedBy, ownMetaOf, refusedEarly, treat } from './open-request.ts'
import { OwnRequests } from './own-requests.ts'
import type { McpSession, Route, SessionOptions } from './ports.ts'
import { RememberedAnswers } from './remembered.ts'
import { errorMessage, refusalMessage, type Refusal } from './refusal.ts'
import { badRequest, gone, tookTooLong } from './reasons.ts'
import { ServerQuestions } from './server-questions.ts'
import { guardedPorts } from './session-ports.ts'

type Request = Extract<ReadMessage, { kind: 'request' }>
type Notification = Extract<ReadMessage, { kind: 'notification' }>

/** Everything between one client and one server. */
export function createSession(options: SessionOptions): McpSession {
  return new Session(options)
}

class Session implements McpSession {
  readonly #options: SessionOptions
  readonly #open = new Map<MessageId, OpenRequest>()
  readonly #givenUp = new GivenUp()
  readonly #answers: RememberedAnswers
  readonly #own: OwnRequests
  readonly #questions: ServerQuestions
  readonly #desk: Desk
  #meta: Members | undefined
  #closed: string | undefined

  constructor(given: SessionOptions) {
    const ports = guardedPorts(given.ports, (why) => this.close(why))
    this.#options = { ...given, ports }
    const { policy, caller } = given
    this.#own = new OwnRequests(ports)
    this.#answers = new RememberedAnswers(ports)
    this.#desk = {
      ...{ policy, caller, ports },
      catalogue: new Catalogue(policy, ports),
      meter: new CallMeter(policy.limits),
      isOpen: (request) => this.#open.get(request.id) === request,
      forward: (request, text) => {
        request.isSent = true
        ports.toServer(text, request.route)
      },
      underWay: () => this.#underWay(),
      refuse: (request, refusal) => this.#refuse(request, refusal),
      answer: (request, text, outcome) => this.#settle(request, text, outcome),
      ask: (question) => this.#answers.ask(question),
      own: (method, params) => this.#own.send(method, params),
      ownMeta: () => this.#meta,
    }
    this.#questions = new ServerQuestions(this.#desk)
  }

  get open(): number {
    return this.#open.size
  }

  fromClient(input: Uint8Array | string, route?: Route): void {
    this.#guarded(() => this.#fromClient(input, route))
  }

  fromServer(input: Uint8Array | string, route?: Route): void {
    this.#guarded(() => this.#fromServer(input, route))
  }

  /** What nobody foresaw ends this session and no other: nothing passes that was not looked into. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.close(`it could not be looked into: ${messageOf(error)}`)
    }
  }

  #fromClient(input: Uint8Array | string, route: Route | undefined): void {
    const message = readMessage(input, this.#options.policy.limits)
    if (message.kind === 'unreadable') return this.#unreadable(message, route)
    if (message.kind === 'request') return this.#request(message, route)
    if (this.#closed !== undefined) return
    if (message.kind === 'notification') return this.#notice(message, route)
    this.#questions.answered(message, route)
  }

  #fromServer(input: Uint8Array | string, route: Route | undefined): void {
    if (this.#closed !== undefined) return
    const message = readMessage(input, this.#options.policy.limits)
    switch (message.kind) {
      case 'unreadable':
        return this.#serverConfused(message.rule, message.reason, looksLikeMessage(input))
      case 'request':
        return this.#questions.ask(message, route)
      case 'notification': {
        const list = CHANGED_LISTS[message.method]
        if (list === 'tools') this.#desk.catalogue.changed()
        return noticeFromServer(this.#desk, message, this.#open, route)
      }
      default:
        return this.#serverAnswer(message)
    }
  }

  tooLong(from: 'client' | 'server', sizeBytes: number, route?: Route): void {
    const reason = `a message of ${sizeBytes} bytes is larger than ${this.#options.policy.limits.messageBytes}`
    if (from === 'server') return this.#serverConfused('frame.size', reason, true)
    this.#unreadable({ kind: 'unreadable', code: -32_600, rule: 'frame.size', reason }, route)
  }

  #underWay(): string[] {
    const sent = [...this.#open.values()].filter(({ isSent }) => isSent)
    return [...sent, ...this.#givenUp.lasting(this.#options.ports.monotonicMs())]
      .filter(({ treatment }) => treatment === 'tool')
      .map(({ name }) => name)
  }

  forget(): void {
    this.#answers.clear()
  }

  tick(): void {
    const nowMs = this.#options.ports.monotonicMs()
    for (const request of [...this.#open.values()]) {
      if (nowMs < request.untilMs) continue
      if (request.isSent) this.#cancelAtServer(request)
      this.#refuse(request, tookTooLong(nowMs - request.sinceMs))
    }
    this.#own.tick(nowMs)
    this.#questions.tick(nowMs)
  }

  close(why: string): void {
    if (this.#closed !== undefined) return
    for (const request of [...this.#open.values()]) this.#refuse(request, gone(why))
    this.#closed = why
    this.#own.close(why)
    this.#answers.clear()
  }

  #request(message: Request, route: Route | undefined): void {
    const { id, method } = message
    const { ports, policy } = this.#options
    const early =
      this.#closed !== undefined
        ? gone(this.#closed)
        : this.#givenUp.has(id)
          ? badRequest('frame.id-reuse', 'the server may still answer an earlier request of this id')
          : refusedEarly(message, this.#open, policy)
    if (early !== undefined) {
      const { rule, reason } = early
      ports.record({ kind: 'refused', from: 'client', method, name: '', rule, reason })
      // an answer under an id that is open would be taken for the answer to the other request
      return ports.toClient(refusalMessage(this.#open.has(id) ? null : id, early), route)
    }
    const request = openedBy(message, route, ports.monotonicMs())
    this.#open.set(id, request)
    this.#meta = ownMetaOf(message.params['_meta']) ?? this.#meta
    treat(this.#desk, request, message, narrowed({ policy }, method, message.params))
  }

  #notice({ method, params, text }: Notification, route: Route | undefined): void {
    const { ports } = this.#options
    if (!CLIENT_NOTIFICATIONS.has(method)) {
      const reason = 'nobody knows a notification of this name'
      return ports.record({
        kind: 'refused',
        from: 'client',
        method,
        name: '',
        rule: 'method.unknown',
        reason,
      })
    }
    if (method === 'notifications/cancelled') {
      const request = this.#open.get(params['requestId'] as MessageId)
      if (request === undefined) return
      this.#open.delete(request.id)
      if (!request.isSent) return // the server never heard of it
      this.#givenUp.add(request)
      this.#record(request, 'failed', 'cancelled', '')
    }
    ports.toServer(text, route)
  }

  #serverAnswer(message: Extract<ReadMessage, { kind: 'result' | 'error' }>): void {
    if (message.id !== undefined && this.#own.answered(message.id, message)) return
    const request = message.id === undefined ? undefined : this.#open.get(message.id)
    if (request === undefined || !request.isSent) {
      if (message.id !== undefined && this.#givenUp.answered(message.id)) return
      // an answer nobody asked for would be taken for one to a question that comes later
      const reason = 'it answers a request that is not open'
      return this.#options.ports.record({
        kind: 'refused',
        from: 'server',
        method: '',
        name: '',
        rule: 'frame.id-unknown',
        reason,
      })
    }
    request.isSent = false // what comes second under this id is no answer any more
    if (message.kind === 'result') takeResult(this.#desk, request, message)
    else takeError(this.#desk, request, message)
  }

  /** Whose answer it was cannot be told, so everybody who waits hears that there is none. */
  #serverConfused(rule: string, reason: string, isAnswer: boolean): void {
    this.#options.ports.record({ kind: 'refused', from: 'server', method: '', name: '', rule, reason })
    if (!isAnswer) return // a line of log on the wrong stream
    for (const request of [...this.#open.values()]) {
      if (request.isSent)
        this.#refuse(request, { ...gone(`the server sent what cannot be read: ${reason}`), rule })
    }
    this.#own.close(reason)
  }

  #unreadable({ code, rule, reason, id }: Unreadable, route: Route | undefined): void {
    const { ports } = this.#options
    ports.record({ kind: 'refused', from: 'client', method: '', name: '', rule, reason })
    const known = id !== undefined && !this.#open.has(id) ? id : null
    const fix = 'send one JSON-RPC 2.0 message a line, each key once'
    ports.toClient(
      errorMessage(known, code, reason, { code: 'MCP_FRAME', layer: 'inspection', rule, reason, fix }),
      route,
    )
  }

  #refuse(request: OpenRequest, refusal: Refusal): void {
    if (!this.#desk.isOpen(request)) return
    this.#open.delete(request.id)
    if (request.isSent) this.#givenUp.add(request)
    const { ports } = this.#options
    const { rule, reason, decision } = refusal
    const of = { method: request.method, name: request.name }
    ports.record({
      kind: 'refused',
      from: refusal.kind === 'content' ? 'server' : 'client',
      ...of,
      rule,
      reason,
    })
    this.#record(request, 'refused', rule, '', decision)
    ports.toClient(refusalMessage(request.id, refusal), request.route)
  }

  #settle(request: OpenRequest, text: string, outcome: 'success' | 'tool-error' | 'failed'): void {
    if (!this.#desk.isOpen(request)) return
    this.#open.delete(request.id)
    this.#options.ports.toClient(text, request.route)
    this.#record(request, outcome, request.call?.rule ?? '', text) // nobody waits for it
  }

  /** Only what was decided on is a call; its answer is told by its digest. */
  #record(
    request: OpenRequest,
    outcome: 'success' | 'tool-error' | 'refused' | 'failed',
    rule: string,
    answer: string,
    decision = '',
  ): void {
    const { ports } = this.#options
    const { call, method, name, sinceMs } = request
    if (call === undefined && !['tool', 'resource', 'prompt'].includes(request.treatment)) return
    ports.record({
      ...{ kind: 'call', method, name, outcome, rule },
      decision: call?.decision ?? decision,
      argumentsDigest: call?.argumentsDigest ?? '',
      answer,
      ms: ports.monotonicMs() - sinceMs,
      labels: call?.labels ?? [],
      wrote: call?.wrote ?? [],
      redacted: call?.redacted ?? 0,
    })
  }

  #cancelAtServer({ id, route }: OpenRequest): void {
    const params = { requestId: id, reason: 'it took too long' }
    this.#options.ports.toServer(
      JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }),
      route,
    )
  }
}
