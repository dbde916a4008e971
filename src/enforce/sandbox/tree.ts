import { join } from 'node:path'
import { between, isWithin, matchesPath } from './paths.ts'
import { SandboxError } from './errors.ts'
import type { Look, Lookup } from './lookup.ts'
import type { Identity, Mount } from './spec.ts'

/** A directory tree the agent may see, and with `write` change. */
export interface Tree {
  readonly path: string
  readonly access: 'read' | 'write'
}

/** Shell start files: not masked when they are not there, because nobody sources them from a project. */
const WHEN_PRESENT = [
  ...['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zshenv', '.zprofile'],
  ...['.gitmodules', '.gitconfig', '.ripgreprc'],
]
const SCAN_DEPTH = 3
const SCAN_DIRECTORIES = 1500
const NOT_SCANNED = new Set(['node_modules', '.git', '.hg', '.venv', 'target', 'dist', 'build'])
/** Each is a descriptor and a mount. */
const MAX_FOUND = 64
const MAX_SHUT = 512

export interface Hidden {
  readonly mounts: readonly Mount[]
  readonly notEnforced: readonly string[]
}

export function bindOf(path: string, seen: Look, access: 'read' | 'write', why: string): Mount {
  return { type: 'bind', source: path, path, access, identity: identityOf(path, seen), why }
}

export function identityOf(path: string, seen: Look): Identity {
  const { kind, device, inode } = seen
  if (kind === 'file' || kind === 'directory' || kind === 'socket') return { device, inode, kind }
  throw new SandboxError(
    'SANDBOX_PATH_INVALID',
    `${path} is ${kind === 'link' ? 'a link' : 'neither a file nor a directory'}, and cannot be held in place`,
    kind === 'link'
      ? 'put the real file or directory there, or take it from the list'
      : 'take it from the list',
  )
}

/**
 * What must not change in a writable tree: protected names are read-only when present and masked when absent, in the
 * tree's root; those found further down are read-only.
 */
export function protect(tree: Tree, names: readonly string[], found: Found, lookup: Lookup): Hidden {
  const present = [...names, ...WHEN_PRESENT.filter((name) => !names.includes(name))]
  const atRoot = present.flatMap((name) => protectName(tree.path, name, names.includes(name), lookup))
  const tops = new Set(present.filter((name) => !name.replace(/\/$/, '').includes('/')).map(trimmed))
  const nested = found.entries.filter(({ path, name }) => tops.has(name) && path !== join(tree.path, name))
  const kept = nested.filter(({ kind }) => kind === 'file' || kind === 'directory').slice(0, MAX_FOUND)
  const mounts = kept.flatMap(({ path }) => readOnly(path, 'protected name', lookup))
  const left = nested.length - kept.length
  return {
    mounts: [...atRoot, ...mounts],
    notEnforced: [
      `protected names more than ${SCAN_DEPTH} directories below ${tree.path}, or made there later, are not protected; those are told when the run has ended`,
      ...(found.complete
        ? []
        : [`${tree.path} is too large to look through: protected names below its root may be missed`]),
      ...(left > 0
        ? [`${left} protected names below ${tree.path} are links, or too many, and are not protected`]
        : []),
    ],
  }
}

function trimmed(name: string): string {
  return name.replace(/\/$/, '')
}

function protectName(root: string, name: string, maskAbsent: boolean, lookup: Lookup): Mount[] {
  const path = join(root, trimmed(name))
  if (lookup.look(path) !== undefined) return readOnly(path, 'protected name', lookup)
  if (!maskAbsent) return []
  // a missing parent is masked as a whole: nothing can be made in it, hence not the protected name either
  const missing = between(root, path).find((directory) => lookup.look(directory) === undefined)
  const kind = missing !== undefined || name.endsWith('/') ? 'directory' : 'file'
  return [{ type: 'mask', path: missing ?? path, kind, absent: true, why: 'protected name' }]
}

/** A read-only view of what stands at a path in a visible tree. */
export function readOnly(path: string, why: string, lookup: Lookup): Mount[] {
  const seen = lookup.look(path)
  return seen === undefined ? [] : [bindOf(path, seen, 'read', why)]
}

/** Masks what stands at a path in a visible tree, so that it can be neither read nor replaced. */
export function mask(path: string, why: string, lookup: Lookup): Mount[] {
  const seen = lookup.look(path)
  // a link tells its target's name and no more; what it leads to is masked where that lies
  if (seen === undefined || seen.kind === 'link') return []
  const kind = seen.kind === 'directory' ? 'directory' : 'file'
  return [{ type: 'mask', path, kind, absent: false, why }]
}

/**
 * Pins every directory between a writable tree and something protected in it: a mount on itself looks the same and
 * cannot be renamed, so that renaming a parent cannot carry the protection away.
 */
export function pinParents(mounts: readonly Mount[], lookup: Lookup): Mount[] {
  const writable = mounts.filter((mount) => mount.type === 'bind' && mount.access === 'write')
  const kept = mounts.filter(
    (mount) => mount.type === 'mask' || (mount.type === 'bind' && mount.access === 'read'),
  )
  const parents = kept.flatMap(({ path }) =>
    writable
      .filter((tree) => tree.path !== path && isWithin(path, tree.path))
      .flatMap((tree) => between(tree.path, path)),
  )
  return [...new Set(parents)].map((path) => {
    const seen = lookup.look(path)
    if (seen !== undefined) return bindOf(path, seen, 'write', 'pinned: holds something protected')
    throw new SandboxError(
      'SANDBOX_CHANGED',
      `${path} vanished while the sandbox was being described`,
      'try again',
    )
  })
}

/** Sockets lie in a tree like files, but lead to whoever listens: a read-only bind does not stop a connect. */
export function maskSockets(found: Found, lookup: Lookup): Mount[] {
  const sockets = found.entries.filter(({ kind }) => kind === 'socket').map(({ path }) => path)
  return all(sockets, 'sockets').flatMap((path) => mask(path, 'a socket of the host', lookup))
}

/** What {@link maskSockets} cannot reach, in words. */
export function socketsLeft(path: string): string {
  return `sockets of the host more than ${SCAN_DEPTH} directories below ${path}, or made there later, can be connected to`
}

/** What in the tree fits a pattern with wildcards, as far down as we look. */
export function matchesIn(pattern: string, found: Found): readonly string[] {
  const matching = found.entries.map(({ path }) => path).filter((path) => matchesPath(pattern, path))
  const known = new Set(matching)
  const tops = matching.filter((path) => !between('/', path).some((directory) => known.has(directory)))
  return all(tops, `files that match ${pattern}`)
}

/** Every one of them, or no run at all: what is shut for some would be open for the rest, chosen by whoever made them. */
function all(paths: readonly string[], what: string): readonly string[] {
  if (paths.length <= MAX_SHUT) return paths
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `there are ${paths.length} ${what}, and a sandbox can shut ${MAX_SHUT}`,
    'name the directory that holds them in the rule, or choose a smaller workspace',
  )
}

/** What lies in the upper levels of a tree; `complete` is false when it was too large to look through. */
export interface Found {
  readonly entries: readonly { readonly path: string; readonly name: string; readonly kind: string }[]
  readonly complete: boolean
}

export function scan(root: string, lookup: Lookup): Found {
  const entries: { path: string; name: string; kind: string }[] = []
  let level = [root]
  let directories = 0
  for (let down = 0; down <= SCAN_DEPTH && level.length > 0; down += 1) {
    const next: string[] = []
    for (const directory of level) {
      if ((directories += 1) > SCAN_DIRECTORIES) return { entries, complete: false }
      for (const { name, kind } of lookup.list(directory)) {
        const path = join(directory, name)
        entries.push({ path, name, kind })
        if (kind === 'directory' && !NOT_SCANNED.has(name)) next.push(path)
      }
    }
    level = next
  }
  return { entries, complete: true }
}
