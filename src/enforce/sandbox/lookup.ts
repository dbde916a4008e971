import {
  type Dirent,
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  openSync,
  readSync,
  closeSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { foreignFiles } from '../../platform/foreign-files.ts'
import { isStandIn } from './standin.ts'
import type { Identity } from './spec.ts'

/** What the compiler asks about the machine's files; a port so that it can be tested without them. */
export interface Lookup {
  /** The path with every link followed, or undefined when nothing is there (or we may not look). */
  real(path: string): string | undefined
  /** What stands at the path itself; a link is not followed. */
  look(path: string): Look | undefined
  /** A device at the path itself; a link is not followed, and is none. */
  device(path: string): DeviceLook | undefined
  /** What is in a directory; empty when it cannot be read. */
  list(path: string): readonly Entry[]
  /** The target of a link as written. */
  link(path: string): string | undefined
  isExecutable(path: string): boolean
  /** The first bytes of a file, for its `#!` line; empty when it cannot be read. */
  head(path: string): string
}

export type LookKind = Exclude<Identity['kind'], 'device'> | 'link' | 'other'

export interface DeviceLook {
  readonly device: string
  readonly inode: string
  readonly major: number
  readonly minor: number
  readonly isBlock: boolean
}

export interface Entry {
  readonly name: string
  readonly kind: LookKind
}

export interface Look {
  readonly kind: LookKind
  readonly device: string
  readonly inode: string
  readonly uid: number
  readonly gid: number
}

export const diskLookup: Lookup = {
  real: (path) => quietly(path, () => realpathSync.native(path)), // asked for hundreds of paths at each start
  look: (path) =>
    quietly(path, () => {
      if (isStandIn(path)) return undefined
      const stat = lstatSync(path, { bigint: true })
      return {
        kind: kindOf(stat),
        device: `${stat.dev}`,
        inode: `${stat.ino}`,
        uid: Number(stat.uid),
        gid: Number(stat.gid),
      }
    }),
  device: (path) =>
    quietly(path, () => {
      const stat = lstatSync(path, { bigint: true })
      if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return undefined
      const [major, minor] = [
        (stat.rdev >> 8n) & 0xfffn,
        (stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfff00n),
      ]
      return {
        ...{ device: `${stat.dev}`, inode: `${stat.ino}`, isBlock: stat.isBlockDevice() },
        ...{ major: Number(major), minor: Number(minor) },
      }
    }),
  list: (path) =>
    quietly(path, () =>
      readdirSync(path, { withFileTypes: true })
        .filter((entry) => !isStandIn(join(path, entry.name)))
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
    ) ?? [],
  link: (path) => quietly(path, () => readlinkSync(path)),
  isExecutable: (path) =>
    quietly(path, () => {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    }) ?? false,
  head: (path) => quietly(path, () => readHead(path)) ?? '',
}

function kindOf(stat: Pick<Dirent, 'isFile' | 'isDirectory' | 'isSocket' | 'isSymbolicLink'>): LookKind {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  if (stat.isSocket()) return 'socket'
  return stat.isSymbolicLink() ? 'link' : 'other'
}

function readHead(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(256)
    return bytes.toString('latin1', 0, readSync(fd, bytes))
  } finally {
    closeSync(fd)
  }
}

/** Nothing there, not for us to see, or on a file system that does not answer: all mean that it cannot be shown. */
function quietly<T>(path: string, look: () => T): T | undefined {
  if (foreignFiles.isSilent(path)) return undefined
  try {
    return look()
  } catch {
    return undefined
  }
}
