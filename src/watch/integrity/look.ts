import { createHash, hash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from 'node:fs'
import { systemCode } from '../../core/error.ts'
import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import type { Category, Entry, EntryKind } from './entry.ts'

export interface LookOptions {
  /** Undefined where they cannot be read. */
  readonly attributes: ExtendedAttributes | undefined
  /** Called between pieces of work, so that whoever else waits gets a turn. */
  readonly pause: () => Promise<void> | undefined
}

const PIECE_BYTES = 1024 * 1024
const SAFE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const O_NOATIME = 0o1000000
/** Times a file may change while it is read before it is told as it was read last. */
const TRIES = 3

/** The file system as it is now. Reads content only of regular files, from the very file that was looked at. */
export class Looker {
  readonly #options: LookOptions
  readonly #piece = Buffer.allocUnsafe(PIECE_BYTES)
  /** Bytes read since it was made. */
  bytes = 0

  constructor(options: LookOptions) {
    this.#options = options
  }

  /** What the system tells of it without reading; undefined when there is nothing. */
  stat(path: string): BigIntStats | undefined {
    try {
      return lstatSync(path, { bigint: true })
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
      throw error
    }
  }

  /** The whole entry; undefined when there is nothing at the path. */
  async entry(path: string, category: Category, known = this.stat(path)): Promise<Entry | undefined> {
    if (known === undefined) return undefined
    const kind = kindOf(known)
    const bare = bareEntry(path, category, kind, known)
    try {
      if (kind === 'link') return { ...bare, target: readlinkSync(path) }
      if (kind === 'file') return await this.#file(bare)
      if (kind === 'directory') return { ...bare, xattrs: this.#attributesOf(path) }
      return bare
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      return { ...bare, kind: 'unreadable' } // what cannot be read is told as that, and changes when it can
    }
  }

  /** Names in a directory, sorted; undefined when it is none, or cannot be listed. */
  names(path: string): string[] | undefined {
    try {
      return readdirSync(path).toSorted()
    } catch {
      return undefined
    }
  }

  async #file(bare: Entry): Promise<Entry> {
    for (let tried = 1; ; tried++) {
      const fd = openQuietly(bare.path)
      try {
        const before = fstatSync(fd, { bigint: true })
        if (!before.isFile()) return { ...bareEntry(bare.path, bare.category, kindOf(before), before) }
        const sha256 = await this.#content(fd, Number(before.size))
        const xattrs = this.#listed(fd)
        const after = fstatSync(fd, { bigint: true })
        // somebody wrote meanwhile: a digest of half old, half new would be of nothing that ever was
        if (markOf(before) !== markOf(after) && tried < TRIES) continue
        return { ...bareEntry(bare.path, bare.category, 'file', after), sha256, xattrs }
      } finally {
        closeSync(fd)
      }
    }
  }

  async #content(fd: number, size: number): Promise<string> {
    let got = readSync(fd, this.#piece, 0, PIECE_BYTES, null)
    this.bytes += got
    if (got < PIECE_BYTES && got >= size) return hash('sha256', this.#piece.subarray(0, got), 'hex')
    const digest = createHash('sha256')
    while (got > 0) {
      digest.update(this.#piece.subarray(0, got))
      const turn = this.#options.pause()
      if (turn !== undefined) await turn
      got = readSync(fd, this.#piece, 0, PIECE_BYTES, null)
      this.bytes += got
    }
    return digest.digest('hex')
  }

  #attributesOf(path: string): string {
    if (this.#options.attributes === undefined) return ''
    const fd = openSync(path, SAFE | constants.O_DIRECTORY)
    try {
      return this.#listed(fd)
    } finally {
      closeSync(fd)
    }
  }

  #listed(fd: number): string {
    const { attributes } = this.#options
    const names = attributes?.list(fd) ?? []
    if (attributes === undefined || names.length === 0) return ''
    const digest = createHash('sha256')
    for (const name of names.toSorted()) {
      const value = attributes.get(fd, name) ?? Buffer.alloc(0)
      digest.update(`${Buffer.byteLength(name)}:${name}${value.length}:`).update(value)
    }
    return digest.digest('hex')
  }
}

/** Our reading is no reading: when a file was read last is a trace of others. Only its owner may ask for that. */
function openQuietly(path: string): number {
  try {
    return openSync(path, SAFE | O_NOATIME)
  } catch (error) {
    if (systemCode(error) !== 'EPERM') throw error
    return openSync(path, SAFE)
  }
}

/** While this is the same nothing was written, renamed, linked or given other rights, unless somebody set the clock. */
export function markOf(stat: BigIntStats): string {
  return `${stat.dev} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.gid} ${stat.nlink} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}

function kindOf(stat: BigIntStats): EntryKind {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  return stat.isSymbolicLink() ? 'link' : 'other'
}

/** Where the system is not asked for it, the runtime gives the time of the last change instead, as it does for `/proc`. */
const IS_BIRTH_KEPT = isBirthKept()

function isBirthKept(): boolean {
  try {
    return lstatSync('/proc/self/stat', { bigint: true }).birthtimeNs === 0n
  } catch {
    return false
  }
}

function birthOf(stat: BigIntStats): string {
  return IS_BIRTH_KEPT && stat.birthtimeNs > 0n ? String(stat.birthtimeNs) : ''
}

function bareEntry(path: string, category: Category, kind: EntryKind, stat: BigIntStats): Entry {
  const isDirectory = kind === 'directory'
  return {
    ...{ path, category, kind },
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    inode: String(stat.ino),
    birth: birthOf(stat),
    links: isDirectory ? 0 : Number(stat.nlink),
    size: isDirectory ? 0 : Number(stat.size),
    ...{ sha256: '', target: '', xattrs: '' },
    mark: markOf(stat),
  }
}
