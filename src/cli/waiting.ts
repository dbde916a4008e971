import type { Out } from './out.ts'

/** Sooner, and what goes fast would flicker. */
const SILENCE_MS = 1000

/** Says at a terminal what takes so long, once it does. @returns what `work` gives */
export async function telling<T>(out: Pick<Out, 'progress'>, text: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => out.progress(text), SILENCE_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
