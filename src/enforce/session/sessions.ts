import type { HookCall } from './call.ts'
import { HOOK_ERRORS, HookError } from './errors.ts'
import { asked, heardBefore, LIVENESS, locked, opened, overdue, released } from './liveness.ts'
import type { HarnessProcess, Session, Standing } from './liveness.ts'
import type { SessionStore } from './store.ts'
import { ToldBook } from './told.ts'

export interface SessionBookOptions {
  readonly store: SessionStore
  readonly now: () => number
  readonly newNonce: () => string
  /** Told of each session that is locked, once. */
  readonly onLock: (session: Session) => void
  readonly isAlive: (process: HarnessProcess) => boolean
  /** Told of each session whose harness is found to be gone, once. */
  readonly onGone: (session: Session) => void
}

/** More are forgotten, the longest unheard first; locked ones last. */
const MOST = 500
/** How long a session that says nothing is taken to be open, when nobody can tell whether its harness is still there. */
const OPEN_MS = 12 * 3_600_000
/** And when it is: over a night, but an editor that stays open for weeks is not at work all the time. */
const OPEN_THERE_MS = 24 * 3_600_000
const FORGET_MS = 14 * 24 * 3_600_000
/** How long after our own start a call may have been answered by the daemon before us. */
const ANSWERED_BEFORE_MS = 600_000

/** Every session whose hook was called, what was found about it, and what it was told. */
export class SessionBook {
  readonly #options: SessionBookOptions
  readonly #sessions = new Map<string, Session>()
  readonly #told = new ToldBook()
  /** Sessions nobody stays up for: they ended, their harness is gone, or a run of ours holds them. */
  readonly #closed = new Set<string>()
  readonly #startedAt: number

  /** @throws when what is kept cannot be read: then no session may be taken for an honest one */
  constructor(options: SessionBookOptions) {
    this.#options = options
    this.#startedAt = options.now()
    for (const session of options.store.read())
      this.#sessions.set(session.id, { ...session, isTakenOver: true })
  }

  /** The session of this call, opened when it is new. Its workspace is where it was first heard of. */
  of({ session: id, harness, cwd }: HookCall): Session {
    const known = this.#sessions.get(id)
    if (known !== undefined) return known
    const { now, newNonce } = this.#options
    return this.#keep(opened({ id, harness, workspace: cwd, now: now(), nonce: newNonce() }))
  }

  /**
   * Notes who is behind a call, before it is answered.
   *
   * @param by the process of the harness; `run` inside a sandbox, whose run is what is waited for; undefined when
   *   nobody can tell
   */
  behind(call: HookCall, by: HarnessProcess | 'run' | undefined): void {
    const session = this.of(call)
    if (by === 'run') return void this.#closed.add(call.session)
    this.#closed.delete(call.session)
    if (by !== undefined && (by.pid !== session.process?.pid || by.startTime !== session.process.startTime))
      this.#keep({ ...session, process: by })
  }

  /** A call that is about to be made. @param marked the nonce in it, if one is */
  before(call: HookCall, marked: string | undefined): { standing: Standing; session: Session } {
    const { now, newNonce } = this.#options
    const due = asked(this.of(call), newNonce(), now())
    const { standing, session } = heardBefore(due, marked, now())
    return { standing, session: this.#keep(session) }
  }

  tell(call: HookCall, told: 'allowed' | 'refused'): void {
    this.#told.tell(call, told)
  }

  /** A call that was made: held against what was said of it. */
  after(call: HookCall): Session {
    const { now, newNonce } = this.#options
    const session = { ...asked(this.of(call), newNonce(), now()), heardAt: now() }
    const told = this.#told.of(call)
    if (told === 'refused')
      return this.#keep(
        locked(
          session,
          `${call.tool} ran although it was refused: the harness does not heed its hook`,
          now(),
        ),
      )
    if (told === undefined && !this.#mayBeAnsweredBefore(session))
      return this.#keep(locked(session, `${call.tool} ran without its hook having been asked`, now()))
    return this.#keep(session)
  }

  #mayBeAnsweredBefore({ isTakenOver }: Session): boolean {
    return isTakenOver === true && this.#options.now() - this.#startedAt < ANSWERED_BEFORE_MS
  }

  /** The marked call itself says that it runs. @returns the session it was meant for, locked; undefined for no nonce of ours */
  ran(nonce: string): Session | undefined {
    const session = [...this.#sessions.values()].find(
      ({ refusedMarkers, marker }) => refusedMarkers.includes(nonce) || marker?.nonce === nonce,
    )
    const why = 'the marked call ran although it had to be refused: the harness does not heed its hook'
    return session && this.#keep(locked(session, why, this.#options.now()))
  }

  /** A locked session stays known after its end: ending must not be a way to be forgotten. */
  end({ session: id }: HookCall): void {
    this.#told.forget(id)
    const session = this.#sessions.get(id)
    if (session === undefined) return
    if (session.lock !== undefined) return void this.#closed.add(id)
    this.#forget(id)
    this.#write()
  }

  /** @throws HookError `HOOK_SESSION` */
  release(id: string): Session {
    const found = [...this.#sessions.values()].filter((session) => session.id.startsWith(id))
    const [session] = found
    if (session === undefined || found.length > 1) {
      throw new HookError(HOOK_ERRORS, 'HOOK_SESSION', {
        what: `${found.length === 0 ? 'no' : 'more than one'} hook session begins with ${id}`,
        fix: 'look at: warder hook list',
      })
    }
    this.#told.forget(session.id)
    return this.#keep(released(session, this.#options.newNonce(), this.#options.now()))
  }

  /** To be called from time to time: what never attempted its marked call is locked, what is long over forgotten. */
  sweep(): void {
    const now = this.#options.now()
    for (const session of [...this.#sessions.values()]) {
      this.#isOpen(session)
      const late = overdue(session, now)
      if (late !== session) this.#keep(late)
      else if (now - session.heardAt > FORGET_MS) {
        this.#forget(session.id)
        this.#write()
      }
    }
  }

  list(): readonly Session[] {
    return [...this.#sessions.values()]
  }

  /** Whether a session may still want to ask: a daemon that ended now would leave it refused. */
  isBusy(): boolean {
    return this.list().some((session) => this.#isOpen(session))
  }

  #isOpen(session: Session): boolean {
    const { id, heardAt, process } = session
    if (this.#closed.has(id)) return false
    const { now, isAlive, onGone } = this.#options
    if (process !== undefined && !isAlive(process)) {
      this.#closed.add(id)
      onGone(session)
      return false
    }
    return now() - heardAt < (process === undefined ? OPEN_MS : OPEN_THERE_MS)
  }

  #keep(session: Session): Session {
    const before = this.#sessions.get(session.id)
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
    this.#crowd()
    // the time it was last heard of is not worth a write for each call
    if (before === undefined || needsKeeping(before) !== needsKeeping(session)) this.#write()
    if (before?.lock === undefined && session.lock !== undefined) this.#options.onLock(session)
    return session
  }

  #crowd(): void {
    if (this.#sessions.size <= MOST) return
    const all = [...this.#sessions.values()]
    const last = all.find(({ lock }) => lock === undefined) ?? all[0]
    if (last !== undefined) this.#forget(last.id)
  }

  #forget(id: string): void {
    this.#sessions.delete(id)
    this.#closed.delete(id)
  }

  #write(): void {
    this.#options.store.write(this.list())
  }
}

function needsKeeping({ marker, provenAt, waited, lock, process }: Session): string {
  return JSON.stringify([marker?.nonce, provenAt, waited >= LIVENESS.mostWaited, lock?.at, process])
}
