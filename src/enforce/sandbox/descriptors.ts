import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { SandboxError } from './errors.ts'
import type { Native } from '../../platform/native.ts'
import type { Identity, Mount } from './spec.ts'

const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000

/** A descriptor held open until the sandbox stands, and what it must still be afterwards. */
export interface Held {
  readonly path: string
  readonly fd: number
  /** Device and inode that must stand at `path` inside; absent for texts, which are copied, and for overlays. */
  readonly expected?: { readonly device: string; readonly inode: string }
  /** For an overlay, whose lower directory `fd` is. */
  readonly layers?: { readonly upper: number; readonly work: number }
}

/**
 * Opens everything the mounts are made from, before anything is built, and checks that each is what was decided on:
 * a link put in its place since then changes nothing any more, or ends the start.
 *
 * @throws SandboxError `SANDBOX_CHANGED`
 */
export function holdAll(mounts: readonly Mount[], native: Native, owner?: number): Held[] {
  const held: Held[] = []
  try {
    for (const mount of mounts) {
      if (mount.type === 'text') held.push({ path: mount.path, fd: memoryText(native, mount.text) })
      if (mount.type === 'mask' && mount.kind === 'file')
        held.push({ path: mount.path, fd: memoryText(native, '') })
      if (mount.type === 'bind' && mount.identity !== undefined)
        held.push(holdBind(mount.path, mount.source, mount.identity))
      if (mount.type === 'overlay') held.push(holdOverlay(mount, owner))
    }
    return held
  } catch (error) {
    release(held)
    throw error
  }
}

export function release(held: readonly Held[]): void {
  for (const { fd, layers } of held) {
    closeSync(fd)
    if (layers !== undefined) for (const layer of [layers.upper, layers.work]) closeSync(layer)
  }
}

/** A program already open, that must be the very file which stands at `path` inside. */
export function holdProgram(path: string, fd: number): Held {
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return { path, fd, expected: { device: `${dev}`, inode: `${ino}` } }
}

function holdOverlay(mount: Mount & { readonly type: 'overlay' }, owner?: number): Held {
  const { path, fd } = holdBind(mount.path, mount.source, mount.identity)
  const opened = [fd]
  try {
    const [upper, work] = [mount.upper, mount.work].map((layer) => {
      opened.push(openSync(layer, O_PATH | O_CLOEXEC | constants.O_NOFOLLOW | constants.O_DIRECTORY))
      const layerFd = opened.at(-1)!
      // who else may write to it does not matter, its modes are the agent's to choose: nobody else can reach it
      if (fstatSync(layerFd).uid !== owner || isReachable(layer, owner)) throw changed(layer)
      return layerFd
    })
    return { path, fd, layers: { upper: upper!, work: work! } }
  } catch (error) {
    for (const each of opened) closeSync(each)
    throw error instanceof SandboxError ? error : changed(mount.upper, error)
  }
}

/** Whether others could write to what holds a layer, and so change what comes out as this agent's work. */
function isReachable(layer: string, owner: number | undefined): boolean {
  const { uid, mode } = statSync(dirname(layer))
  return (uid !== owner && uid !== process.getuid?.()) || (mode & 0o022) !== 0
}

/**
 * What the launcher is told to lay over what, and where the merged trees will be: at the numbers after all others.
 *
 * @param first the number of the first held descriptor, as the launcher sees it
 */
export function overlayLayers(
  held: readonly Held[],
  first: number,
): {
  readonly fds: readonly number[]
  readonly merged: readonly (readonly [string, number])[]
  readonly options: readonly string[]
} {
  const overlays = held.flatMap(({ path, layers }, i) => (layers ? [{ path, layers, lower: first + i }] : []))
  const layersFrom = first + held.length
  const mergedFrom = layersFrom + 2 * overlays.length
  return {
    fds: overlays.flatMap(({ layers }) => [layers.upper, layers.work]),
    merged: overlays.map(({ path }, i) => [path, mergedFrom + i] as const),
    options: overlays.flatMap(({ lower }, i) => [
      '--overlay',
      ...[lower, layersFrom + 2 * i, layersFrom + 2 * i + 1, mergedFrom + i].map(String),
    ]),
  }
}

/** @throws SandboxError `SANDBOX_CHANGED` when something else stands at `source` than was decided on */
export function holdBind(path: string, source: string, identity: Identity): Held {
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
        : stat.isCharacterDevice()
          ? 'device'
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
