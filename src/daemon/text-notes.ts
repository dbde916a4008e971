import { KnownError } from '../core/error.ts'
import { readShippedModel } from '../decide/inspect/text/model/index.ts'

const LOOK_AGAIN_MS = 60_000

/**
 * Why texts are looked into with less than everything, as a process that starts now would find it. Only the model is
 * read for that: whoever asks how everything is should not make a scanner.
 */
export function textNotes(monotonicMs: () => number): () => readonly string[] {
  const seen: { notes: readonly string[]; until: number } = { notes: [], until: -1 }
  return () => {
    if (monotonicMs() >= seen.until) {
      seen.notes = notesNow()
      seen.until = monotonicMs() + LOOK_AGAIN_MS
    }
    return seen.notes
  }
}

function notesNow(): string[] {
  try {
    readShippedModel()
    return []
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    return [`texts are scanned by rules alone (${error.message})`]
  }
}
