import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { messageOf, systemCode } from '../../core/error.ts'
import { syncDirectory } from '../../platform/files.ts'
import { emergencyError } from './errors.ts'

/**
 * Takes a key file away. It is written over where it stands first, so that another name of the same file (a hard link)
 * holds no key either. That is no claim about the medium: flash, copy-on-write file systems and backups keep what they
 * keep, and only a disk that is encrypted as a whole answers for them.
 */
export function eraseFile(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === true) overwrite(path)
  unlink(path)
  syncDirectory(dirname(path))
}

function overwrite(path: string): void {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const fd = openSync(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const { size } = fstatSync(fd)
    const bytes = randomBytes(Math.min(size, MOST_OVERWRITTEN))
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Keys and lists of them are small; what is larger is unlinked as it is. */
const MOST_OVERWRITTEN = 1024 * 1024

function unlink(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/**
 * Erases what is in a directory, without what is to be kept. Follows no link and leaves the file system it began on for
 * no mount; what cannot be erased does not save the rest.
 *
 * @param keep paths that stay, with what is below them
 * @throws EmergencyError `EMERGENCY_PLACE`; Error naming what is left
 */
export function eraseInside(directory: string, home: string, keep: readonly string[] = []): void {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return
  refuseForeign(directory, home)
  const { dev } = lstatSync(directory)
  const failures: string[] = []
  eraseEntries(
    directory,
    dev,
    keep.map((path) => resolve(path)),
    failures,
  )
  if (failures.length > 0) throw new Error(failures.slice(0, 5).join('; '))
}

function eraseEntries(directory: string, dev: number, keep: readonly string[], failures: string[]): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (keep.includes(path)) continue
    try {
      eraseEntry(path, dev, keep, failures)
    } catch (error) {
      failures.push(messageOf(error))
    }
  }
}

function eraseEntry(path: string, dev: number, keep: readonly string[], failures: string[]): void {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return unlink(path)
  if (stat.dev !== dev) throw new Error(`${path} is another file system, and is not entered`)
  eraseEntries(path, dev, keep, failures)
  // one that holds what is kept, or what could not be erased, stays
  if (readdirSync(path).length === 0) rmdirSync(path)
}

/** What a directory still holds, without what is kept; '' when it is empty or gone. */
export function leftInside(directory: string, keep: readonly string[] = []): string | undefined {
  const kept = keep.map((path) => resolve(path))
  const left = filesIn(directory, kept)
  return left.length === 0 ? undefined : `left: ${left.slice(0, 5).join(', ')}${left.length > 5 ? ', …' : ''}`
}

function filesIn(directory: string, keep: readonly string[]): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name)
    if (keep.includes(path)) return []
    const holdsKept = keep.some((each) => each.startsWith(`${path}${sep}`))
    return holdsKept ? filesIn(path, keep) : [path]
  })
}

/**
 * A wrong setting must not turn a wipe against the person: only directories that are Warder's alone are emptied. One
 * that bears our name may be looked into by others, as a cache may; every other must be private.
 */
function refuseForeign(directory: string, home: string): void {
  const stat = lstatSync(directory)
  const path = resolve(directory)
  const why = !stat.isDirectory()
    ? 'is no directory'
    : stat.uid !== process.getuid?.()
      ? 'belongs to somebody else'
      : (stat.mode & (basename(path) === 'warder' ? 0o022 : 0o077)) !== 0
        ? 'is open to others'
        : path === sep || `${resolve(home)}${sep}`.startsWith(`${path}${sep}`)
          ? 'holds your home directory'
          : undefined
  if (why === undefined) return
  throw emergencyError(
    'EMERGENCY_PLACE',
    `${directory} ${why}, so it is not Warder’s alone and nothing in it is erased`,
    'erase by hand what Warder kept there',
  )
}
