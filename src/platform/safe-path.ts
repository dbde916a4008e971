/**
 * Files below one folder, and nowhere else. The folder is held open by its descriptor; every path is resolved from there
 * by the kernel, which follows no link and leaves neither the folder nor its mount. What was opened is what is used: a
 * name swapped meanwhile changes nothing. Devices, pipes and sockets are refused before they are opened.
 *
 * What it does not promise: whoever may write in the folder can move its parts, so a file that was below when it was
 * opened may be elsewhere by the time it is read. And who holds the machine's root holds its mounts.
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { isRelativePath, parseRelativePath } from '../core/safe/path.ts'
import { readAtMost, replaceFile } from './safe-path-bytes.ts'
import { fileStat, listDirectory, type Entry, type FileStat } from './safe-path-look.ts'
import { bestOpenBeneath, type OpenBeneath } from './safe-path-open.ts'
import { fromSystem, safePathError } from './safe-path-error.ts'

export interface SafeRootOptions {
  /** A file with a second name may be a file outside (default `refuse`). */
  readonly hardLinks?: 'refuse' | 'allow'
  /** Whether a path may lead into another mount below the folder (default `refuse`). */
  readonly mounts?: 'refuse' | 'allow'
  /** How paths are resolved (default: the best this system has). */
  readonly openBeneath?: OpenBeneath
}

const O_PATH = 0o10000000
const ACCESS = {
  read: constants.O_RDONLY,
  write: constants.O_WRONLY,
  append: constants.O_WRONLY | constants.O_APPEND,
}

export class SafeRoot {
  readonly #fd: number
  readonly #open: OpenBeneath
  readonly #mayShare: boolean
  readonly #mayCrossMounts: boolean
  #isClosed = false

  /**
   * Opens the folder. Its own path is trusted: links in it are followed, once, now.
   *
   * @throws SafePathError `SAFE_PATH_MISSING`, `SAFE_PATH_LINK` (no directory), `SAFE_PATH_FAILED`
   */
  static open(path: string, options: SafeRootOptions = {}): SafeRoot {
    if (!path.startsWith('/') || path.includes('\0')) {
      throw safePathError(
        'SAFE_PATH_FAILED',
        path,
        'is not an absolute path',
        'give the whole path of the folder',
      )
    }
    return translated(path, () => new SafeRoot(openSync(path, O_PATH | constants.O_DIRECTORY), path, options))
  }

  private constructor(fd: number, path: string, options: SafeRootOptions) {
    this.#fd = fd
    this.#mayShare = options.hardLinks === 'allow'
    this.#mayCrossMounts = options.mounts === 'allow'
    try {
      checkProc(fd, path)
      this.#open = options.openBeneath ?? bestOpenBeneath(fd)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /**
   * Opens a regular file that is there, for reading, writing over, or appending. The caller closes the descriptor.
   *
   * @throws FormError `FORM_INVALID` for a path that does not lead straight down
   * @throws SafePathError for what is not there, not a plain file, shared, behind a link or in another mount
   */
  openFile(path: string, access: keyof typeof ACCESS = 'read'): number {
    // through the handle: the very file that was checked, whatever its name means by now
    return this.#with(path, false, (handle) => {
      this.#checkFile(handle, path)
      return openSync(procPath(handle), ACCESS[access])
    })
  }

  /** Makes a new file and opens it for reading and writing; whatever stands there, a dangling link too, is in the way. */
  createFile(path: string, mode = 0o600): number {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_RDWR
    return this.#inParent(path, (place) => openSync(place, flags, mode))
  }

  /** @throws FileError `FILE_TOO_LARGE` for more than `maxBytes`, even when it grows while it is read */
  readFile(path: string, maxBytes = 1024 * 1024): Buffer {
    const fd = this.openFile(path)
    try {
      return readAtMost(fd, path, maxBytes)
    } finally {
      closeSync(fd)
    }
  }

  /**
   * Puts a file in place in one step: a reader sees the old bytes or the new. A link, pipe or device there is refused; a
   * file with other names is replaced under this name alone.
   */
  writeFile(path: string, bytes: string | Uint8Array, mode = 0o600): void {
    this.#inParent(path, (place, folder) => {
      const kind = this.#kindOf(path)
      if (kind !== undefined && kind !== 'file') throw wrongKind(path, kind, 'file')
      replaceFile(place, folder, bytes, mode)
    })
  }

  /** What is there, a link being a link. */
  stat(path: string): FileStat {
    return this.#with(path, false, fileStat)
  }

  /** What is in a directory (`.` for the folder itself), sorted by name; at most `limit` entries. */
  list(path = '.', limit = 100_000): Entry[] {
    return this.#with(path, true, (handle) => listDirectory(procPath(handle), path, limit))
  }

  mkdir(path: string, mode = 0o700): void {
    this.#inParent(path, (place) => mkdirSync(place, { mode }))
  }

  /** Removes a file, a link (never what it means), a pipe, or an empty directory. */
  remove(path: string): void {
    const { kind } = this.stat(path)
    this.#inParent(path, (place) => (kind === 'directory' ? rmdirSync(place) : unlinkSync(place)))
  }

  /** As rename(2): a file at `to` is replaced. Links are moved, not followed. */
  rename(from: string, to: string): void {
    this.#inParent(from, (source) => this.#inParent(to, (target) => renameSync(source, target)))
  }

  /**
   * A handle (O_PATH) of what is there, to hand to a sandbox by its descriptor: what is bound is what was checked. The
   * caller closes it.
   */
  hold(path: string, kind: 'file' | 'directory' | 'any'): number {
    return this.#keep(path, kind === 'directory', (handle) => {
      const found = fileStat(handle).kind
      if (found === 'file') this.#checkFile(handle, path)
      const isFit = kind === 'any' ? found === 'file' || found === 'directory' : found === kind
      if (!isFit) throw wrongKind(path, found, kind === 'any' ? 'file or directory' : kind)
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true // before, so that a number the system gives out again is never closed twice
    closeSync(this.#fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #with<T>(path: string, isDirectory: boolean, act: (handle: number) => T): T {
    let result: T
    const handle = this.#keep(path, isDirectory, (one) => {
      result = act(one)
    })
    closeSync(handle)
    return result!
  }

  #keep(path: string, isDirectory: boolean, check: (handle: number) => void): number {
    if (this.#isClosed)
      throw safePathError(
        'SAFE_PATH_FAILED',
        path,
        'belongs to a root that was closed',
        'open the root again',
      )
    const below = path === '.' ? path : parseRelativePath(path)
    return translated(path, () => {
      const handle = this.#open(this.#fd, below, { isDirectory, mayCrossMounts: this.#mayCrossMounts })
      try {
        check(handle)
        return handle
      } catch (error) {
        closeSync(handle)
        throw error
      }
    })
  }

  /** Hands over the path of a name in its directory, the latter by descriptor, and the directory's own. */
  #inParent<T>(path: string, act: (place: string, folder: string) => T): T {
    const below: string = parseRelativePath(path)
    const cut = below.lastIndexOf('/')
    return this.#with(cut < 0 ? '.' : below.slice(0, cut), true, (handle) =>
      translated(path, () => act(`${procPath(handle)}/${below.slice(cut + 1)}`, procPath(handle))),
    )
  }

  #kindOf(path: string): FileStat['kind'] | undefined {
    try {
      return this.stat(path).kind
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'SAFE_PATH_MISSING') return undefined
      throw error
    }
  }

  #checkFile(handle: number, path: string): void {
    const { kind, links } = fileStat(handle)
    if (kind !== 'file') throw wrongKind(path, kind, 'file')
    if (links > 1 && !this.#mayShare) {
      throw safePathError(
        'SAFE_PATH_SHARED',
        path,
        `has ${links} names, some perhaps outside`,
        'copy it, and use the copy',
      )
    }
  }
}

/** Whether a `SafeRoot` would take this path at all; what lies there is not looked at. */
export function isSafePath(path: string): boolean {
  return path === '.' || isRelativePath(path)
}

function translated<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw fromSystem(path, error)
  }
}

function wrongKind(path: string, found: string, wanted: string): Error {
  return safePathError('SAFE_PATH_KIND', path, `is a ${found}, not a ${wanted}`, `name a ${wanted}`)
}

function procPath(fd: number): string {
  return `/proc/self/fd/${fd}`
}

/** Everything here goes through /proc/self/fd; without it, or with something else there, nothing is opened. */
function checkProc(fd: number, path: string): void {
  const direct = fstatSync(fd)
  const through = openSync(`${procPath(fd)}/.`, O_PATH | constants.O_DIRECTORY)
  const { ino, dev } = fstatSync(through)
  closeSync(through)
  if (ino === direct.ino && dev === direct.dev) return
  throw safePathError(
    'SAFE_PATH_FAILED',
    path,
    'cannot be held: /proc does not lead to open files',
    'mount /proc',
  )
}
