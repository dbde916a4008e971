import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, writeSync } from 'node:fs'
import { SandboxError } from './errors.ts'
import type { Native } from '../../platform/native.ts'
import type { Identity, Mount } from './spec.ts'

const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000

/** A descriptor held open until the sandbox stands, and what it must still be afterwards. */
export interface Held {
  readonly path: string
  readonly fd: number
  /** Device and inode that must stand at `path` inside; absent for texts, which are copied. */
  readonly expected?: { readonly device: string; readonly inode: string }
}

/**
 * Opens everything the mounts are made from, before anything is built, and checks that each is what was decided on:
 * a link put in its place since then changes nothing any more, or ends the start.
 *
 * @throws SandboxError `SANDBOX_CHANGED`
 */
export function holdAll(mounts: readonly Mount[], native: Native): Held[] {
  const held: Held[] = []
  try {
    for (const mount of mounts) {
      if (mount.type === 'text') held.push({ path: mount.path, fd: memoryText(native, mount.text) })
      if (mount.type === 'mask' && mount.kind === 'file')
        held.push({ path: mount.path, fd: memoryText(native, '') })
      if (mount.type === 'bind' && mount.identity !== undefined)
        held.push(holdBind(mount.path, mount.source, mount.identity))
    }
    return held
  } catch (error) {
    release(held)
    throw error
  }
}

export function release(held: readonly Held[]): void {
  for (const { fd } of held) closeSync(fd)
}

function holdBind(path: string, source: string, identity: Identity): Held {
  let fd: number
  try {
    fd = openSync(source, O_PATH | O_CLOEXEC | constants.O_NOFOLLOW)
  } catch (cause) {
    throw changed(source, cause)
  }
  const stat = fstatSync(fd, { bigint: true })
  const kind = stat.isDirectory()
    ? 'directory'
    : stat.isFile()
      ? 'file'
      : stat.isSocket()
        ? 'socket'
        : undefined
  if (`${stat.dev}` !== identity.device || `${stat.ino}` !== identity.inode || kind !== identity.kind) {
    closeSync(fd)
    throw changed(source)
  }
  return { path, fd, expected: identity }
}

function changed(path: string, cause?: unknown): SandboxError {
  return new SandboxError(
    'SANDBOX_CHANGED',
    `${path} is not what it was when the run was decided on`,
    'find out who exchanged it, then start the run again',
    { cause },
  )
}

/**
 * Compares what really stands in the finished sandbox, seen through its process 1, with what was meant. Needed where
 * bubblewrap cannot bind descriptors itself, and done everywhere, because it also sees a mount that landed elsewhere.
 *
 * @throws SandboxError `SANDBOX_CHANGED`
 */
export function verifyMounts(initPid: number, held: readonly Held[]): void {
  for (const { path, expected } of held) {
    if (expected === undefined) continue
    const stat = lstatSync(`/proc/${initPid}/root${path}`, { bigint: true })
    if (`${stat.dev}` !== expected.device || `${stat.ino}` !== expected.inode) throw changed(path)
  }
}

export interface MountPoint {
  readonly readOnly: boolean
  /** The file system's type, such as `tmpfs`. */
  readonly type: string
}

/** Where a process has mounts, empty when it is gone; names are written with octal escapes there (proc(5)). */
export function mountPoints(pid: number): Map<string, MountPoint> {
  return new Map(
    readMountInfo(pid)
      .split('\n')
      .flatMap((line): [string, MountPoint][] => {
        const [path, options] = line.split(' ').slice(4)
        const type = /- (\S+) /.exec(line)?.[1]
        if (path === undefined || options === undefined || type === undefined) return []
        return [[unescape(path), { readOnly: options.split(',').includes('ro'), type }]]
      }),
  )
}

function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

function readMountInfo(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  } catch {
    return ''
  }
}

/** A nameless file in memory with this content, read from its start by whoever inherits it. */
export function memoryText(native: Native, bytes: string | Uint8Array): number {
  const fd = native.memoryFile('warder')
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  // written at a position, so that the reader's own offset is still 0
  for (let at = 0; at < buffer.length;) at += writeSync(fd, buffer, at, buffer.length - at, at)
  return fd
}
