import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { sha256 } from '../../core/canonical.ts'
import { messageOf, systemCode } from '../../core/error.ts'
import type { Canary } from './book.ts'
import { canaryError } from './errors.ts'

const DAY_S = 86_400
const O_NOATIME = 0o1000000

/** Writes a canary where nothing stands; never over anything. @throws CanaryError `CANARY_IN_THE_WAY`, `CANARY_INVALID` */
export function plantFile(path: string, text: string, mode: number): Pick<Canary, 'digest' | 'file'> {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw canaryError('CANARY_IN_THE_WAY', `${path} is there already`, 'give a path where nothing is')
    throw canaryError(
      'CANARY_INVALID',
      `${path} cannot be made: ${messageOf(error)}`,
      'make its folder first',
    )
  }
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fchmodSync(fd, mode)
    rest(fd)
    fsyncSync(fd)
    const stat = fstatSync(fd, { bigint: true })
    const { uid, gid, ino, dev } = stat
    return {
      digest: sha256(bytes),
      file: { mode, uid: Number(uid), gid: Number(gid), inode: String(ino), device: String(dev) },
    }
  } finally {
    closeSync(fd)
  }
}

/** Sets the time of its last reading far back: most file systems note only a reading that is newer by enough. */
function rest(fd: number): void {
  const mtime = Number(fstatSync(fd).mtimeMs) / 1000
  futimesSync(fd, mtime - 2 * DAY_S, mtime)
}

/** One thing that befell a canary, as far as it can be told afterwards. */
export type Trace = 'gone' | 'replaced' | 'content' | 'permissions' | 'owner' | 'read' | 'unreadable'

/**
 * Looks at a canary without leaving a trace of its own.
 *
 * @param isReadingTold whether somebody else tells of readings; then the time of the last one is only put back
 */
export function tracesOn(canary: Canary, isReadingTold: boolean): Trace[] {
  const { name: path, file, digest } = canary
  if (file === undefined) return []
  const stat = statOf(path)
  if (stat === undefined) return ['gone']
  if (!stat.isFile() || String(stat.ino) !== file.inode || String(stat.dev) !== file.device)
    return ['replaced']
  return [
    ...(Number(stat.mode & 0o7777n) === file.mode ? [] : (['permissions'] as const)),
    ...(Number(stat.uid) === file.uid && Number(stat.gid) === file.gid ? [] : (['owner'] as const)),
    ...contentTraces(path, digest, stat, isReadingTold),
  ]
}

function contentTraces(path: string, digest: string, stat: BigIntStats, isReadingTold: boolean): Trace[] {
  // set back by two days when it was planted, and each time it was looked at
  const isRead = stat.atimeMs > stat.mtimeMs - 86_400_000n && !isReadingTold
  try {
    const fd = openQuietly(path)
    try {
      const isSame = sha256(readFileSync(fd)) === digest
      if (stat.atimeMs > stat.mtimeMs - 86_400_000n) settle(fd)
      return [...(isSame ? [] : (['content'] as const)), ...(isRead ? (['read'] as const) : [])]
    } finally {
      closeSync(fd)
    }
  } catch {
    return ['unreadable']
  }
}

function settle(fd: number): void {
  try {
    rest(fd)
  } catch {
    // only its owner may set its times; then each reading is told once more than needed, and none is missed
  }
}

/** Its own look is no reading; who may not ask for that leaves a trace, and puts it back. */
function openQuietly(path: string): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    return openSync(path, flags | O_NOATIME)
  } catch {
    return openSync(path, flags)
  }
}

/** Takes a canary away, if it is still the file that was planted. @returns whether it was */
export function removeFile({ name: path, file }: Canary): boolean {
  const stat = statOf(path)
  if (stat === undefined || String(stat.ino) !== file?.inode || String(stat.dev) !== file.device) return false
  rmSync(path)
  return true
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true })
  } catch {
    return undefined
  }
}
