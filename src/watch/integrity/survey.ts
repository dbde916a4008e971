import { foreignFiles } from '../../platform/foreign-files.ts'
import type { Entry, Root } from './entry.ts'
import { IntegrityError, INTEGRITY_ERRORS } from './errors.ts'
import { Looker, markOf, type LookOptions } from './look.ts'

/** More would take longer than the time between two passes, and the list alone a gigabyte. */
export const MOST_ENTRIES = 500_000

export interface SurveyOptions extends LookOptions {
  readonly roots: readonly Root[]
  /** What was seen last: whatever has the same mark is not read again. Empty for a complete pass. */
  readonly known: ReadonlyMap<string, Entry>
  /** Names in directories as they were last, by path; filled by each pass. */
  readonly listings: Map<string, readonly string[]>
}

export interface Survey {
  readonly entries: Map<string, Entry>
  /** Files whose content was read, and how much of it. */
  readonly read: { readonly files: number; readonly bytes: number }
}

/** Looks at everything below the roots. Nobody is followed, and a path that belongs to two roots is the first one's. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  await foreignFiles.ask(() => options.roots.map(({ path }) => path))
  const pass = new Pass(options)
  for (const root of options.roots) await pass.visit(root.path, root)
  return { entries: pass.entries, read: { files: pass.files, bytes: pass.looker.bytes } }
}

class Pass {
  readonly entries = new Map<string, Entry>()
  readonly looker: Looker
  files = 0
  readonly #options: SurveyOptions

  constructor(options: SurveyOptions) {
    this.#options = options
    this.looker = new Looker(options)
  }

  async visit(path: string, root: Root): Promise<void> {
    if (this.entries.has(path)) return
    const turn = this.#options.pause()
    if (turn !== undefined) await turn
    if (foreignFiles.isSilentItself(path)) throw new Error(`the file system of ${path} does not answer`)
    const stat = this.looker.stat(path)
    if (stat === undefined) return
    const known = this.#options.known.get(path)
    const isSame = known !== undefined && known.kind !== 'unreadable' && known.mark === markOf(stat)
    const entry = isSame ? known : await this.looker.entry(path, root.category, stat)
    if (entry === undefined) return
    if (!isSame && entry.kind === 'file') this.files++
    this.#keep(entry.category === root.category ? entry : { ...entry, category: root.category })
    if (entry.kind !== 'directory' || !root.tree) return
    for (const name of this.#names(path, isSame)) {
      await this.visit(path === '/' ? `/${name}` : `${path}/${name}`, root)
    }
  }

  #keep(entry: Entry): void {
    this.entries.set(entry.path, entry)
    if (this.entries.size <= MOST_ENTRIES) return
    throw new IntegrityError(INTEGRITY_ERRORS, 'INTEGRITY_TOO_MANY', {
      what: `more than ${MOST_ENTRIES} files are below what is watched`,
      fix: 'watch less: the setting integrity.watch',
    })
  }

  /** A directory whose mark is the same has the same names: making or removing one changes its times. */
  #names(path: string, isSame: boolean): readonly string[] {
    const { listings } = this.#options
    const last = isSame ? listings.get(path) : undefined
    const names = last ?? this.looker.names(path) ?? []
    if (last === undefined) listings.set(path, names)
    return names
  }
}

/** Gives way to others whenever it has worked for so long. */
export function givingWay(monotonicMs: () => number, sliceMs = 4): () => Promise<void> | undefined {
  const state = { since: monotonicMs(), asked: 0 }
  return () => {
    // asking what time it is costs as much as looking at a file
    if (++state.asked % 8 !== 0 || monotonicMs() - state.since < sliceMs) return undefined
    return new Promise((resolve) =>
      setImmediate(() => {
        state.since = monotonicMs()
        resolve()
      }),
    )
  }
}
