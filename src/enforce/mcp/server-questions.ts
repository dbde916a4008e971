import type { Desk } from './desk.ts'
import type { MessageId, ReadMessage } from './frame.ts'
import { maskAnswer, readQuestion, type QuestionRead } from './questions.ts'
import type { Route } from './ports.ts'
import { errorMessage, REFUSAL_CODES, resultMessage, type Refusal } from './refusal.ts'

type Request = Extract<ReadMessage, { kind: 'request' }>
type Answer = Extract<ReadMessage, { kind: 'result' | 'error' }>

const MOST_OPEN = 16
/** A person may have to type something. */
const ANSWER_MS = 600_000

/** Questions of the server that wait for the client's answer. */
export class ServerQuestions {
  readonly #desk: Desk
  readonly #open = new Map<MessageId, { readonly route: Route | undefined; readonly untilMs: number }>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  ask(message: Request, route: Route | undefined): void {
    const { id, method, params } = message
    if (this.#open.has(id) || this.#open.size >= MOST_OPEN) {
      return this.#note(method, 'frame.id-reuse', 'its id is in use, or too many of its questions wait')
    }
    this.#open.set(id, { route, untilMs: this.#desk.ports.monotonicMs() + ANSWER_MS })
    const read = readQuestion(this.#desk, method, params)
    if (!(read instanceof Promise)) return this.#put(message, read)
    read
      .then((said) => this.#put(message, said))
      .catch(() => this.#refuse(id, method, { ...UNDECIDED, kind: 'denied' }))
  }

  #put(message: Request, read: QuestionRead): void {
    const { id, method, params, text } = message
    const open = this.#open.get(id)
    if (open === undefined) return
    if ('refusal' in read) return this.#refuse(id, method, read.refusal)
    const isSame = read.params === params
    this.#desk.ports.toClient(
      isSame ? text : JSON.stringify({ jsonrpc: '2.0', id, method, params: read.params }),
      open.route,
    )
  }

  /** The client's answer to one of them; any other is nobody's. */
  answered(message: Answer, route: Route | undefined): void {
    const { ports } = this.#desk
    const open = message.id === undefined ? undefined : this.#open.get(message.id)
    if (open === undefined || message.id === undefined) {
      const reason = 'it answers a question that is not open'
      return ports.record({
        kind: 'refused',
        from: 'client',
        method: '',
        name: '',
        rule: 'frame.id-unknown',
        reason,
      })
    }
    this.#open.delete(message.id)
    if (message.kind === 'error') return ports.toServer(message.text, route ?? open.route)
    const masked = maskAnswer(this.#desk, message.result)
    if ('refusal' in masked) return this.#tell(message.id, masked.refusal, open.route)
    const isSame = masked.value === message.result
    ports.toServer(isSame ? message.text : resultMessage(message.id, masked.value), route ?? open.route)
  }

  tick(nowMs: number): void {
    for (const [id, { untilMs }] of this.#open) {
      if (nowMs >= untilMs)
        this.#refuse(id, '', { ...UNDECIDED, kind: 'timeout', reason: 'nobody answered in time' })
    }
  }

  #refuse(id: MessageId, method: string, refusal: Refusal): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    this.#note(method, refusal.rule, refusal.reason)
    this.#tell(id, refusal, open.route)
  }

  /** A server hears that the answer is no, and not which rule said so. */
  #tell(id: MessageId, { kind }: Refusal, route: Route | undefined): void {
    this.#desk.ports.toServer(errorMessage(id, REFUSAL_CODES[kind], 'refused by the client’s guard'), route)
  }

  #note(method: string, rule: string, reason: string): void {
    this.#desk.ports.record({ kind: 'refused', from: 'server', method, name: '', rule, reason })
  }
}

const UNDECIDED = {
  layer: 'policy',
  rule: 'error',
  reason: 'it could not be decided',
  fix: 'warder doctor',
} as const
