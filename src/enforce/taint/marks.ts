import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { foreignFiles } from '../../platform/foreign-files.ts'
import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'

/** What a file is known by, whatever it is called. */
export interface FileSeen {
  /** Device and number, such as `8:1234`. */
  readonly inode?: string
  /** SHA-256 of what is in it; of regular files of 4 MiB at most that are not empty. */
  readonly digest?: string
  /** What it carries itself. */
  readonly labels?: readonly string[]
}

/** Looks at files and puts the labels on them, where the file system keeps any. What cannot be opened is known by its path alone. */
export interface FileMarks {
  readonly mark: (path: string, labels: readonly string[]) => FileSeen
  readonly look: (path: string) => FileSeen
  readonly unmark: (path: string) => void
}

/** Of the `user.` kind, which whoever may write the file may change: the book is what counts. */
const ATTRIBUTE = 'user.warder.taint'
const MOST_BYTES = 4 * 1024 ** 2
const PART_BYTES = 64 * 1024
const LABEL = /^[a-z][a-z-]{0,63}$/

/** @param attributes absent: files are known by place, number and content alone */
export function fileMarks(attributes: ExtendedAttributes | undefined): FileMarks {
  return {
    mark: (path, labels) =>
      within(path, (fd, stats) => {
        put(attributes, fd, labels.join(','))
        return known(fd, stats)
      }),
    look: (path) => within(path, (fd, stats) => ({ ...known(fd, stats), labels: carried(attributes, fd) })),
    unmark: (path) =>
      void within(path, (fd) => {
        put(attributes, fd, '')
        return {}
      }),
  }
}

function within(path: string, work: (fd: number, stats: Stats) => FileSeen): FileSeen {
  if (foreignFiles.isSilent(path)) return {}
  let fd: number
  try {
    // links are followed: what counts is what is read in the end; a pipe must not keep us waiting
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return {}
  }
  try {
    const stats = fstatSync(fd)
    return stats.isFile() ? work(fd, stats) : {}
  } catch {
    return {}
  } finally {
    closeSync(fd)
  }
}

function known(fd: number, { dev, ino, size }: Stats): FileSeen {
  const inode = `${dev}:${ino}`
  return size === 0 || size > MOST_BYTES ? { inode } : { inode, digest: digestOf(fd) }
}

function digestOf(fd: number): string {
  const hash = createHash('sha256')
  const part = Buffer.alloc(PART_BYTES)
  for (let at = 0; at < MOST_BYTES;) {
    const sizeBytes = readSync(fd, part, 0, part.length, at)
    if (sizeBytes === 0) break
    hash.update(part.subarray(0, sizeBytes))
    at += sizeBytes
  }
  return hash.digest('hex')
}

function put(attributes: ExtendedAttributes | undefined, fd: number, value: string): void {
  try {
    attributes?.set(fd, ATTRIBUTE, Buffer.from(value))
  } catch {
    // not every file system keeps them, nor every file lets us; the book does
  }
}

/** Words of ours or nothing: an agent can write there as well, and may only make things worse for itself. */
function carried(attributes: ExtendedAttributes | undefined, fd: number): readonly string[] {
  const text = attributes?.get(fd, ATTRIBUTE)?.toString('latin1') ?? ''
  return text === ''
    ? []
    : text
        .split(',')
        .filter((label) => LABEL.test(label))
        .slice(0, 16)
}
