import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { KnownError, messageOf, systemCode, type ErrorCatalogue } from '../core/error.ts'

export const FILE_ERRORS = {
  FILE_UNREADABLE: { kind: 'unavailable', meaning: 'a file Warder needs cannot be read' },
  FILE_UNWRITABLE: { kind: 'unavailable', meaning: 'a file or directory Warder needs cannot be written' },
  FILE_UNSAFE: {
    kind: 'forbidden',
    meaning: 'a file or directory others can change, or a link, stands where Warder keeps its own',
  },
  FILE_TOO_LARGE: { kind: 'invalid', meaning: 'a file is larger than Warder reads' },
} as const satisfies ErrorCatalogue

export class FileError extends KnownError<typeof FILE_ERRORS> {
  override readonly name = 'FileError'
}

const OWNER_ONLY = 0o077

/**
 * Makes `path` (and what is missing above it) a directory only its owner can enter, or checks that it is one.
 *
 * @throws FileError `FILE_UNSAFE` when it is a link, belongs to somebody else, or is open to group or others
 */
export function ensurePrivateDirectory(path: string): void {
  ensureOwnDirectory(path, 0o700)
}

/**
 * The same for a directory others may pass through, to a file in it that is given to one of them; they can neither
 * list it nor change it.
 *
 * @throws FileError `FILE_UNSAFE`
 */
export function ensurePassableDirectory(path: string): void {
  ensureOwnDirectory(path, 0o711)
}

function ensureOwnDirectory(path: string, mode: 0o700 | 0o711): void {
  try {
    const isNew = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined
    if (isNew) chmodSync(path, mode) // the umask would take away what others need to pass
  } catch (cause) {
    throw unwritable(path, cause)
  }
  const stat = lstatSync(path)
  const unsafe = !stat.isDirectory()
    ? 'is not a directory'
    : stat.uid !== process.getuid?.()
      ? `belongs to uid ${stat.uid}`
      : (stat.mode & 0o777 & ~mode) !== 0
        ? `has mode ${(stat.mode & 0o777).toString(8)}`
        : undefined
  if (unsafe !== undefined) {
    throw new FileError(FILE_ERRORS, 'FILE_UNSAFE', {
      what: `${path} ${unsafe}, so others could reach what Warder keeps there`,
      fix: `look at what is there, then: chmod ${mode.toString(8)} '${path}'`,
    })
  }
}

/**
 * Replaces a file in one step: a reader sees the old bytes or the new, never half; after a crash likewise.
 * Mode 0600 unless told. The directory must exist.
 */
export function writeFileAtomic(path: string, bytes: string | Uint8Array, mode = 0o600): void {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
    try {
      fchmodSync(fd, mode)
      const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
      for (let at = 0; at < buffer.length;) at += writeSync(fd, buffer, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw unwritable(path, cause)
  }
}

/** Makes a rename or creation in `path` survive a power cut. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Reads a file that must be ours alone: a regular file, not a link, owned by us, closed to group and others.
 *
 * @returns undefined when there is no such file
 * @throws FileError `FILE_UNSAFE`, `FILE_UNREADABLE`
 */
export function readPrivateFile(path: string, maxBytes = 1024 * 1024): Buffer | undefined {
  return readRegular(path, maxBytes, true)
}

/**
 * Reads a small regular file the user gave us; follows links, refuses devices, pipes and what is too large.
 *
 * @returns undefined when there is no such file
 * @throws FileError `FILE_UNREADABLE`, `FILE_TOO_LARGE`
 */
export function readSmallFile(path: string, maxBytes = 1024 * 1024): Buffer | undefined {
  return readRegular(path, maxBytes, false)
}

function readRegular(path: string, maxBytes: number, isPrivate: boolean): Buffer | undefined {
  let fd: number
  try {
    // O_NONBLOCK so that a planted pipe cannot hold us for ever
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (isPrivate ? constants.O_NOFOLLOW : 0))
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw unreadable(path, messageOf(cause), cause)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw unreadable(path, 'it is not a regular file')
    if (isPrivate && (stat.uid !== process.getuid?.() || (stat.mode & OWNER_ONLY) !== 0)) {
      throw new FileError(FILE_ERRORS, 'FILE_UNSAFE', {
        what: `${path} is open to others (uid ${stat.uid}, mode ${(stat.mode & 0o777).toString(8)})`,
        fix: `check who changed it, then: chmod 600 '${path}'`,
      })
    }
    if (stat.size > maxBytes) {
      throw new FileError(FILE_ERRORS, 'FILE_TOO_LARGE', {
        what: `${path} has ${stat.size} bytes, more than the ${maxBytes} Warder reads`,
        fix: 'give the right file, or make it smaller',
      })
    }
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

function unreadable(path: string, why: string, cause?: unknown): FileError {
  return new FileError(FILE_ERRORS, 'FILE_UNREADABLE', {
    what: `cannot read ${path}: ${why}`,
    fix: `make it a readable file, or remove it`,
    cause,
  })
}

function unwritable(path: string, cause: unknown): FileError {
  return new FileError(FILE_ERRORS, 'FILE_UNWRITABLE', {
    what: `cannot write ${path}: ${messageOf(cause)}`,
    fix: `make ${dirname(path)} writable for this user, and check that the disk is not full`,
    cause,
  })
}

/** What may still be written on the disk that holds a path, in bytes. @throws the system's error */
export function spareBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
