import { fstatSync, opendirSync, type Dirent, type Stats } from 'node:fs'
import { safePathError } from './safe-path-error.ts'

export type FileKind = 'file' | 'directory' | 'link' | 'pipe' | 'socket' | 'device'

export interface FileStat {
  readonly kind: FileKind
  readonly sizeBytes: number
  /** Permission bits alone. */
  readonly mode: number
  /** Names the file has. */
  readonly links: number
  /** Epoch milliseconds. */
  readonly modifiedMs: number
}

export interface Entry {
  /** As it is; it may hold what a `SafeRoot` takes in no path. */
  readonly name: string
  readonly kind: FileKind
}

/** What a descriptor stands for. */
export function fileStat(fd: number): FileStat {
  const stat = fstatSync(fd)
  return {
    kind: kindOf(stat),
    sizeBytes: stat.size,
    mode: stat.mode & 0o7777,
    links: stat.nlink,
    modifiedMs: stat.mtimeMs,
  }
}

/** @param place the directory, by its descriptor; @param path how the caller called it */
export function listDirectory(place: string, path: string, limit: number): Entry[] {
  const directory = opendirSync(place)
  const entries: Entry[] = []
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (entries.length >= limit) {
        throw safePathError(
          'SAFE_PATH_FAILED',
          path,
          `has more than ${limit} entries`,
          'allow more, or look further down',
        )
      }
      entries.push({ name: entry.name, kind: kindOf(entry) })
    }
  } finally {
    directory.closeSync()
  }
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function kindOf(entry: Stats | Dirent): FileKind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  if (entry.isSymbolicLink()) return 'link'
  if (entry.isFIFO()) return 'pipe'
  return entry.isSocket() ? 'socket' : 'device'
}
