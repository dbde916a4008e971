import { takeBase, type Base } from './base.ts'
import { Directory } from './directory.ts'
import { protectedMatcher } from './protected.ts'

/**
 * What stands at the protected names of a workspace that agents write to directly. Masks over single files fall off
 * when the host replaces what is under them, so before any tool of the host reads the tree it is compared with what it
 * was when the run began.
 */
export async function protectedState(workspace: string, names: readonly string[]): Promise<Base> {
  const isProtected = protectedMatcher(names)
  const root = Directory.open(workspace)
  try {
    return new Map([...(await takeBase(root))].filter(([path]) => isProtected(path)))
  } finally {
    root.close()
  }
}

/** Paths that came, went or changed since. */
export function protectedChanges(before: Base, after: Base): string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort()
}
