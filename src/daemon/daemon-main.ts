import { endWhenBroken, fail, plainLog } from './failing.ts'

/** Says that it lives, closes its memory, and only then loads all the rest, in one go. Returns when everything is closed. */
export async function daemon(words: readonly string[]): Promise<void> {
  const own = plainLog()
  endWhenBroken(own)
  try {
    const { supervised } = await import('./supervised.ts')
    const watch = supervised() // first: what follows may take its time, and is watched from here
    const { guardOwnMemory } = await import('./own-memory.ts')
    guardOwnMemory({ warn: (message) => own.log.warn(message) }) // before the first key is read
    const { serve } = await import('./serve.ts')
    await serve(words, { watch, own })
  } catch (error) {
    fail(own.log, error)
  }
}
