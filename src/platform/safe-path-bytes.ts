import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { FILE_ERRORS, FileError } from './files.ts'

/** All of an open file, unless it has, or grows to, more than `maxBytes`. */
export function readAtMost(fd: number, path: string, maxBytes: number): Buffer {
  const parts: Buffer[] = []
  for (let total = 0; ;) {
    const part = Buffer.allocUnsafe(Math.min(65_536, maxBytes - total + 1))
    const length = readSync(fd, part)
    if (length === 0) return Buffer.concat(parts)
    total += length
    parts.push(part.subarray(0, length))
    if (total > maxBytes) {
      throw new FileError(FILE_ERRORS, 'FILE_TOO_LARGE', {
        what: `${JSON.stringify(path)} has more than the ${maxBytes} bytes that are read`,
        fix: 'name the right file, or make it smaller',
      })
    }
  }
}

/** Writes a new file in `folder` and gives it the name `place` in there. */
export function replaceFile(place: string, folder: string, bytes: string | Uint8Array, mode: number): void {
  const temporary = `${folder}/.${randomBytes(8).toString('hex')}.tmp`
  try {
    writeNew(temporary, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, mode)
    renameSync(temporary, place) // replaces a name, follows nothing
  } catch (error) {
    unlinkQuietly(temporary)
    throw error
  }
}

function writeNew(place: string, bytes: Uint8Array, mode: number): void {
  const fd = openSync(
    place,
    constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY,
    mode,
  )
  try {
    fchmodSync(fd, mode) // the umask would take away what was asked for
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function unlinkQuietly(place: string): void {
  try {
    unlinkSync(place)
  } catch {
    return // it was never made
  }
}
