import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from '../../record/audit/index.ts'
import type { FollowedChange } from '../questions.ts'

/** What the stream of one page is made from. */
export interface EventSource {
  readonly ledger: Pick<Ledger, 'follow' | 'head' | 'health' | 'read'>
  /**
   * Questions as they come and go; whoever may answer them counts as somebody who does. It may go on for a while after
   * the signal, so that a page that is loaded again withdraws nothing.
   */
  readonly questions: (signal: AbortSignal) => AsyncIterable<FollowedChange>
  /** What was noticed, as it is raised, gets worse or ends. */
  readonly alerts: (signal: AbortSignal) => AsyncIterable<object> | Promise<AsyncIterable<object>>
  /** What is stopped, runs and waits, in a few words; asked again whenever something happened. */
  readonly state: () => Promise<object>
  /** Whether the session goes on, and may still see this. */
  readonly isLive: () => boolean
  readonly now: () => number
}

/** More than so many entries in one window are counted, not sent: nobody can read them, and no page can draw them. */
export const MOST_IN_WINDOW = 20
export const WINDOW_MS = 150
const BEAT_MS = 10_000
const LOOK_EVERY_MS = 1000
/** A page that reads nothing for so long is let go; it can resume. */
const STUCK_MS = 30_000

/**
 * The stream of a page (server-sent events). An entry goes out as it is written, with its number as id, so that a page
 * that was cut off resumes where it was. What comes faster than a page can show is counted and not even read: of each
 * window the newest go out, so that what is shown is never late. A page that does not read costs no memory: nothing is
 * kept for it but numbers.
 */
export class EventStream {
  readonly #source: EventSource
  readonly #response: ServerResponse
  readonly #over = new AbortController()
  readonly #timers: NodeJS.Timeout[] = []
  #inWindow = 0
  #counted: { count: number; from: number; to: number } | undefined
  #window: NodeJS.Timeout | undefined
  #stuckSince: number | undefined
  #hasMissedQuestion = false
  #state = ''

  constructor(source: EventSource, response: ServerResponse) {
    this.#source = source
    this.#response = response
  }

  /** Runs until the page goes away or its session is over. @param after the newest entry the page has seen */
  async run(after: number | undefined): Promise<void> {
    const { signal } = this.#over
    const response = this.#response
    response.once('close', () => this.#over.abort())
    response.on('drain', () => this.#drained())
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    this.#timers.push(
      setInterval(() => this.#look(), LOOK_EVERY_MS).unref(),
      setInterval(() => this.#beat(), BEAT_MS).unref(),
    )
    const begin = this.#begin(after) // before anything is waited for, so that no entry falls between
    this.#beat()
    try {
      await this.#tellState()
      await Promise.race([this.#entries(begin), this.#questions(), this.#alerts(), ended(signal)])
    } finally {
      this.#over.abort()
      for (const timer of this.#timers) clearInterval(timer)
      clearTimeout(this.#window)
      response.end()
    }
  }

  /** Where to begin: a number from nowhere is the head. */
  #begin(after: number | undefined): number {
    const head = this.#source.ledger.head().seq
    return Math.min(after ?? head, head)
  }

  async #entries(after: number): Promise<void> {
    const { signal } = this.#over
    const isBehind = this.#source.ledger.head().seq - after > MOST_IN_WINDOW
    let at = isBehind ? this.#newest(after) : after
    while (!signal.aborted) {
      at = await this.#calm(at)
      at = await this.#flood(at)
    }
  }

  /** One by one, as they are written, until more come than can be shown. @returns the last that was sent */
  async #calm(after: number): Promise<number> {
    let at = after
    for await (const entry of this.#source.ledger.follow(at, this.#over.signal)) {
      this.#openWindow()
      this.#inWindow += 1
      if (this.#inWindow > MOST_IN_WINDOW || this.#stuckSince !== undefined) break
      this.#send('entry', entry, entry.seq)
      at = entry.seq
    }
    return at
  }

  /** A window at a time, until so few come that each can be shown. @returns the last that was sent or counted */
  async #flood(after: number): Promise<number> {
    let at = after
    for (let isOver = false; !isOver && !this.#over.signal.aborted;) {
      // cut short when the page goes: the loop ends then
      await sleep(WINDOW_MS, undefined, { signal: this.#over.signal }).catch(() => undefined)
      const head = this.#source.ledger.head().seq
      isOver = this.#stuckSince === undefined && head - at <= MOST_IN_WINDOW
      at = this.#newest(at)
      void this.#tellState()
    }
    return at
  }

  /** Counts what came since `after` and sends the newest of it. @returns the last that was sent or counted */
  #newest(after: number): number {
    const { ledger } = this.#source
    const head = ledger.head().seq
    const counted = this.#stuckSince === undefined ? Math.max(after, head - MOST_IN_WINDOW) : head
    if (counted > after) this.#count(after + 1, counted)
    this.#sendCounted()
    if (counted === head) return head
    this.#write(ledger.read(counted, head - counted).map((entry) => eventText('entry', entry, entry.seq)))
    return head
  }

  #count(from: number, to: number): void {
    const before = this.#counted
    const count = to - from + 1
    this.#counted =
      before === undefined ? { count, from, to } : { count: before.count + count, from: before.from, to }
  }

  #openWindow(): void {
    this.#window ??= setTimeout(() => this.#closeWindow(), WINDOW_MS).unref()
  }

  #closeWindow(): void {
    this.#window = undefined
    this.#inWindow = 0
    void this.#tellState()
  }

  #sendCounted(): void {
    const counted = this.#counted
    if (counted === undefined || this.#stuckSince !== undefined) return
    this.#counted = undefined
    this.#send('coalesced', counted, counted.to)
  }

  async #questions(): Promise<void> {
    for await (const change of this.#source.questions(this.#over.signal)) {
      if (this.#stuckSince === undefined) this.#send('approval', change)
      else this.#hasMissedQuestion = true
    }
    await ended(this.#over.signal)
  }

  async #alerts(): Promise<void> {
    for await (const alert of await this.#source.alerts(this.#over.signal)) {
      // a page that does not read looks at the whole list again, once it does
      if (this.#stuckSince === undefined) this.#send('alert', alert)
    }
    await ended(this.#over.signal)
  }

  async #tellState(): Promise<void> {
    // what cannot be told just now is told at the next look
    const state = await this.#source.state().catch(() => undefined)
    if (state === undefined) return
    const text = JSON.stringify(state)
    if (text === this.#state || this.#stuckSince !== undefined) return
    this.#state = text
    this.#send('state', state)
  }

  #look(): void {
    if (!this.#source.isLive()) {
      this.#send('over', { why: 'the session is over' })
      return this.#over.abort()
    }
    if (this.#stuckSince !== undefined && this.#source.now() - this.#stuckSince > STUCK_MS) {
      this.#response.destroy()
      return
    }
    void this.#tellState()
  }

  #beat(): void {
    if (this.#stuckSince !== undefined) return
    const { head, checkpointed } = this.#source.ledger.health()
    const at = new Date(this.#source.now()).toISOString()
    this.#send('beat', { at, head: head.seq, checkpointed })
  }

  #drained(): void {
    this.#stuckSince = undefined
    this.#sendCounted()
    // the page looks at the whole list again
    if (this.#hasMissedQuestion) this.#send('approval', { what: 'here' })
    this.#hasMissedQuestion = false
  }

  #send(event: string, value: object, id?: number): void {
    this.#write([eventText(event, value, id)], event === 'over')
  }

  #write(events: readonly string[], isLast = false): void {
    if (this.#over.signal.aborted || this.#response.destroyed || events.length === 0) return
    // a session that was ended hears nothing more, not even what was on its way
    if (!isLast && !this.#source.isLive()) return
    const hasRoom = this.#response.write(events.join(''))
    if (!hasRoom) this.#stuckSince ??= this.#source.now()
  }
}

/** One event. The value is JSON without a line end, so that nothing in it can pass for another event. */
function eventText(event: string, value: object, id?: number): string {
  const head = id === undefined ? '' : `id: ${id}\n`
  return `${head}event: ${event}\ndata: ${JSON.stringify(value)}\n\n`
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
