import { open, rename, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemCode } from '../../core/error.ts'
import { readSmallFile } from '../../platform/files.ts'

/** The notes of a ledger, one after the other, each followed by an empty line. */
export function checkpointPath(directory: string): string {
  return join(directory, 'checkpoints')
}

const END = '\n\n'
const CHUNK_BYTES = 256 * 1024

/** Appends a note and waits until it is on the disk. */
export async function appendNote(path: string, note: string): Promise<void> {
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  )
  try {
    await file.writeFile(`${note}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Replaces the witness copy in one step: whoever reads it sees the old note or the new one. */
export async function writeWitness(path: string, note: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    try {
      await file.writeFile(note)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await directory.sync() // not on this thread: a slow disk would hold every request
    } finally {
      await directory.close()
    }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** @returns undefined when there is no witness copy. @throws FileError when there is one and it cannot be read */
export function readWitness(path: string): string | undefined {
  return readSmallFile(path)?.toString()
}

/** What a checkpoints file holds: whole notes, and what a crash may have left of one more. */
export interface NoteFile {
  readonly notes: string[]
  /** The bytes after the last whole note. */
  readonly tornBytes: number
}

/**
 * Reads the notes, oldest first; undefined when there is no file. With `lastBytes` only what lies that close to the end.
 *
 * @throws Error when the file cannot be read
 */
export function readNotes(path: string, lastBytes = Infinity): NoteFile | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fstatSync(fd)
    const from = Math.max(0, size - lastBytes)
    const parts = readAll(fd, from, size).toString().split(END)
    if (from > 0) dropPartial(parts)
    return { notes: paired(parts), tornBytes: Buffer.byteLength(tornPart(parts)) }
  } finally {
    closeSync(fd)
  }
}

/** Takes away what a crash left of a note that was being appended. */
export function cutTorn(path: string, tornBytes: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
  try {
    ftruncateSync(fd, fstatSync(fd).size - tornBytes)
  } finally {
    closeSync(fd)
  }
}

function readAll(fd: number, from: number, to: number): Buffer {
  const chunks: Buffer[] = []
  for (let at = from; at < to;) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, to - at))
    const read = readSync(fd, chunk, 0, chunk.length, at)
    if (read === 0) break
    chunks.push(chunk.subarray(0, read))
    at += read
  }
  return Buffer.concat(chunks)
}

/** Text and signatures are themselves parted by an empty line: two parts make a note. */
function paired(parts: readonly string[]): string[] {
  const notes: string[] = []
  for (let at = 0; at + 2 < parts.length; at += 2) notes.push(`${parts[at]}${END}${parts[at + 1]}\n`)
  return notes
}

function tornPart(parts: readonly string[]): string {
  const whole = parts.length - 1 - ((parts.length - 1) % 2)
  return parts.slice(whole).join(END)
}

/** Reading from the middle: begin with the first part that follows a line of signatures. */
function dropPartial(parts: string[]): void {
  while (parts.length > 0 && !parts[0]!.startsWith('— ')) parts.shift()
  parts.shift()
}
