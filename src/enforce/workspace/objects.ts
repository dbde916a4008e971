import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { messageOf, systemCode } from '../../core/error.ts'
import { syncFileSystem } from '../../platform/file-system-sync.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import { pieces, writeAll } from './bytes.ts'
import { WorkspaceError } from './errors.ts'

/** Below this a file is packed in one go, which is much faster than a stream. */
const SMALL_BYTES = 1024 * 1024

/** Contents by their SHA-256, each kept once, packed with zstd. A private directory. */
export class ObjectStore {
  readonly #directory: string
  /** Directories that were looked at already: once is enough, and for each file it would be most of the work. */
  readonly #ready = new Set<string>()

  constructor(directory: string) {
    this.#directory = directory
  }

  has(digest: string): boolean {
    return sizeOf(this.#pathOf(digest)) !== undefined
  }

  /**
   * Keeps the content of an open file. It lasts once {@link makeLast} has returned.
   *
   * @returns its digest and size, and how many bytes the store has grown by
   */
  async put(fd: number): Promise<{ digest: string; sizeBytes: number; grownBytes: number }> {
    const { size } = fstatSync(fd)
    return size <= SMALL_BYTES ? this.#putSmall(fd) : await this.#putLarge(fd)
  }

  /** Makes what was kept so far survive a power cut; before a list of it is written. */
  async makeLast(): Promise<void> {
    if (this.#ready.size > 0) await syncFileSystem(this.#directory)
  }

  /** Writes a content to an open file. @throws WorkspaceError `SNAPSHOT_DAMAGED` when it is not what was kept */
  async copyTo(digest: string, fd: number): Promise<void> {
    const path = this.#pathOf(digest)
    const hash = createHash('sha256')
    try {
      if ((sizeOf(path) ?? 0) <= SMALL_BYTES) {
        const bytes = zstdDecompressSync(readFileSync(path))
        hash.update(bytes)
        writeAll(fd, bytes)
      } else {
        for await (const piece of createReadStream(path).pipe(createZstdDecompress())) {
          hash.update(piece as Buffer)
          writeAll(fd, piece as Buffer)
        }
      }
    } catch (cause) {
      throw damaged(digest, messageOf(cause), cause)
    }
    if (hash.digest('hex') !== digest) throw damaged(digest, 'its content is another one')
  }

  /** What the store takes on disk. */
  sizeBytes(): number {
    return this.#all().reduce((sum, { path }) => sum + (sizeOf(path) ?? 0), 0)
  }

  /** Removes every content nobody refers to. */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const { digest, path } of this.#all()) if (!wanted.has(digest)) rmSync(path, { force: true })
  }

  #putSmall(fd: number): { digest: string; sizeBytes: number; grownBytes: number } {
    const bytes = Buffer.concat([...pieces(fd)].map((piece) => Buffer.from(piece)))
    const digest = createHash('sha256').update(bytes).digest('hex')
    if (this.has(digest)) return { digest, sizeBytes: bytes.length, grownBytes: 0 }
    const packed = zstdCompressSync(bytes)
    const { temporary, out } = this.#begin()
    try {
      writeAll(out, packed)
    } finally {
      this.#end(out)
    }
    this.#keep(temporary, digest)
    return { digest, sizeBytes: bytes.length, grownBytes: packed.length }
  }

  async #putLarge(fd: number): Promise<{ digest: string; sizeBytes: number; grownBytes: number }> {
    const hash = createHash('sha256')
    let sizeBytes = 0
    const { temporary, out } = this.#begin()
    // read by position, so that the caller's descriptor stays as it is
    const read = createReadStream('', { fd, start: 0, autoClose: false })
    read.on('data', (piece) => {
      hash.update(piece)
      sizeBytes += piece.length
    })
    try {
      await pipeline(read, createZstdCompress(), createWriteStream('', { fd: out, autoClose: false }))
    } catch (error) {
      this.#end(out)
      rmSync(temporary, { force: true })
      throw error
    }
    const grownBytes = fstatSync(out).size
    this.#end(out)
    const digest = hash.digest('hex')
    if (this.has(digest)) {
      rmSync(temporary, { force: true })
      return { digest, sizeBytes, grownBytes: 0 }
    }
    this.#keep(temporary, digest)
    return { digest, sizeBytes, grownBytes }
  }

  #begin(): { temporary: string; out: number } {
    this.#ensure(this.#directory)
    const temporary = join(this.#directory, `new-${randomBytes(8).toString('hex')}`)
    return { temporary, out: openSync(temporary, 'wx', 0o600) }
  }

  #end(out: number): void {
    closeSync(out)
  }

  #keep(temporary: string, digest: string): void {
    this.#ensure(join(this.#directory, digest.slice(0, 2)))
    renameSync(temporary, this.#pathOf(digest))
  }

  #ensure(directory: string): void {
    if (this.#ready.has(directory)) return
    ensurePrivateDirectory(directory)
    this.#ready.add(directory)
  }

  #pathOf(digest: string): string {
    return join(this.#directory, digest.slice(0, 2), digest)
  }

  /** What was kept, and what a killed process left half written. */
  #all(): { digest: string; path: string }[] {
    return names(this.#directory).flatMap((name) => {
      const path = join(this.#directory, name)
      if (name.length !== 2) return [{ digest: name, path }]
      return names(path).map((digest) => ({ digest, path: join(path, digest) }))
    })
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}

function damaged(digest: string, why: string, cause?: unknown): WorkspaceError {
  return new WorkspaceError(
    'SNAPSHOT_DAMAGED',
    `the stored content ${digest.slice(0, 12)} is damaged: ${why}`,
    'use another snapshot: warder snapshot list',
    { cause },
  )
}
