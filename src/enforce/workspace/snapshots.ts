import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../core/error.ts'
import { formatSize } from '../../core/quantity.ts'
import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { Capture, capturePaths } from './capture.ts'
import { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import {
  readSnapshot,
  writeSnapshot,
  type Snapshot,
  type SnapshotCause,
  type SnapshotEntry,
} from './manifest.ts'
import { ObjectStore } from './objects.ts'
import { wishesToReturn } from './restore.ts'
import type { Transactions } from './transaction.ts'

export interface SnapshotsOptions {
  /** A private directory. */
  readonly directory: string
  readonly attributes: ExtendedAttributes
  readonly transactions: Transactions
  /** What the whole store may take on disk. */
  readonly mostBytes: number
  /** How many that were taken by themselves are kept for one workspace. */
  readonly keep: number
  /**
   * @throws WorkspaceError `WORKSPACE_NO_ROOM`; not asked before something is applied or put back, because that is
   * the way out of a full disk
   */
  readonly checkRoom: () => void
  /** Whether files are given back to whoever owned them; only root can. */
  readonly canGive: boolean
  readonly now: () => number
  readonly newId: () => string
}

export interface Restored {
  readonly snapshot: Snapshot
  readonly changed: readonly string[]
  /** Taken of what was changed; going back to it undoes the return. Absent when nothing had to change. */
  readonly before?: string
}

const MOST_MANIFEST_BYTES = 256 * 1024 * 1024
/** What a run waits for before it begins. */
const CHEAP_BYTES = 32 * 1024 * 1024
const CHEAP_FILES = 5000

/** States of workspaces to go back to. */
export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #objects: ObjectStore
  /** One at a time, so that a removal does not take a content that a new snapshot has just found there. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#objects = new ObjectStore(join(options.directory, 'objects'))
  }

  /** Keeps all of a workspace. @throws WorkspaceError `SNAPSHOT_FULL`, `WORKSPACE_TOO_LARGE` */
  take(workspace: string, cause: SnapshotCause, note: string): Promise<Snapshot> {
    return this.#alone(() => this.#take(workspace, cause, note))
  }

  /** Keeps what stands at these paths, so that changing them can be undone. */
  takePaths(
    workspace: string,
    paths: readonly string[],
    cause: SnapshotCause,
    note: string,
  ): Promise<Snapshot> {
    return this.#alone(() => this.#take(workspace, cause, note, paths))
  }

  /**
   * Keeps all of a workspace when that takes next to no time: few files, little in them. A run that writes directly
   * begins with it.
   *
   * @returns undefined when it would keep somebody waiting
   */
  takeIfCheap(workspace: string, note: string): Promise<Snapshot | undefined> {
    return this.#alone(async () => {
      return isCheap(workspace) ? await this.#take(workspace, 'before-run', note) : undefined
    })
  }

  /** Newest first. */
  list(workspace?: string): Snapshot[] {
    return this.#ids()
      .map((id) => this.#read(id))
      .filter((snapshot) => workspace === undefined || snapshot.workspace === workspace)
      .toSorted((a, b) => (a.takenAt < b.takenAt || (a.takenAt === b.takenAt && a.id < b.id) ? 1 : -1))
  }

  /** @param id the whole id, or a beginning that only one has; @throws WorkspaceError `SNAPSHOT_MISSING` */
  get(id: string): Snapshot {
    const matching = this.#ids().filter((each) => each.startsWith(id))
    const [found] = matching
    if (found !== undefined && matching.length === 1) return this.#read(found)
    throw new WorkspaceError(
      'SNAPSHOT_MISSING',
      matching.length === 0 ? `there is no snapshot ${id}` : `${matching.length} snapshots begin with ${id}`,
      'see which there are with: warder snapshot list',
    )
  }

  /** What going back would change, without doing it. */
  async differences(id: string, paths: readonly string[]): Promise<string[]> {
    const snapshot = this.get(id)
    const wishes = await this.#wishes(snapshot, paths)
    return [...new Set(wishes.map(({ path }) => path))]
  }

  /** Goes back to a snapshot, at these paths or at all. What is changed is kept first. */
  async restore(id: string, paths: readonly string[]): Promise<Restored> {
    const snapshot = this.get(id)
    const wishes = await this.#wishes(snapshot, paths)
    const changed = [...new Set(wishes.map(({ path }) => path))]
    if (changed.length === 0) return { snapshot, changed }
    const note = `before going back to ${snapshot.id}`
    const before = await this.takePaths(snapshot.workspace, changed, 'before-restore', note)
    await this.#options.transactions.run(snapshot.workspace, `restore ${snapshot.id}`, wishes)
    return { snapshot, changed, before: before.id }
  }

  drop(id: string): Promise<Snapshot> {
    return this.#alone(async () => {
      const snapshot = this.get(id)
      this.#remove([snapshot.id])
      return snapshot
    })
  }

  sizeBytes(): number {
    return this.#objects.sizeBytes()
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#last.then(act)
    this.#last = next.catch(() => undefined)
    return next
  }

  async #take(
    workspace: string,
    cause: SnapshotCause,
    note: string,
    paths?: readonly string[],
  ): Promise<Snapshot> {
    ensurePrivateDirectory(this.#options.directory)
    const root = Directory.open(workspace)
    try {
      if (cause === 'owner' || cause === 'before-run') this.#options.checkRoom()
      const capture = this.#capture(workspace)
      if (paths === undefined) await capture.directory(root, '')
      const absent = paths === undefined ? [] : await capturePaths(root, paths, capture)
      const { entries, left } = capture
      const snapshot = {
        version: 1 as const,
        id: this.#options.newId(),
        workspace,
        takenAt: new Date(this.#options.now()).toISOString(),
        cause,
        note,
        isWhole: paths === undefined,
        entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
        absent,
        left,
      }
      await this.#objects.makeLast()
      writeFileAtomic(this.#pathOf(snapshot.id), writeSnapshot(snapshot))
      this.#prune(workspace)
      return snapshot
    } catch (error) {
      this.#collect() // what was kept for it is kept for nobody
      throw error
    } finally {
      root.close()
    }
  }

  #capture(workspace: string): Capture {
    const { attributes, mostBytes } = this.#options
    const last = this.list(workspace).find(({ isWhole }) => isWhole)
    const files = (last?.entries ?? []).map((entry): [string, SnapshotEntry] => [entry.path, entry])
    let total = this.#objects.sizeBytes()
    const grown = (bytes: number): void => {
      total += bytes
      if (total > mostBytes) throw full(workspace, mostBytes)
    }
    return new Capture({ attributes, objects: this.#objects, earlier: new Map(files), grown })
  }

  async #wishes(snapshot: Snapshot, paths: readonly string[]) {
    const root = Directory.open(snapshot.workspace)
    try {
      const { attributes, canGive } = this.#options
      return await wishesToReturn(snapshot, paths, { root, objects: this.#objects, attributes, canGive })
    } finally {
      root.close()
    }
  }

  #prune(workspace: string): void {
    const own = this.list(workspace).filter(({ cause }) => cause !== 'owner')
    const old = own.slice(this.#options.keep).map(({ id }) => id)
    if (old.length > 0) this.#remove(old)
  }

  #remove(ids: readonly string[]): void {
    for (const id of ids) rmSync(this.#pathOf(id), { force: true })
    this.#collect()
  }

  #collect(): void {
    const wanted = this.list().flatMap(({ entries }) => entries.flatMap(({ digest }) => digest ?? []))
    this.#objects.keepOnly(new Set(wanted))
  }

  #ids(): string[] {
    try {
      return readdirSync(this.#options.directory)
        .filter((name) => name.endsWith('.zst'))
        .map((name) => name.slice(0, -'.zst'.length))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    }
  }

  #read(id: string): Snapshot {
    return readSnapshot(id, readPrivateFile(this.#pathOf(id), MOST_MANIFEST_BYTES) ?? Buffer.alloc(0))
  }

  #pathOf(id: string): string {
    return join(this.#options.directory, `${id}.zst`)
  }
}

/** Counts until it is clear, so that a large workspace is not walked for nothing. */
function isCheap(workspace: string): boolean {
  const root = Directory.open(workspace)
  const left = { files: CHEAP_FILES, bytes: CHEAP_BYTES }
  try {
    return count(root, left, 0)
  } finally {
    root.close()
  }
}

function count(directory: Directory, left: { files: number; bytes: number }, level: number): boolean {
  for (const name of directory.names()) {
    const seen = name === undefined ? undefined : directory.look(name)
    left.files -= 1
    left.bytes -= seen?.kind === 'file' ? seen.sizeBytes : 0
    if (left.files < 0 || left.bytes < 0 || level > 64) return false
    const child = seen?.kind === 'directory' ? directory.child(name ?? '') : undefined
    if (child === undefined) continue
    try {
      if (!count(child, left, level + 1)) return false
    } finally {
      child.close()
    }
  }
  return true
}

function full(workspace: string, most: number): WorkspaceError {
  return new WorkspaceError(
    'SNAPSHOT_FULL',
    `a snapshot of ${workspace} would take the store over its limit of ${formatSize(most)}; none was taken`,
    'remove old ones (warder snapshot list, then drop), or raise the setting snapshot.max_size',
  )
}
