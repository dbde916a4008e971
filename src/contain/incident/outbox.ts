import { messageOf } from '../../core/error.ts'
import type { IncidentBook } from './book.ts'
import { dueActions, type ActionName, type Incident, type Order } from './incident.ts'

/** What was seen in the world after an action. */
export interface Seen {
  readonly state: 'done' | 'nothing' | 'failed'
  readonly evidence: string
}

/** One kind of action. Doing it twice is like doing it once. */
export interface ActionPort {
  /** @throws when it could not be done; it is looked at all the same */
  act(order: Order, incident: Incident): Promise<void>
  /** Looks at the world, and at nothing that {@link act} remembers. */
  look(order: Order, incident: Incident): Promise<Seen>
  /** How long both may take together (default 5 s). */
  readonly mostMs?: number
}

export type ActionPorts = Readonly<Record<ActionName, ActionPort>>

export interface OutboxOptions {
  readonly book: IncidentBook
  readonly ports: ActionPorts
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly lost: (error: unknown) => void
  /** Between attempts; the last one holds for all that follow. */
  readonly pausesMs?: readonly number[]
}

const PAUSES_MS = [250, 1000, 5000, 15_000, 60_000]
const USUAL_MS = 5000
/** Then somebody has to look; `warder incident retry` begins anew. */
const MOST_ATTEMPTS = 30
/** How many incidents are worked on at the same time; within one, actions go in order. */
const MOST_AT_ONCE = 8
const TICK_MS = 250

/**
 * Does what was ordered: each action is on the disk before it is tried, is tried until it is seen in the world, and
 * leaves a receipt. Whatever ends this process, the next one goes on with what has none.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #working = new Map<string, Promise<void>>()
  readonly #recheck = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Looks for what is to be done now, and goes on looking while anything is left. */
  kick(): void {
    if (this.#isClosed) return
    for (const incident of this.#due()) {
      if (this.#working.size >= MOST_AT_ONCE) break
      const { id } = incident
      const work = this.#work(id)
        .catch(this.#options.lost)
        .finally(() => {
          this.#working.delete(id)
          this.kick()
        })
      this.#working.set(id, work)
    }
    if (this.#isAnythingLeft()) this.#timer ??= setInterval(() => this.kick(), TICK_MS).unref()
    else this.#rest()
  }

  /** A contained incident was reported again: is what was done about it still so? What is not is done once more. */
  again(id: string): void {
    if (this.#isClosed || this.#recheck.has(id) || this.#working.has(id)) return
    this.#recheck.add(id)
    void this.#lookAgain(id)
      .catch(this.#options.lost)
      .finally(() => this.#recheck.delete(id))
  }

  /** Resolves when nothing of this incident is to be tried for the first time any more. */
  async settled(id: string): Promise<Incident> {
    for (;;) {
      this.kick()
      const work = this.#working.get(id)
      const { actions } = this.#options.book.get(id)
      if (work === undefined && !actions.some(({ state }) => state === 'waiting'))
        return this.#options.book.get(id)
      await (work ?? Promise.race([...this.#working.values()]))
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#rest()
    await Promise.all(this.#working.values())
  }

  #due(): Incident[] {
    const now = this.#options.now()
    return this.#options.book
      .active()
      .filter((each) => !this.#working.has(each.id) && dueActions(each, now).length > 0)
      .toSorted((a, b) => a.openedAt - b.openedAt)
  }

  #isAnythingLeft(): boolean {
    return this.#options.book
      .active()
      .some(({ actions }) => actions.some(({ state, nextAt }) => state === 'waiting' || nextAt !== undefined))
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #work(id: string): Promise<void> {
    const { book, now } = this.#options
    for (const action of dueActions(book.get(id), now())) {
      if (this.#isClosed) return
      await this.#try(id, action)
    }
  }

  async #try(id: string, action: number): Promise<void> {
    const { book, ports, monotonicMs, now } = this.#options
    book.began(id, action)
    const incident = book.get(id)
    const order = incident.actions[action]
    if (order === undefined) return
    const port = ports[order.action]
    const began = monotonicMs()
    const seen = await within(port.mostMs ?? USUAL_MS, () => attempt(port, order, incident))
    const ms = Math.max(0, monotonicMs() - began)
    const pause = seen.state === 'failed' ? this.#pauseAfter(order.attempts) : undefined
    book.ended(id, action, { ...seen, ms, ...(pause === undefined ? {} : { nextAt: now() + pause }) })
  }

  #pauseAfter(attempts: number): number | undefined {
    const pauses = this.#options.pausesMs ?? PAUSES_MS
    return attempts >= MOST_ATTEMPTS ? undefined : pauses[Math.min(attempts, pauses.length) - 1]
  }

  async #lookAgain(id: string): Promise<void> {
    const { book, ports } = this.#options
    const incident = book.get(id)
    if (incident.state !== 'contained') return
    const undone: Order[] = []
    for (const { action, target, input, state } of incident.actions) {
      if (state !== 'done' || !STAYS.has(action)) continue
      const order = input === undefined ? { action, target } : { action, target, input }
      const port = ports[action]
      const seen = await within(port.mostMs ?? USUAL_MS, () => port.look(order, incident))
      if (seen.state === 'failed') undone.push(order)
    }
    if (undone.length > 0)
      book.order(id, undone, 'warder', 'reported again, and what was done does not hold any more')
    this.kick()
  }
}

/** What is still so later on, unless somebody has undone it. */
const STAYS: ReadonlySet<ActionName> = new Set([
  'freeze_agent',
  'kill_agent',
  'close_egress',
  'lock_secrets',
  'disable_secrets',
  'quarantine',
  'block_address',
])

async function attempt(port: ActionPort, order: Order, incident: Incident): Promise<Seen> {
  const failure = await port.act(order, incident).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  )
  const seen = await port.look(order, incident)
  // done in spite of an error is done; not done for an unknown reason has one
  return failure === undefined || seen.state === 'done'
    ? seen
    : { state: 'failed', evidence: `${failure}; ${seen.evidence}` }
}

/** What takes too long, or cannot be looked at, is not confirmed. */
async function within(ms: number, look: () => Promise<Seen>): Promise<Seen> {
  const timeout = Promise.withResolvers<Seen>()
  const timer = setTimeout(
    () => timeout.resolve({ state: 'failed', evidence: `not confirmed within ${ms / 1000} s` }),
    ms,
  )
  try {
    return await Promise.race([look(), timeout.promise])
  } catch (error) {
    return { state: 'failed', evidence: messageOf(error) }
  } finally {
    clearTimeout(timer)
  }
}
