import type { ServerResponse } from 'node:http'
import type { MessageId } from '../frame.ts'
import { CODES, statusOf, turnedMessage, type Turned } from './refusal.ts'
import { eventOf, KEEP_ALIVE } from './sse.ts'
import type { Accepted } from './place.ts'
import type { Era } from './version.ts'

export interface ExchangeLimits {
  /** What may wait for a client that does not read. */
  readonly waitingBytes: number
  readonly keepAliveMs: number
}

/** In front of every answer: nobody on the way keeps it, and no browser takes it for something else. */
export const FIELDS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

/**
 * One HTTP answer while it is given: a single JSON message, or a stream of events that ends with the response. It is also
 * the route a session hands back with what it answers.
 */
export class Exchange {
  readonly era: Era
  /** The client's own id; undefined: it asked nothing and only listens. */
  readonly id: MessageId | undefined
  readonly #out: ServerResponse
  readonly #accepted: Accepted
  readonly #limits: ExchangeLimits
  readonly #more: Record<string, string>
  #timer: NodeJS.Timeout | undefined
  #isDone = false
  /** When the client goes before its answer came. */
  gone: () => void = () => undefined

  constructor(
    out: ServerResponse,
    about: {
      readonly era: Era
      readonly id: MessageId | undefined
      readonly accepted: Accepted
      readonly limits: ExchangeLimits
    },
  ) {
    this.#out = out
    this.era = about.era
    this.id = about.id
    this.#accepted = about.accepted
    this.#limits = about.limits
    this.#more = {}
    out.once('close', () => {
      const wasDone = this.#isDone
      this.#end()
      if (!wasDone) this.gone()
    })
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** A header field that goes with the answer, if it has not begun. */
  set(name: string, value: string): void {
    this.#more[name] = value
  }

  /** What comes before the answer, or without one. @returns whether it could be given */
  notice(message: string): boolean {
    if (this.#isDone || !this.#accepted.stream) return false
    this.stream()
    return this.#write(eventOf(message))
  }

  answer(message: string, errorCode?: number): void {
    if (this.#isDone) return
    if (this.#out.headersSent || !this.#accepted.json) {
      this.stream()
      if (this.#write(eventOf(message))) this.finish()
      return
    }
    const status = this.era === 'stateless' && errorCode !== undefined ? statusOf(errorCode) : 200
    this.#json(status, message)
  }

  turn(turned: Turned): void {
    if (this.#isDone) return
    const message = turnedMessage(turned, this.id ?? null)
    if (this.#out.headersSent) return this.answer(message)
    this.#json(turned.status, message)
  }

  /** Begins the stream, so that the client knows it is heard. */
  stream(): void {
    if (this.#isDone || this.#out.headersSent) return
    this.#out.writeHead(200, {
      ...FIELDS,
      ...this.#more,
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    })
    this.#out.flushHeaders()
    this.#timer = setInterval(() => this.#write(KEEP_ALIVE), this.#limits.keepAliveMs)
  }

  finish(): void {
    if (this.#isDone) return
    this.#end()
    this.#out.end()
  }

  /** Resolves when the client has read what waits for it, or is gone. */
  async ready(): Promise<void> {
    if (this.#isDone || !this.#out.writableNeedDrain) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#out.once('drain', resolve).once('close', resolve)
    await promise
    this.#out.off('drain', resolve).off('close', resolve)
  }

  #json(status: number, message: string): void {
    this.#end()
    this.#out.writeHead(status, {
      ...FIELDS,
      ...this.#more,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(message)),
    })
    this.#out.end(message) // as text it goes out in one piece with the head
  }

  #write(text: string): boolean {
    if (this.#isDone) return false
    this.#out.write(text)
    if (this.#out.writableLength <= this.#limits.waitingBytes) return true
    // it does not read: what would wait for it would fill this process
    this.#out.destroy()
    return false
  }

  #end(): void {
    this.#isDone = true
    clearInterval(this.#timer)
  }
}

export const NO_ANSWER: Turned = {
  ...{ status: 504, code: CODES.timeout, rule: 'http-timeout' },
  reason: 'the server did not answer in time',
  fix: 'try again, or look at why the server is slow',
}
