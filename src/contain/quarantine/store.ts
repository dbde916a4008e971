import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, systemCode } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import {
  ensurePrivateDirectory,
  readPrivateFile,
  syncDirectory,
  writeFileAtomic,
} from '../../platform/files.ts'
import { foreignFiles } from '../../platform/foreign-files.ts'
import { QuarantineError } from './errors.ts'

const Shape = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  path: z.string(),
  sha256: z.string().length(64),
  sizeBytes: z.int().min(0),
  mode: z.int().min(0),
  at: z.int(),
  incident: z.string(),
  restored: z.boolean(),
})

export type QuarantinedFile = Readonly<Omit<z.infer<typeof Shape>, 'version'>>

const CHUNK = 1024 * 1024

/** @param directory private; on the file system the incident book is on */
export class Quarantine {
  readonly #directory: string
  readonly #now: () => number

  constructor(directory: string, now: () => number) {
    this.#directory = directory
    this.#now = now
  }

  /**
   * Copies a file under its digest, then removes the original. A path that is empty afterwards was quarantined.
   *
   * @throws QuarantineError `QUARANTINE_REFUSED` for what is no plain file, or was exchanged meanwhile
   */
  take(path: string, incident: string): QuarantinedFile {
    ensurePrivateDirectory(join(this.#directory, 'objects'))
    const fd = openPlain(path)
    try {
      const stat = fstatSync(fd)
      const { sha256, sizeBytes } = this.#copy(fd)
      const file = {
        id: newId(),
        path,
        sha256,
        sizeBytes,
        mode: stat.mode & 0o777,
        at: this.#now(),
        incident,
        restored: false,
      }
      this.#write(file)
      removeSame(path, stat)
      return file
    } finally {
      closeSync(fd)
    }
  }

  /** Newest first; what was put back is among it. */
  list(): QuarantinedFile[] {
    return this.#ids()
      .map((id) => this.#read(id))
      .toSorted((a, b) => b.at - a.at)
  }

  /** What of an incident lies here for this path. */
  of(path: string, incident: string): QuarantinedFile | undefined {
    return this.list().find((each) => each.path === path && each.incident === incident && !each.restored)
  }

  /** Whether the kept copy is still what it was. */
  isWhole({ sha256 }: QuarantinedFile): boolean {
    const fd = openPlain(this.#objectOf(sha256))
    try {
      return digestOf(fd, () => undefined).sha256 === sha256
    } finally {
      closeSync(fd)
    }
  }

  /**
   * Puts a file back where it was.
   *
   * @throws QuarantineError `QUARANTINE_UNKNOWN`, `QUARANTINE_REFUSED` where something stands there now
   */
  restore(id: string): QuarantinedFile {
    const [found, ...others] = this.list().filter((each) => each.id.startsWith(id) && !each.restored)
    if (found === undefined || others.length > 0) {
      throw new QuarantineError('QUARANTINE_UNKNOWN', {
        what: `${others.length === 0 ? 'nothing' : 'more than one file'} in quarantine has the id ${id}`,
        fix: 'see what there is with: warder quarantine list',
      })
    }
    this.#putBack(found)
    const restored = { ...found, restored: true }
    this.#write(restored)
    return restored
  }

  #putBack({ sha256, path, mode }: QuarantinedFile): void {
    const temporary = `${path}.warder-${newId()}`
    const from = openPlain(this.#objectOf(sha256))
    try {
      const to = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
      try {
        const copied = digestOf(from, (chunk) => writeAll(to, chunk))
        if (copied.sha256 !== sha256) throw refused(path, 'the copy in quarantine was changed')
        fsyncSync(to)
      } finally {
        closeSync(to)
      }
      linkSync(temporary, path) // and not a rename, which would overwrite what stands there
    } catch (cause) {
      if (cause instanceof QuarantineError) throw cause
      throw refused(
        path,
        systemCode(cause) === 'EEXIST' ? 'something stands there now' : messageOf(cause),
        cause,
      )
    } finally {
      closeSync(from)
      rmSync(temporary, { force: true })
    }
  }

  #copy(fd: number): { sha256: string; sizeBytes: number } {
    const temporary = join(this.#directory, 'objects', `.${newId()}.tmp`)
    const to = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o400)
    try {
      const copied = digestOf(fd, (chunk) => writeAll(to, chunk))
      fsyncSync(to)
      renameSync(temporary, this.#objectOf(copied.sha256))
      syncDirectory(join(this.#directory, 'objects'))
      return copied
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    } finally {
      closeSync(to)
    }
  }

  #write(file: QuarantinedFile): void {
    writeFileAtomic(join(this.#directory, `${file.id}.json`), `${JSON.stringify({ version: 1, ...file })}\n`)
  }

  #read(id: string): QuarantinedFile {
    const text = readPrivateFile(join(this.#directory, `${id}.json`))?.toString() ?? ''
    const { version: _, ...file } = Shape.parse(JSON.parse(text))
    return file
  }

  #ids(): string[] {
    if (!existsSync(this.#directory)) return []
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
  }

  #objectOf(sha256: string): string {
    return join(this.#directory, 'objects', sha256)
  }
}

/** O_NONBLOCK so that a planted pipe cannot hold us for ever; no link is followed. */
function openPlain(path: string): number {
  if (foreignFiles.isSilent(path)) throw refused(path, 'its file system does not answer')
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    throw refused(path, messageOf(cause), cause)
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw refused(path, 'it is not a plain file')
}

/** Removes the name only while it still names the file that was copied. */
function removeSame(path: string, copied: Stats): void {
  const now = lstatSync(path)
  if (now.ino !== copied.ino || now.dev !== copied.dev || now.mtimeMs !== copied.mtimeMs)
    throw refused(path, 'it was exchanged or written to while it was copied')
  unlinkSync(path)
}

function digestOf(fd: number, each: (chunk: Buffer) => void): { sha256: string; sizeBytes: number } {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK)
  let at = 0
  for (;;) {
    const length = readSync(fd, buffer, 0, CHUNK, at)
    if (length === 0) return { sha256: hash.digest('hex'), sizeBytes: at }
    const chunk = buffer.subarray(0, length)
    hash.update(chunk)
    each(chunk)
    at += length
  }
}

function writeAll(fd: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at)
}

function refused(path: string, why: string, cause?: unknown): QuarantineError {
  return new QuarantineError('QUARANTINE_REFUSED', {
    what: `${path}: ${why}`,
    fix: 'look at what stands there, then try again',
    cause,
  })
}
