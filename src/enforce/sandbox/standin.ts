import {
  closeSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  chownSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { SandboxError } from './errors.ts'
import { systemCode } from '../../core/error.ts'
import type { Mount } from './spec.ts'

/** File systems stamp by a coarser clock, which runs behind. */
const CLOCK_SLACK_MS = 20n

/** An empty file or directory we put into the user's project for a mask to stand on. */
export interface StandIn {
  readonly path: string
  readonly kind: 'file' | 'directory'
  readonly device: string
  readonly inode: string
  /** Epoch milliseconds. Present: it is only meant to be made, and nobody knows yet as what. */
  readonly plannedAt?: number | undefined
}

/** What {@link useStandIns} is about to make: written down first, or a crash in the middle leaves it unknown. */
export function plannedStandIns(mounts: readonly Mount[], now: number): StandIn[] {
  return mounts.flatMap((mount) =>
    mount.type === 'mask' && mount.absent && !STANDING.has(mount.path)
      ? [{ path: mount.path, kind: mount.kind, device: '', inode: '', plannedAt: now }]
      : [],
  )
}

/**
 * What of ours stands in projects now, and for how many runs. Kept for the whole process, because two runs in one
 * project share what stands there: taken away with the first, it would take the second one's masks along.
 */
const STANDING = new Map<string, { readonly standIn: StandIn; users: number }>()

/** Whether what stands at a path is only there for a mask to stand on; to whoever looks, nothing is there. */
export function isStandIn(path: string): boolean {
  return STANDING.has(path)
}

/**
 * Makes what masks of absent names stand on. Whatever else appeared there meanwhile is not ours and ends the start.
 *
 * @throws SandboxError `SANDBOX_CHANGED`, `SANDBOX_FAILED`; what was made before is removed again
 */
export function useStandIns(
  mounts: readonly Mount[],
  owner: { readonly uid: number; readonly gid: number },
): StandIn[] {
  const used: StandIn[] = []
  try {
    for (const mount of mounts) {
      if (mount.type !== 'mask' || !mount.absent) continue
      const standing = STANDING.get(mount.path)
      const standIn = standing?.standIn ?? make(mount.path, mount.kind, owner)
      STANDING.set(mount.path, { standIn, users: (standing?.users ?? 0) + 1 })
      used.push(standIn)
    }
    return used
  } catch (error) {
    endStandIns(used)
    throw error
  }
}

/** Ends one run's use; what no other run uses is removed. */
export function endStandIns(used: readonly StandIn[]): void {
  for (const { path } of used) {
    const standing = STANDING.get(path)
    if (standing === undefined) continue
    standing.users -= 1
    if (standing.users > 0) continue
    STANDING.delete(path)
    removeStandIns([standing.standIn])
  }
}

function make(
  path: string,
  kind: StandIn['kind'],
  { uid, gid }: { readonly uid: number; readonly gid: number },
): StandIn {
  const isRoot = process.getuid?.() === 0
  try {
    if (kind === 'directory') {
      mkdirSync(path, 0o755)
      if (isRoot) chownSync(path, uid, gid)
    } else {
      const fd = openSync(path, 'wx', 0o644)
      if (isRoot) fchownSync(fd, uid, gid)
      closeSync(fd)
    }
    const stat = lstatSync(path, { bigint: true })
    return { path, kind, device: `${stat.dev}`, inode: `${stat.ino}` }
  } catch (cause) {
    const changed = systemCode(cause) === 'EEXIST'
    throw new SandboxError(
      changed ? 'SANDBOX_CHANGED' : 'SANDBOX_FAILED',
      changed ? `${path} appeared after the decision` : `${path} cannot be masked: nothing can be made there`,
      changed
        ? 'start the run again'
        : `make its directory writable for this user, or take the name from "protected"`,
      { cause },
    )
  }
}

/** Takes away what is still ours and still empty; anything else stays, because somebody else made it so. */
export function removeStandIns(standIns: readonly StandIn[]): void {
  for (const { path, kind, device, inode, plannedAt } of standIns.toReversed()) {
    try {
      const stat = lstatSync(path, { bigint: true })
      const isThat = `${stat.dev}` === device && `${stat.ino}` === inode
      // born after it was planned, and still empty: nobody but us had it in mind
      const isOurs = plannedAt === undefined ? isThat : stat.birthtimeMs >= BigInt(plannedAt) - CLOCK_SLACK_MS
      if (isOurs && kind === 'directory' && stat.isDirectory()) rmdirSync(path)
      if (isOurs && kind === 'file' && stat.isFile() && stat.size === 0n) unlinkSync(path)
    } catch (error) {
      // gone already, or no longer empty: then it is not junk
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(systemCode(error) ?? '')) throw error
    }
  }
}
