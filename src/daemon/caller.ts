import { AsyncLocalStorage } from 'node:async_hooks'

const CALLERS = new AsyncLocalStorage<AbortSignal>()

/**
 * Does the work of one call, and lets whatever it leads to know when its caller has gone away. It goes beside the calls,
 * not through them: a way in that forgot to pass it on would leave questions waiting for nobody.
 */
export function whileCallerWaits<T>(gone: AbortSignal, work: () => T): T {
  return CALLERS.run(gone, work)
}

/** Ends when whoever this is done for has gone away; undefined for what the daemon, or the library, does by itself. */
export function callerGone(): AbortSignal | undefined {
  return CALLERS.getStore()
}

/** For work that some call only happened to begin, and that goes on for others. */
export function forNoCaller<T>(work: () => T): T {
  return CALLERS.exit(work)
}
