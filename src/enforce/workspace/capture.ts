import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { breaths, MOST_ENTRIES, MOST_LEVELS, stampOf } from './base.ts'
import { inParent } from './below.ts'
import { closeFile } from './bytes.ts'
import type { Directory } from './directory.ts'
import type { Look } from './look.ts'
import { WorkspaceError } from './errors.ts'
import type { SnapshotEntry } from './manifest.ts'
import type { ObjectStore } from './objects.ts'
import { ownAttributes } from './overlay.ts'
import { quietly } from './sides.ts'
import { STAGE_NAME } from './stage.ts'

export interface Captured {
  readonly entries: SnapshotEntry[]
  readonly left: string[]
}

export interface CaptureOptions {
  readonly attributes: ExtendedAttributes
  readonly objects: ObjectStore
  /** Entries of an earlier snapshot, by path: a file that still looks the same is not read again. */
  readonly earlier: ReadonlyMap<string, SnapshotEntry>
  /** Told how much the store has grown after each file. @throws to end it */
  readonly grown: (bytes: number) => void
}

/** Keeps every file below a directory, and says how each was. Links are kept as links. */
export class Capture implements Captured {
  readonly entries: SnapshotEntry[] = []
  readonly left: string[] = []
  /** Of what is left: files and directories this user may not read. */
  readonly unreadable: string[] = []
  readonly #options: CaptureOptions
  readonly #pause = breaths(50)

  constructor(options: CaptureOptions) {
    this.#options = options
  }

  async directory(directory: Directory, prefix: string, level = 0): Promise<void> {
    for (const name of directory.names()) {
      if (name === undefined) this.left.push(`${prefix}(a name that is not text)`)
      else if (level > 0 || !STAGE_NAME.test(name))
        await this.entry(directory, name, `${prefix}${name}`, level)
    }
  }

  /** @returns false when nothing stands there */
  async entry(parent: Directory, name: string, path: string, level: number): Promise<boolean> {
    await this.#pause()
    const seen = parent.look(name)
    if (seen === undefined) return false
    if (this.entries.length >= MOST_ENTRIES) throw tooMany()
    if (seen.kind === 'file') await this.#file(parent, name, path, seen)
    else if (seen.kind === 'link')
      this.entries.push({ ...plain(path, seen), kind: 'link', target: parent.target(name) })
    else if (seen.kind === 'directory') await this.#inner(parent, name, path, seen, level)
    else this.left.push(path)
    return true
  }

  async #inner(parent: Directory, name: string, path: string, seen: Look, level: number): Promise<void> {
    const child = level < MOST_LEVELS ? quietly(() => parent.child(name)) : undefined
    if (child === undefined) return this.#unreadable(path)
    try {
      this.entries.push({ ...plain(path, seen), kind: 'directory' })
      await this.directory(child, `${path}/`, level + 1)
    } finally {
      child.close()
    }
  }

  async #file(parent: Directory, name: string, path: string, seen: Look): Promise<void> {
    const { earlier, objects, grown } = this.#options
    const known = earlier.get(path)
    const stamp = stampOf(seen)
    if (known?.stamp === stamp && known.digest !== undefined && objects.has(known.digest)) {
      this.entries.push(known)
      return
    }
    const fd = quietly(() => parent.file(name))
    if (fd === undefined) return this.#unreadable(path)
    try {
      const { digest, sizeBytes, grownBytes } = await objects.put(fd)
      this.entries.push({
        ...plain(path, seen),
        kind: 'file',
        sizeBytes,
        digest,
        stamp,
        ...this.#attributesOf(fd),
      })
      grown(grownBytes)
    } finally {
      closeFile(fd)
    }
  }

  #unreadable(path: string): void {
    this.left.push(path)
    this.unreadable.push(path)
  }

  #attributesOf(fd: number): { attributes?: Record<string, string> } {
    const own = ownAttributes(this.#options.attributes, fd)
    if (own.length === 0) return {}
    return { attributes: Object.fromEntries(own.map(([name, value]) => [name, value.toString('base64')])) }
  }
}

/**
 * Keeps what stands at these paths and below them, all of it: it is about to be replaced.
 *
 * @returns the paths where nothing stood
 * @throws WorkspaceError `WORKSPACE_UNREADABLE`
 */
export async function capturePaths(
  root: Directory,
  paths: readonly string[],
  capture: Capture,
): Promise<string[]> {
  const absent: string[] = []
  for (const path of paths) {
    const kept = await inParent(root, path, (parent) => holdOpen(parent, path, capture))
    if (kept !== true) absent.push(path)
  }
  const [first] = capture.unreadable
  if (first === undefined) return absent
  throw new WorkspaceError(
    'WORKSPACE_UNREADABLE',
    `${first} cannot be read, so it could not be given back after a change; nothing was changed`,
    `make it readable for its owner: chmod u+rX '${first}'`,
    { where: first },
  )
}

/** The parent is opened once more, because it is closed before what is awaited ends. */
async function holdOpen(parent: Directory, path: string, capture: Capture): Promise<boolean> {
  const held = parent.again()
  try {
    return await capture.entry(held, path.slice(path.lastIndexOf('/') + 1), path, path.split('/').length)
  } finally {
    held.close()
  }
}

function plain(path: string, { mode, uid, gid, mtimeNs }: Look) {
  return { path, mode, uid, gid, modified: `${mtimeNs}` }
}

function tooMany(): WorkspaceError {
  return new WorkspaceError(
    'WORKSPACE_TOO_LARGE',
    `the workspace has more than ${MOST_ENTRIES} files`,
    'take a snapshot of a directory in it',
  )
}
