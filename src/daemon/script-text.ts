import { foreignFiles, type ForeignFiles } from '../platform/foreign-files.ts'

/** Of a longer script both ends: filling must not push what it does out of sight. */
export const MAX_SCRIPT_BYTES = 1024 * 1024
/** A script may name others, and those others still. */
const MOST_ROUNDS = 8
const MOST_ASIDE = 32

/** The text of a script that is about to be run; undefined for what is no plain file, or cannot be read. */
export type ReadScript = (path: string) => string | undefined

/**
 * Judges with the scripts a command would run at hand. One on a file system that may never answer is read aside, and the
 * command judged once more when it is there; one that cannot be read in time counts as one that cannot be read.
 */
export async function withScripts<T>(
  judge: (read: ReadScript) => T,
  files: Pick<ForeignFiles, 'textNow' | 'textAside'> = foreignFiles,
): Promise<T> {
  const known = new Map<string, string | undefined>()
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const wanted = new Set<string>()
    const judged = judge((path) => {
      if (known.has(path)) return known.get(path)
      const now = files.textNow(path, MAX_SCRIPT_BYTES)
      if (now !== undefined) return now.text
      wanted.add(path)
      return undefined
    })
    if (wanted.size === 0 || known.size + wanted.size > MOST_ASIDE) return judged
    for (const path of wanted) known.set(path, await files.textAside(path, MAX_SCRIPT_BYTES))
  }
  return judge((path) => known.get(path) ?? files.textNow(path, MAX_SCRIPT_BYTES)?.text)
}
