import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { messageOf, systemCode } from '../../core/error.ts'
import { emptyDirectory, emptyWithPauses, unlock } from './empty.ts'
import { WorkspaceError } from './errors.ts'
import { lookOf, type Look } from './look.ts'

/**
 * Files by descriptor. A directory is held open and everything is named by one component below it, so that nothing an
 * agent puts on the way, a link or an exchanged parent, can lead elsewhere.
 */

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
// never waits on a pipe, never follows a link
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

export class Directory {
  readonly fd: number

  private constructor(fd: number) {
    this.fd = fd
  }

  /** Opens a directory by its whole path, which must not end in a link. @throws WorkspaceError `WORKSPACE_UNREADABLE` */
  static open(path: string): Directory {
    try {
      return new Directory(openSync(path, DIRECTORY))
    } catch (cause) {
      throw new WorkspaceError(
        'WORKSPACE_UNREADABLE',
        `the directory ${path} cannot be opened: ${messageOf(cause)}`,
        'see that it is there, is no link, and may be read',
        { cause },
      )
    }
  }

  /** The same directory under a descriptor of its own. */
  again(): Directory {
    return Directory.open(`/proc/self/fd/${this.fd}/.`)
  }

  at(name: string): string {
    if (!isComponent(name)) throw invalidPath(name)
    return `/proc/self/fd/${this.fd}/${name}`
  }

  /** Every name, sorted; those that are not UTF-8 as `undefined`, for they cannot be named again. */
  names(): (string | undefined)[] {
    const raw = readdirSync(`/proc/self/fd/${this.fd}`, { encoding: 'buffer' })
    // undefined sorts last by itself
    return raw.map(textOf).sort((a = '', b = '') => (a < b ? -1 : a > b ? 1 : 0))
  }

  look(name: string): Look | undefined {
    try {
      return lookOf(lstatSync(this.at(name), { bigint: true }))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  self(): Look {
    return lookOf(fstatSync(this.fd, { bigint: true }))
  }

  /** @returns undefined when no directory stands there */
  child(name: string): Directory | undefined {
    try {
      return new Directory(openSync(this.at(name), DIRECTORY))
    } catch (error) {
      if (isAbsent(error) || systemCode(error) === 'ELOOP') return undefined
      throw error
    }
  }

  /** Opens a regular file for reading. @returns undefined when none stands there */
  file(name: string): number | undefined {
    let fd: number
    try {
      fd = openSync(this.at(name), FILE)
    } catch (error) {
      const code = systemCode(error)
      if (isAbsent(error) || code === 'ELOOP' || code === 'ENXIO' || code === 'ENODEV') return undefined
      throw error
    }
    if (fstatSync(fd).isFile()) return fd
    closeSync(fd)
    return undefined
  }

  target(name: string): string {
    return readlinkSync(this.at(name))
  }

  create(name: string, mode: number): number {
    return openSync(this.at(name), NEW, mode)
  }

  makeDirectory(name: string, mode: number): void {
    mkdirSync(this.at(name), { mode })
  }

  makeLink(name: string, target: string): void {
    symlinkSync(target, this.at(name))
  }

  rename(name: string, to: Directory, newName: string): void {
    renameSync(this.at(name), to.at(newName))
  }

  hardLink(name: string, to: Directory, newName: string): void {
    linkSync(this.at(name), to.at(newName))
  }

  remove(name: string): void {
    unlinkSync(this.at(name))
  }

  removeDirectory(name: string): void {
    rmdirSync(this.at(name))
  }

  /** Removes whatever stands there, and all below it. */
  removeAll(name: string): void {
    const seen = this.look(name)
    if (seen === undefined) return
    if (seen.kind !== 'directory') return this.remove(name)
    unlock(this.at(name))
    const inner = this.child(name)
    try {
      if (inner !== undefined) emptyDirectory(inner.fd)
    } finally {
      inner?.close()
    }
    this.removeDirectory(name)
  }

  /** {@link removeAll} for a directory of any size, with pauses; a killed process leaves a part of it. */
  async removeWithPauses(name: string): Promise<void> {
    unlock(this.at(name))
    const inner = this.child(name)
    try {
      if (inner !== undefined) await emptyWithPauses(inner.fd)
    } finally {
      inner?.close()
    }
    this.removeDirectory(name)
  }

  changeMode(mode: number): void {
    fchmodSync(this.fd, mode)
  }

  changeOwner(uid: number, gid: number): void {
    fchownSync(this.fd, uid, gid)
  }

  sync(): void {
    fsyncSync(this.fd)
  }

  close(): void {
    closeSync(this.fd)
  }
}

export function isComponent(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)
}

export function isAbsent(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function textOf(raw: Buffer): string | undefined {
  const text = raw.toString('utf8')
  return Buffer.from(text, 'utf8').equals(raw) ? text : undefined
}

export function invalidPath(path: string): WorkspaceError {
  return new WorkspaceError(
    'WORKSPACE_PATH_INVALID',
    `${JSON.stringify(path.slice(0, 200))} is not a path below the workspace`,
    'give it relative to the workspace, without "." and ".."',
  )
}
