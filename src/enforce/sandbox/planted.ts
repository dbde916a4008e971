import { lstatSync, readdirSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { isRepositoryShaped } from '../../core/repository.ts'
import { isWithin } from './paths.ts'
import { PROTECTED_NAMES } from './profile.ts'
import type { SandboxSpec } from './spec.ts'

/** In what git takes for a repository much changes with every commit; only these make it run something. */
const GIT_RUNS = new Set(['config', 'config.worktree', 'hooks', 'info', 'commondir', 'modules', 'worktrees'])
const REPOSITORIES = new Set(['.git', '.hg'])
const NAMES: ReadonlySet<string> = new Set(
  PROTECTED_NAMES.map((name) => name.replace(/\/$/, '')).filter((name) => !name.includes('/')),
)
/** Looked through last: large, and made by tools. */
const HEAVY = new Set(['node_modules', '.venv', 'venv', 'target', 'dist', 'build', 'vendor'])
const MOST_DIRECTORIES = 10_000
const MOST_TOLD = 8
/** File systems stamp by a coarser clock, which runs behind. */
const CLOCK_SLACK_MS = 20

/**
 * What came or changed while a run wrote to a tree directly, and makes tools of the person run something when they
 * enter it. Mounts hold such names where they are known at the start; what is made further down later no mount can
 * hold, so it is looked for when the run has ended, and told before anybody goes there. By change time, which no
 * program can set back.
 *
 * @returns one line for the run's end, also where nobody could look; undefined when there is nothing to tell
 */
export async function plantedDuring(
  spec: Pick<SandboxSpec, 'mounts'>,
  sinceMs: number,
): Promise<string | undefined> {
  try {
    return await lookedThrough(spec, sinceMs)
  } catch (error) {
    return `what came or changed while it ran could not be looked for: ${messageOf(error)}`
  }
}

async function lookedThrough(
  { mounts }: Pick<SandboxSpec, 'mounts'>,
  sinceMs: number,
): Promise<string | undefined> {
  const written = mounts.flatMap((mount) =>
    mount.type === 'bind' && mount.access === 'write' && mount.identity?.kind === 'directory'
      ? [mount.path]
      : [],
  )
  const trees = written.filter((path) => !written.some((other) => other !== path && isWithin(path, other)))
  const shut = new Set(
    mounts.flatMap((mount) =>
      mount.type === 'mask' || (mount.type === 'bind' && mount.access === 'read') ? [mount.path] : [],
    ),
  )
  const looking = new Looking(shut, sinceMs - CLOCK_SLACK_MS)
  for (const tree of trees) await looking.through(tree)
  return looking.told()
}

class Looking {
  readonly #shut: ReadonlySet<string>
  readonly #sinceMs: number
  readonly #found: string[] = []
  #left = MOST_DIRECTORIES

  constructor(shut: ReadonlySet<string>, sinceMs: number) {
    this.#shut = shut
    this.#sinceMs = sinceMs
  }

  async through(tree: string): Promise<void> {
    const [next, heavy] = [[tree], [] as string[]]
    for (let at = next.shift() ?? heavy.shift(); at !== undefined; at = next.shift() ?? heavy.shift()) {
      if (this.#left === 0) return
      this.#left -= 1
      if (this.#left % 50 === 0) await setImmediate()
      for (const { name, path } of this.#inside(at)) (HEAVY.has(name) ? heavy : next).push(path)
    }
  }

  told(): string | undefined {
    const rest = this.#left === 0 ? `only ${MOST_DIRECTORIES} directories were looked through` : ''
    if (this.#found.length === 0)
      return rest === ''
        ? undefined
        : `nothing that tools of yours obey was seen to come or change while it ran, but ${rest}`
    const names = this.#found.slice(0, MOST_TOLD).map((path) => JSON.stringify(path))
    const more = this.#found.length - names.length
    return `came or changed while it ran, and tools of yours obey it: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}; look at it before you go there${rest === '' ? '' : `; ${rest}`}`
  }

  /** @returns the directories to go on in */
  #inside(directory: string): { readonly name: string; readonly path: string }[] {
    const entries = entriesOf(directory)
    const names = new Set(entries.map(({ name }) => name.toLowerCase()))
    if (isRepositoryShaped((name) => names.has(name))) {
      if (this.#hasChanged(directory, entries, GIT_RUNS)) this.#found.push(directory)
      return []
    }
    return entries.flatMap((entry) => {
      const path = join(directory, entry.name)
      const name = entry.name.toLowerCase()
      if (this.#shut.has(path)) return []
      const isHook = name === 'hooks' && /\/\.github$/i.test(directory)
      if (!NAMES.has(name) && !isHook) return entry.isDirectory() ? [{ name: entry.name, path }] : []
      const only = REPOSITORIES.has(name) && entry.isDirectory() ? GIT_RUNS : undefined
      const below = entry.isDirectory() ? entriesOf(path) : []
      if (this.#hasChanged(path, below, only)) this.#found.push(path)
      return []
    })
  }

  /** Whether it was made or moved here since, or something in it that counts was made or changed. */
  #hasChanged(path: string, below: readonly Dirent[], only: ReadonlySet<string> | undefined): boolean {
    if (this.#isSince(path)) return true
    const counting = below.filter(({ name }) => only === undefined || only.has(name.toLowerCase()))
    return counting.some((entry) => this.#isNew(join(path, entry.name), entry))
  }

  #isNew(path: string, entry: Dirent): boolean {
    const inner = entry.isDirectory() ? entriesOf(path).map(({ name }) => join(path, name)) : []
    return [path, ...inner].some((each) => this.#isSince(each))
  }

  #isSince(path: string): boolean {
    try {
      return lstatSync(path).ctimeMs >= this.#sinceMs
    } catch {
      return false // gone meanwhile
    }
  }
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return [] // gone or shut: nothing of the person's could read it either
  }
}
