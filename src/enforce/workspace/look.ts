import type { BigIntStats } from 'node:fs'

export type Kind = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'device'

/** What stands at a name; a link is not followed. */
export interface Look {
  readonly kind: Kind
  /** All twelve bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  /** When it was made; 0 where the file system does not say. Tells an inode from a later one of the same number. */
  readonly bornNs: bigint
  readonly device: bigint
  readonly inode: bigint
  readonly links: number
  /** A character device 0/0, which is how an overlay says that something was removed. */
  readonly isWhiteout: boolean
}

export function lookOf(stat: BigIntStats): Look {
  const kind = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : stat.isSymbolicLink()
        ? 'link'
        : stat.isFIFO()
          ? 'fifo'
          : stat.isSocket()
            ? 'socket'
            : 'device'
  return {
    kind,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    sizeBytes: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    bornNs: stat.birthtimeNs,
    device: stat.dev,
    inode: stat.ino,
    links: Number(stat.nlink),
    isWhiteout: stat.isCharacterDevice() && stat.rdev === 0n,
  }
}
