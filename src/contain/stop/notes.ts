import { existsSync, renameSync, rmSync } from 'node:fs'
import { readPrivateFile } from '../../platform/files.ts'

/**
 * Hands over the lines of a file, oldest first, and removes it once all are kept. Moved aside first, so that a note
 * written meanwhile starts a new file; after a failure half way all are handed over again: one may then be on record
 * twice, none is lost.
 *
 * @returns how many
 */
export async function takeNotes(path: string, keep: (line: unknown) => Promise<void>): Promise<number> {
  const taken = `${path}.taking`
  if (!existsSync(taken)) {
    if (!existsSync(path)) return 0
    renameSync(path, taken)
  }
  const lines = (readPrivateFile(taken)?.toString() ?? '').split('\n').filter((line) => line !== '')
  for (const line of lines) await keep(noteIn(line))
  rmSync(taken, { force: true })
  return lines.length
}

/** A line that was cut when the machine failed is handed over as the text it is: it must not hold up the others. */
function noteIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}
