import { join, relative } from 'node:path'
import { SandboxError } from './errors.ts'
import { isWithin } from './paths.ts'
import { bindOf, identityOf, type Tree } from './tree.ts'
import type { Lookup } from './lookup.ts'
import type { Mount } from './spec.ts'

/** What stands in the place of the workspace, so that nothing the agent writes is in the workspace itself. */
export type Layer =
  | {
      readonly mode: 'overlay'
      /** Directories of ours, owned by whom the agent runs as: see the overlay mount. */
      readonly upper: string
      readonly work: string
    }
  | {
      readonly mode: 'worktree'
      /** A clone of the agent's own, shown at the workspace's path. */
      readonly tree: string
    }

/** Whether what is written to a tree stays aside, to be looked at before it counts. */
export function isAside(tree: Tree, workspace: string | undefined, layer: Layer | undefined): boolean {
  return layer !== undefined && tree.access === 'write' && tree.path === workspace
}

/** Puts the layer where the workspace was, and takes out whatever would lead past it. */
export function layWorkspace(
  mounts: readonly Mount[],
  workspace: string,
  layer: Layer,
  lookup: Lookup,
): Mount[] {
  return mounts.flatMap((mount) => {
    if (!isWithin(mount.path, workspace)) return [mount]
    if (mount.path === workspace) return [inPlace(mount, layer, lookup)]
    // it would write to the real tree
    if (mount.type === 'bind' && mount.access === 'write') return []
    const path = relative(workspace, mount.path)
    return layer.mode === 'overlay'
      ? overLower(mount, layer.upper, path, lookup)
      : inClone(mount, layer.tree, path, lookup)
  })
}

/**
 * The last look at a layered spec.
 *
 * @throws SandboxError `SANDBOX_CHANGED` when something in it would still write to the workspace itself
 */
export function refuseLeaks(
  mounts: readonly Mount[],
  workspace: string | undefined,
  layer: Layer | undefined,
): void {
  if (workspace === undefined || layer === undefined) return
  const leak = mounts.find(
    (mount) => mount.type === 'bind' && mount.access === 'write' && isWithin(mount.source, workspace),
  )
  if (leak === undefined) return
  throw new SandboxError(
    'SANDBOX_CHANGED',
    `${leak.path} would be written past the layer that keeps changes aside`,
    'take it from what the profile and the policy let this agent write, or use --workspace-mode direct',
  )
}

function inPlace(mount: Mount, layer: Layer, lookup: Lookup): Mount {
  if (mount.type !== 'bind' || mount.access !== 'write' || mount.identity === undefined) return mount
  const { path, source, identity } = mount
  if (layer.mode === 'overlay') {
    const { upper, work } = layer
    const why = 'workspace; what is changed stays aside until it is applied'
    return { type: 'overlay', path, source, identity, upper, work, why }
  }
  const seen = lookup.look(layer.tree)
  if (seen === undefined) throw new Error(`the clone ${layer.tree} is not there`)
  const why = "a clone of the workspace, the agent's own"
  return { ...mount, source: layer.tree, identity: identityOf(layer.tree, seen), why }
}

/** What stands at a path of a tree the agent wrote, no link on the way followed. */
function walk(root: string, path: string, lookup: Lookup): 'directories' | 'absent' | 'other' | 'ends' {
  const parts = path.split('/')
  for (const at of parts.keys()) {
    const kind = lookup.look(join(root, ...parts.slice(0, at + 1)))?.kind
    if (kind === undefined) return 'absent'
    if (kind !== 'directory') return at === parts.length - 1 && kind === 'file' ? 'ends' : 'other'
  }
  return 'directories'
}

/**
 * What is shut in the lower tree is shut in the merged one, except where the agent put something of its own in front:
 * there the lower tree does not show, and a mount would follow a link of the agent's to wherever it leads.
 */
function overLower(mount: Mount, upper: string, path: string, lookup: Lookup): Mount[] {
  const found = walk(upper, path, lookup)
  return found === 'absent' || found === 'directories' ? [mount] : []
}

/** A clone holds what was committed: what is shut in the workspace is shut there too, as far as it is there. */
function inClone(mount: Mount, tree: string, path: string, lookup: Lookup): Mount[] {
  const found = walk(tree, path, lookup)
  if (found === 'absent' || found === 'other') return []
  if (mount.type !== 'bind') return [mount]
  const there = join(tree, path)
  const seen = lookup.look(there)
  return seen === undefined ? [] : [{ ...bindOf(there, seen, 'read', mount.why), path: mount.path }]
}
