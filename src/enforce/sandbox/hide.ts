import { isWithin } from './paths.ts'
import { mask, maskSockets, protect, scan, socketsLeft, type Hidden, type Tree } from './tree.ts'
import type { Lookup } from './lookup.ts'
import type { Profile } from './profile.ts'
import type { ReachPlan } from './reach.ts'
import type { Mount } from './spec.ts'

/**
 * What must be shut inside the trees a run is shown: protected names, sockets, what policy denies, what is excluded.
 *
 * @param isGuarded false for a tree whose changes stay aside: there protected names are looked at when they are applied
 */
export function hide(
  trees: readonly Tree[],
  isGuarded: (tree: Tree) => boolean,
  profile: Profile,
  exclusions: readonly string[],
  reach: ReachPlan,
  lookup: Lookup,
): Hidden {
  const mounts: Mount[] = []
  const notEnforced: string[] = []
  for (const tree of trees) {
    if (lookup.look(tree.path)?.kind !== 'directory') {
      // nothing lies in a file, but a deny may be about the file itself
      mounts.push(...reach.denied(tree, { entries: [], complete: true }))
      continue
    }
    const found = scan(tree.path, lookup)
    if (tree.access === 'write' && isGuarded(tree)) {
      const guarded = protect(tree, profile.protected, found, lookup)
      mounts.push(...guarded.mounts)
      notEnforced.push(...guarded.notEnforced)
    }
    mounts.push(...maskSockets(found, lookup), ...reach.denied(tree, found))
    notEnforced.push(socketsLeft(tree.path))
    const excluded = exclusions.filter((path) => isWithin(path, tree.path))
    mounts.push(...excluded.flatMap((path) => mask(path, 'hard exclusion', lookup)))
  }
  return { mounts, notEnforced: [...new Set(notEnforced)] }
}
