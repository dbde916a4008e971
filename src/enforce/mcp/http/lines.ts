import { randomBytes } from 'node:crypto'
import type { McpSession, Route } from '../ports.ts'
import { ListCache } from './cache.ts'
import { Line } from './line.ts'
import { CODES, type Turned } from './refusal.ts'
import type { Era } from './version.ts'

/** Who opens a server, puts a session before it, and closes both. */
export interface ServeHost {
  open(server: string, caller: string, toClient: (text: string, route?: Route) => void): Promise<Opened>
  warn(message: string): void
}

export interface Opened {
  readonly session: Pick<McpSession, 'fromClient' | 'close'>
  /** Why it ended, when it did. */
  readonly closed: Promise<string>
  close(): void
}

export interface LinesOptions {
  readonly host: ServeHost
  readonly monotonicMs: () => number
  readonly mostListMs: number
  readonly answerMs: number
  readonly openMs: number
  readonly idleMs: number
  readonly mostSessions: number
  readonly mostRequests: number
}

interface Kept {
  readonly line: Line
  readonly caller: string
  readonly server: string
  readonly era: Era
  close(why: string): void
}

/**
 * The lines to servers: with sessions one for each session, whose id is worth nothing to another caller; in the stateless
 * revisions one for each caller and server.
 */
export class Lines {
  readonly #options: LinesOptions
  readonly #cache: ListCache
  readonly #sessions = new Map<string, Kept>()
  readonly #stateless = new Map<string, Promise<Kept>>()
  readonly #all = new Set<Kept>()

  constructor(options: LinesOptions) {
    this.#options = options
    this.#cache = new ListCache(options.mostListMs)
  }

  get size(): number {
    return this.#all.size
  }

  /** The line of a session, for its caller and its server alone. */
  ofSession(id: string, caller: string, server: string): Line | undefined {
    const kept = this.#sessions.get(id)
    return kept?.caller === caller && kept.server === server ? kept.line : undefined
  }

  /** @returns the new session's id with its line. @throws what opening the server threw */
  async begin(caller: string, server: string): Promise<{ id: string; line: Line } | Turned> {
    this.#sweep()
    if (this.#mine(caller) >= this.#options.mostSessions) return tooManySessions(this.#options.mostSessions)
    const kept = await this.#open(caller, server, 'sessions')
    const id = randomBytes(32).toString('base64url') // 256 bits: it cannot be guessed, and alone it opens nothing
    this.#sessions.set(id, kept)
    return { id, line: kept.line }
  }

  end(id: string, caller: string, server: string): boolean {
    const kept = this.#sessions.get(id)
    if (kept === undefined || kept.caller !== caller || kept.server !== server) return false
    kept.close('the client ended its session')
    return true
  }

  async stateless(caller: string, server: string): Promise<Line> {
    this.#sweep()
    const key = JSON.stringify([caller, server])
    const known = this.#stateless.get(key)
    if (known !== undefined) return (await known).line
    const opening = this.#open(caller, server, 'stateless')
    this.#stateless.set(key, opening)
    try {
      return (await opening).line
    } catch (error) {
      this.#stateless.delete(key)
      throw error
    }
  }

  close(why: string): void {
    for (const kept of this.#all) kept.close(why)
  }

  /** Ends what nobody has used for long. */
  #sweep(): void {
    const before = this.#options.monotonicMs() - this.#options.idleMs
    for (const kept of this.#all)
      if (kept.line.isIdle && kept.line.lastMs < before) kept.close('nobody used it any more')
  }

  #mine(caller: string): number {
    return [...this.#all].filter((kept) => kept.caller === caller && kept.era === 'sessions').length
  }

  async #open(caller: string, server: string, era: Era): Promise<Kept> {
    const { host, answerMs, mostRequests: most } = this.#options
    const line = new Line({ caller, server, era, cache: this.#cache, answerMs, most })
    line.touch(this.#options.monotonicMs())
    const opened = await inTime(
      host.open(server, caller, (text, route) => line.fromSession(text, route)),
      this.#options.openMs,
    )
    line.attach(opened.session)
    const kept: Kept = { line, caller, server, era, close: (why) => this.#ended(kept, opened, why) }
    line.unfit = (why) => kept.close(why)
    this.#all.add(kept)
    void opened.closed.then(
      (why) => kept.close(why),
      () => kept.close('the server failed'),
    )
    return kept
  }

  #ended(kept: Kept, opened: Opened, why: string): void {
    if (!this.#all.delete(kept)) return
    for (const [id, each] of this.#sessions) if (each === kept) this.#sessions.delete(id)
    if (kept.era === 'stateless') this.#stateless.delete(JSON.stringify([kept.caller, kept.server]))
    opened.session.close(why) // its own answers first: they name the rule
    kept.line.close(gone(why))
    opened.close()
  }
}

/** @throws Error when it took too long; what comes after all is closed */
async function inTime(opening: Promise<Opened>, limitMs: number): Promise<Opened> {
  const late = Symbol('late')
  const { promise, resolve } = Promise.withResolvers<typeof late>()
  const timer = setTimeout(() => resolve(late), limitMs)
  try {
    const opened = await Promise.race([opening, promise])
    if (opened !== late) return opened
    void opening.then(
      (each) => each.close(),
      () => undefined,
    )
    throw new Error(`the server did not start within ${limitMs} ms`)
  } finally {
    clearTimeout(timer)
  }
}

function tooManySessions(most: number): Turned {
  return {
    ...{ status: 429, code: CODES.limit, rule: 'http-sessions' },
    reason: `this client has ${most} sessions open`,
    fix: 'end one with DELETE, or wait until an idle one ends',
  }
}

function gone(why: string): Turned {
  return {
    ...{ status: 502, code: CODES.server, rule: 'http-server-gone' },
    reason: `the server is gone: ${why}`,
    fix: 'send the request again; the server is started anew',
  }
}
