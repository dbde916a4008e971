import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { stampOf } from './base.ts'
import { isAsked } from './change.ts'
import { contentAt } from './content.ts'
import { inParent } from './below.ts'
import { closeFile } from './bytes.ts'
import type { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import type { Look } from './look.ts'
import type { Snapshot, SnapshotEntry } from './manifest.ts'
import type { ObjectStore } from './objects.ts'
import { ownAttributes } from './overlay.ts'
import { STAGE_NAME, type Wish } from './stage.ts'

export interface ReturnOptions {
  readonly root: Directory
  readonly objects: ObjectStore
  readonly attributes: ExtendedAttributes
  readonly canGive: boolean
}

/**
 * What must be changed so that a workspace is again what a snapshot says. What is as it was stays untouched.
 *
 * @throws WorkspaceError `CHANGE_UNKNOWN` for a path that the snapshot says nothing of
 */
export async function wishesToReturn(
  snapshot: Snapshot,
  paths: readonly string[],
  options: ReturnOptions,
): Promise<Wish[]> {
  const { root } = options
  const entries = snapshot.entries.filter(({ path }) => isAsked(path, paths))
  const kept = new Set(snapshot.entries.map(({ path }) => path))
  for (const path of paths) refuseUnknown(snapshot, path, root)
  const extra = snapshot.isWhole
    ? [...strangers(root, '', kept)].filter((path) => isAsked(path, paths) || holdsAsked(path, paths))
    : topmost(snapshot.absent).filter((path) => isAsked(path, paths))
  const gone = extra.flatMap((path): Wish[] => {
    const now = lookAt(root, path)
    return now === undefined ? [] : [{ kind: 'remove', path, expects: stampOf(now) }]
  })
  const back: Wish[] = []
  for (const entry of entries) back.push(...(await wishFor(entry, options)))
  const modes = entries.flatMap((entry) => modeFor(entry, options)).toReversed()
  return [...gone, ...back, ...modes]
}

/** A misspelt path must not be told that it is as it was. */
function refuseUnknown({ id, isWhole, entries, absent }: Snapshot, path: string, root: Directory): void {
  const isKnown = [...entries.map((entry) => entry.path), ...absent].some((each) => isAsked(each, [path]))
  // of what was made since, a snapshot of everything says that it was not there
  if (isKnown || (isWhole && lookAt(root, path) !== undefined)) return
  throw new WorkspaceError(
    'CHANGE_UNKNOWN',
    `the snapshot ${id} says nothing of ${path}`,
    `see what going back would change: warder snapshot show ${id}`,
  )
}

function holdsAsked(path: string, paths: readonly string[]): boolean {
  return paths.some((each) => each.startsWith(`${path}/`))
}

/** What goes with its directory does not go by itself. */
function topmost(paths: readonly string[]): string[] {
  const all = new Set(paths)
  const outer = (path: string): string[] =>
    path
      .split('/')
      .slice(0, -1)
      .map((_, at, parts) => parts.slice(0, at + 1).join('/'))
  return paths.filter((path) => !outer(path).some((each) => all.has(each)))
}

/** The topmost paths that are there now and were not then. */
function* strangers(directory: Directory, prefix: string, kept: ReadonlySet<string>): Generator<string> {
  for (const name of directory.names()) {
    if (name === undefined || (prefix === '' && STAGE_NAME.test(name))) continue
    const path = prefix + name
    if (!kept.has(path)) yield path
    const child = kept.has(path) ? directory.child(name) : undefined
    if (child === undefined) continue
    try {
      yield* strangers(child, `${path}/`, kept)
    } finally {
      child.close()
    }
  }
}

async function wishFor(
  entry: SnapshotEntry,
  { root, objects, attributes, canGive }: ReturnOptions,
): Promise<Wish[]> {
  const { path, kind, mode, uid, gid } = entry
  const now = lookAt(root, path)
  const expects = now === undefined ? null : stampOf(now)
  const owner = canGive ? { owner: { uid, gid } } : {}
  if (kind === 'directory') return now?.kind === 'directory' ? [] : [{ kind, path, expects }]
  if (kind === 'link') {
    const { target = '' } = entry
    const isSame =
      now?.kind === 'link' && inParent(root, path, (parent, name) => parent.target(name)) === target
    return isSame ? [] : [{ kind, path, expects, target, ...owner }]
  }
  if (await isSameFile(entry, now, { root, attributes, canGive })) return []
  const fill = async (fd: number): Promise<void> => {
    await objects.copyTo(entry.digest ?? '', fd)
    for (const [name, value] of Object.entries(entry.attributes ?? {})) {
      attributes.set(fd, name, Buffer.from(value, 'base64'))
    }
  }
  const modifiedSeconds = Number(BigInt(entry.modified) / 1_000_000n) / 1000
  return [{ kind, path, expects, mode, fill, modifiedSeconds, ...owner }]
}

function modeFor({ path, kind, mode, uid, gid }: SnapshotEntry, { root, canGive }: ReturnOptions): Wish[] {
  const now = lookAt(root, path)
  if (kind === 'link' || (now?.kind === kind && now.mode === (mode & 0o1777))) return []
  // a file that is written anew has its permissions already
  if (kind === 'file' && now?.kind !== 'file') return []
  const was = now?.kind === kind ? { was: now.mode } : {}
  const owner = canGive && kind === 'directory' ? { owner: { uid, gid } } : {}
  return [{ kind: 'mode', path, expects: null, mode, ...was, ...owner }]
}

/** Not read again when it still looks as it did when it was kept. */
async function isSameFile(
  entry: SnapshotEntry,
  now: Look | undefined,
  { root, attributes, canGive }: Omit<ReturnOptions, 'objects'>,
): Promise<boolean> {
  if (now?.kind !== 'file') return false
  if (stampOf(now) === entry.stamp) return true
  if (now.sizeBytes !== entry.sizeBytes) return false
  if (canGive && (now.uid !== entry.uid || now.gid !== entry.gid)) return false
  const content = await contentAt(root, entry.path)
  return content?.digest === entry.digest && haveSameAttributes(entry, root, attributes)
}

function haveSameAttributes(entry: SnapshotEntry, root: Directory, attributes: ExtendedAttributes): boolean {
  const fd = inParent(root, entry.path, (parent, name) => parent.file(name))
  if (fd === undefined) return false
  try {
    const own = new Map(ownAttributes(attributes, fd))
    const wanted = Object.entries(entry.attributes ?? {})
    return (
      own.size === wanted.length &&
      wanted.every(([name, value]) => own.get(name)?.toString('base64') === value)
    )
  } finally {
    closeFile(fd)
  }
}

function lookAt(root: Directory, path: string): Look | undefined {
  return inParent(root, path, (parent, name) => parent.look(name))
}
