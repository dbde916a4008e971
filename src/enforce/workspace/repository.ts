import { isRepositoryShaped } from '../../core/repository.ts'
import type { Directory } from './directory.ts'
import { foldedName } from './protected.ts'

/** What git looks for in a directory before it takes it for a repository, and what it runs by when it has. */
const PARTS = ['head', 'commondir', 'objects', 'refs', 'config', 'config.worktree', 'hooks'] as const

/** Whether git would take a directory for a repository as it would be with an agent's changes in it; `names` are those of the changes. */
export function looksLikeRepository(
  names: readonly (string | undefined)[],
  upper: Directory,
  lower: Directory | undefined,
): boolean {
  const changed = new Map(names.flatMap((name) => (name === undefined ? [] : [[foldedName(name), name]])))
  if (!PARTS.some((part) => changed.has(part))) return false
  return isRepositoryShaped((part) => {
    const name = changed.get(part)
    if (name !== undefined) return upper.look(name)?.isWhiteout === false
    return lower?.look(part === 'head' ? 'HEAD' : part) !== undefined
  })
}
