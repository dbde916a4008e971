import { formatSize } from '../../core/quantity.ts'
import { operands } from '../../core/safe/argument.ts'
import { run } from '../../platform/command.ts'
import { WorkspaceError } from './errors.ts'
import { spaceAt } from './places.ts'

/** How much agents may put on a disk. */
export interface DiskLimits {
  /** The most one change set or clone may take. */
  readonly mostLayerBytes: number
  /** What must stay free on every disk an agent writes to; the ledger may lie on it as well. */
  readonly leastFreeBytes: number
}

/** What disks say of themselves; a port, because a full one cannot be had for a test. */
export interface Disk {
  /** What an ordinary user may still write where `path` lies, or will lie. */
  freeBytes(path: string): number
  /** The size of the whole file system; where a project quota holds for the directory, that quota. */
  totalBytes(path: string): number
  /** What these directories take with all below them. @throws WorkspaceError `WORKSPACE_UNREADABLE` when nobody can say */
  usedBytes(directories: readonly string[]): Promise<number>
}

const DU = '/usr/bin/du'
/** A tree that takes longer is too large to be watched. */
const MOST_MEASURE_MS = 30_000
/** A directory that is shut against us costs one line of complaint. */
const MOST_OUTPUT_BYTES = 8 * 1024 * 1024

export const hostDisk: Disk = {
  freeBytes: (path) => spaceAt(path).freeBytes,
  totalBytes: (path) => spaceAt(path).totalBytes,
  usedBytes: measure,
}

/**
 * A program's work (coreutils), so that a tree of a million files holds up nobody here. It counts blocks, a file of
 * several names once, follows no link and stays on one file system. What lies in a directory that is shut against
 * Warder is not counted, nor what was deleted and is still held open.
 */
async function measure(directories: readonly string[]): Promise<number> {
  const options = { timeoutMs: MOST_MEASURE_MS, maxOutputBytes: MOST_OUTPUT_BYTES }
  const { reason, stdout } = await run(DU, ['-scxB1', operands(directories)], options)
  // what vanished meanwhile, or is shut, makes it fail, with the sum of the rest
  const bytes = /^(\d+)\ttotal\n$/m.exec(stdout.toString())?.[1]
  if (reason === 'exited' && bytes !== undefined) return Number(bytes)
  throw new WorkspaceError(
    'WORKSPACE_UNREADABLE',
    `how much ${directories.join(' and ')} take cannot be measured (${reason})`,
    'look what is in there, and remove what makes it so large',
  )
}

/** @throws WorkspaceError `WORKSPACE_NO_ROOM` */
export function refuseFullDisk(disk: Disk, path: string, { leastFreeBytes }: DiskLimits): void {
  const freeBytes = disk.freeBytes(path)
  if (freeBytes >= leastFreeBytes) return
  throw new WorkspaceError(
    'WORKSPACE_NO_ROOM',
    `the disk of ${path} has ${formatSize(freeBytes)} left, and ${formatSize(leastFreeBytes)} must stay free`,
    'make room there (warder changes list, warder snapshot list), or lower the setting workspace.min_free',
  )
}

/** @throws WorkspaceError `CHANGES_TOO_LARGE`, and when it cannot be measured */
export async function refuseTooLarge(
  disk: Disk,
  directories: readonly string[],
  agent: string,
  { mostLayerBytes }: DiskLimits,
): Promise<void> {
  const usedBytes = await disk.usedBytes(directories)
  if (usedBytes <= mostLayerBytes) return
  throw new WorkspaceError(
    'CHANGES_TOO_LARGE',
    `what ${agent} writes to takes ${formatSize(usedBytes)}, and may take ${formatSize(mostLayerBytes)}`,
    `decide on it (warder changes show ${agent}, then apply or discard), or raise the setting workspace.max_layer`,
  )
}
