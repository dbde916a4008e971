/**
 * Does something for as long as somebody waits for it, and at most for so long. What it does hears of the end through its
 * own signal; nothing of it stays with the outer one, which lives as long as a run.
 *
 * @throws Error when time ran out or the outer signal came; what `act` throws
 */
export async function within<T>(
  outer: AbortSignal,
  limitMs: number,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => {
    reject(new Error('not in time'))
    inner.abort()
  }
  const timer = setTimeout(abort, limitMs)
  outer.addEventListener('abort', abort, { once: true })
  if (outer.aborted) abort()
  try {
    return await Promise.race([promise, act(inner.signal)])
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', abort)
  }
}
