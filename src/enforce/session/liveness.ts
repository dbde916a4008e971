import type { Harness } from './call.ts'

/** The process a harness runs as, told apart from a later one of the same number. */
export interface HarnessProcess {
  readonly pid: number
  readonly startTime: string
}

/**
 * Whether a session's hook really guards it. Each session is made to attempt a marked, harmless call which is always
 * refused: nothing else is allowed before, and from time to time it is asked for again. If the marked call, or any
 * other that was refused, runs all the same, the harness does not heed its hook, and the session is locked.
 */
export interface Session {
  readonly id: string
  readonly harness: Harness
  /** Where it began: the directory it works in. */
  readonly workspace: string
  readonly openedAt: number
  readonly heardAt: number
  /** Whose hook it was; absent where that could not be told. */
  readonly process?: HarnessProcess
  /** The marked call it has to attempt next. */
  readonly marker?: { readonly nonce: string; readonly askedAt: number; readonly strictAt: number }
  /** Nonces that were refused: none of them may ever be seen to run. */
  readonly refusedMarkers: readonly string[]
  readonly provenAt?: number
  /** Calls refused because the marked one was not attempted. */
  readonly waited: number
  readonly lock?: { readonly at: number; readonly why: string }
  /** Taken over from a daemon before this one: what it was told is not known any more. */
  readonly isTakenOver?: boolean
}

export const LIVENESS = {
  /** How long a proof holds. */
  everyMs: 3_600_000,
  /** From being asked again until nothing else is allowed. */
  graceMs: 120_000,
  /** Calls other than the marked one, while nothing else is allowed, until the session is locked. */
  mostWaited: 10,
  /** From being asked until a session that attempted nothing is locked. */
  lockAfterMs: 900_000,
  mostMarkers: 16,
} as const

export interface Opening {
  readonly id: string
  readonly harness: Harness
  readonly workspace: string
  readonly now: number
  readonly nonce: string
}

/** A session nobody has heard of: it proves itself before anything else. */
export function opened({ id, harness, workspace, now, nonce }: Opening): Session {
  return {
    ...{ id, harness, workspace, openedAt: now, heardAt: now, waited: 0, refusedMarkers: [] },
    marker: { nonce, askedAt: now, strictAt: now },
  }
}

/** What is to become of a call, before anybody asks what it does. */
export type Standing = 'locked' | 'marker' | 'unproven' | 'proven'

/**
 * @param marked the nonce the call is marked with, if it is
 * @returns how the call stands, and the session after it
 */
export function heardBefore(
  session: Session,
  marked: string | undefined,
  now: number,
): { readonly standing: Standing; readonly session: Session } {
  const heard = { ...session, heardAt: now }
  if (session.lock !== undefined) return { standing: 'locked', session: heard }
  const { marker, ...rest } = heard
  if (marked !== undefined && session.refusedMarkers.includes(marked))
    return { standing: 'marker', session: heard }
  if (marked !== undefined && marker?.nonce === marked) {
    const refusedMarkers = [...session.refusedMarkers, marked].slice(-LIVENESS.mostMarkers)
    return { standing: 'marker', session: { ...rest, refusedMarkers, provenAt: now, waited: 0 } }
  }
  if (marker === undefined || now < marker.strictAt) return { standing: 'proven', session: heard }
  const waited = session.waited + 1
  const waiting = { ...heard, waited }
  return waited > LIVENESS.mostWaited
    ? {
        standing: 'locked',
        session: locked(waiting, 'it goes on without the marked call it was told to attempt', now),
      }
    : { standing: 'unproven', session: waiting }
}

/** When the proof is old: the marked call it has to attempt next, for a while beside its work, then before it. */
export function asked(session: Session, nonce: string, now: number): Session {
  const isDue = session.provenAt !== undefined && now - session.provenAt >= LIVENESS.everyMs
  if (session.lock !== undefined || session.marker !== undefined || !isDue) return session
  return { ...session, marker: { nonce, askedAt: now, strictAt: now + LIVENESS.graceMs } }
}

/** Locks a session that was told to attempt the marked call, is still at work, and never did. */
export function overdue(session: Session, now: number): Session {
  const { marker, lock } = session
  if (lock !== undefined || marker === undefined) return session
  const isAtWork = session.heardAt > marker.askedAt
  if (!isAtWork || now - marker.askedAt < LIVENESS.lockAfterMs) return session
  return locked(session, 'it never attempted the marked call that had to be refused', now)
}

/** The first reason stands: what came later does not hide it. */
export function locked(session: Session, why: string, now: number): Session {
  return session.lock === undefined ? { ...session, lock: { at: now, why } } : session
}

/** What a person lets go: it has to prove itself again. */
export function released(session: Session, nonce: string, now: number): Session {
  const { lock: _lock, provenAt: _proven, ...rest } = session
  return { ...rest, waited: 0, marker: { nonce, askedAt: now, strictAt: now } }
}
