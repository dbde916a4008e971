import { randomBytes } from 'node:crypto'
import { newId } from '../../core/id.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import type { PeopleKeys } from './keys.ts'
import type { Session } from './records.ts'

export interface SessionTimes {
  /** Ends a session nobody used for so long. */
  readonly idleMs: number
  /** Ends it whatever happens. */
  readonly absoluteMs: number
  /** How long after the passphrase an act that needs it is let through. */
  readonly freshMs: number
}

export interface SessionsOptions {
  readonly book: PeopleBook
  readonly keys: Pick<PeopleKeys, 'mac'>
  readonly now: () => number
  readonly times: SessionTimes
}

const MOST_SESSIONS = 16
/** One person at the console; a further log-in ends the oldest, so that nobody takes all the places there are. */
const MOST_OF_A_PERSON = 4
/** When a session was last used is written down no more often than this. */
const TOUCH_EVERY_MS = 60_000

/** The owner's sessions: only the MAC of a token is kept, each ends by itself, and ending one holds at once. */
export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Begins a session; an older one never gets its name. @returns the token, which is shown once and kept by nobody here */
  begin(uid: number | undefined): { readonly session: Session; readonly token: string } {
    return this.#begin({ uid: uid ?? null, console: null }, true)
  }

  /**
   * The same at the console: its tokens are of another kind, and good for nothing on the socket.
   *
   * @param isFresh whether the way somebody came counts as the passphrase
   */
  beginAtConsole(
    at: NonNullable<Session['console']>,
    isFresh: boolean,
  ): { readonly session: Session; readonly token: string } {
    this.#sweep()
    const own = this.list().filter((each) => each.console?.person === at.person)
    for (const { id } of own.toSorted((a, b) => b.startedAt - a.startedAt).slice(MOST_OF_A_PERSON - 1)) {
      this.#options.book.remove('session', id, true)
    }
    return this.#begin({ uid: null, console: at }, isFresh)
  }

  #begin(
    of: Pick<Session, 'uid' | 'console'>,
    isFresh: boolean,
  ): { readonly session: Session; readonly token: string } {
    const { book, now, times } = this.#options
    this.#sweep()
    if (book.list('session').length >= MOST_SESSIONS) {
      throw identityError(
        'PEOPLE_FULL',
        `${MOST_SESSIONS} sessions go on already`,
        'end some: warder session list, then: warder session end ID',
      )
    }
    const token = randomBytes(32).toString('base64url')
    const at = now()
    const session: Session = {
      id: newId(),
      mac: this.#macOf(token, of.console === null ? 'session' : 'console'),
      ...of,
      startedAt: at,
      seenAt: at,
      freshAt: isFresh ? at : 0,
      endsAt: at + times.absoluteMs,
    }
    book.put('session', session.id, session)
    return { session, token }
  }

  /** The session behind a token that a caller of `uid` presents, and notes that it is in use. */
  find(token: string, uid: number | undefined): Session | undefined {
    const session = this.#behind(this.#macOf(token, 'session'))
    if (session === undefined || session.console !== null || session.uid !== (uid ?? null)) return undefined
    return this.#used(session)
  }

  /** The session behind a token of the console. @param isUse whether this keeps it from going idle */
  findAtConsole(token: string, isUse: boolean): Session | undefined {
    const session = this.#behind(this.#macOf(token, 'console'))
    if (session === undefined || session.console === null) return undefined
    return isUse ? this.#used(session) : session
  }

  /** By its id, while it goes on. */
  live(id: string): Session | undefined {
    const session = this.#options.book.get('session', id)
    return session !== undefined && this.#isLive(session) ? session : undefined
  }

  /** What counts as the passphrase was given again. @throws IdentityError `SESSION_UNKNOWN` */
  freshen(id: string): Session {
    const session = this.live(id)
    if (session === undefined) {
      throw identityError('SESSION_UNKNOWN', 'the session is over', 'log in again')
    }
    const at = this.#options.now()
    const fresh = { ...session, freshAt: at, seenAt: at }
    this.#options.book.put('session', id, fresh)
    return fresh
  }

  /** Until when each limit lets a session go on. */
  timesOf({ freshAt, seenAt, endsAt }: Session): { freshUntil: number; idleUntil: number; endsAt: number } {
    const { freshMs, idleMs } = this.#options.times
    return { freshUntil: freshAt + freshMs, idleUntil: Math.min(seenAt + idleMs, endsAt), endsAt }
  }

  #behind(mac: string): Session | undefined {
    // found by its MAC under a key nobody else has: how long that takes tells nothing about a token
    const session = this.#options.book.list('session').find((each) => each.mac === mac)
    return session !== undefined && this.#isLive(session) ? session : undefined
  }

  #used(session: Session): Session {
    const { book, now } = this.#options
    const at = now()
    if (at - session.seenAt < TOUCH_EVERY_MS) return session
    const seen = { ...session, seenAt: at }
    book.put('session', session.id, seen)
    return seen
  }

  /** Whether its passphrase was given a short time ago. */
  isFresh(id: string): boolean {
    const { book, now, times } = this.#options
    const session = book.get('session', id)
    if (session === undefined || !this.#isLive(session)) return false
    const ageMs = now() - session.freshAt
    return ageMs >= 0 && ageMs < times.freshMs
  }

  list(): readonly Session[] {
    return this.#options.book.list('session').filter((session) => this.#isLive(session))
  }

  /** @throws IdentityError `SESSION_UNKNOWN` when no session, or more than one, has that id or begins with it */
  end(id: string): Session {
    const [session, ...others] = this.list().filter((each) => each.id.startsWith(id))
    if (session === undefined || others.length > 0) {
      throw identityError(
        'SESSION_UNKNOWN',
        session === undefined ? `there is no session ${id}` : `several sessions begin with ${id}`,
        'look at: warder session list',
      )
    }
    this.#options.book.remove('session', session.id, true)
    return session
  }

  endAll(): number {
    const all = this.#options.book.list('session')
    for (const { id } of all) this.#options.book.remove('session', id, true)
    return all.length
  }

  #isLive({ startedAt, seenAt, endsAt }: Session): boolean {
    const { now, times } = this.#options
    const at = now()
    // before it began: the clock was put back, and nothing can be said of how long it was idle
    return at >= startedAt && at < endsAt && at - seenAt < times.idleMs
  }

  #sweep(): void {
    for (const session of this.#options.book.list('session')) {
      if (!this.#isLive(session)) this.#options.book.remove('session', session.id)
    }
  }

  #macOf(token: string, purpose: 'session' | 'console'): string {
    return this.#options.keys.mac(purpose, 1, token).toString('hex')
  }
}
