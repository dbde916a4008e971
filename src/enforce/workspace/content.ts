import { createHash } from 'node:crypto'
import { inParent } from './below.ts'
import { calmPieces, closeFile, sizeOfFile } from './bytes.ts'
import type { Directory } from './directory.ts'

/** What can be said of a file's content after one reading. */
export interface Content {
  readonly digest: string
  readonly sizeBytes: number
  /** The text, when it is one and not large. */
  readonly text?: string
  /** The bytes read as Latin-1 when they are no text and not large: a secret may stand between them. */
  readonly latin?: string
  readonly isLarge: boolean
}

/** Above this a file is not compared line by line, nor searched. */
export const LARGE_BYTES = 4 * 1024 * 1024

/** Reads a regular file of a directory. @returns undefined when none stands there */
export async function readContent(directory: Directory, name: string): Promise<Content | undefined> {
  const fd = directory.file(name)
  if (fd === undefined) return undefined
  try {
    return await contentOf(fd)
  } finally {
    closeFile(fd)
  }
}

/** The same by a path below a directory. */
export async function contentAt(root: Directory, path: string): Promise<Content | undefined> {
  const fd = inParent(root, path, (parent, name) => parent.file(name))
  if (fd === undefined) return undefined
  try {
    return await contentOf(fd)
  } finally {
    closeFile(fd)
  }
}

export async function contentOf(fd: number): Promise<Content> {
  const isLarge = sizeOfFile(fd) > LARGE_BYTES
  const hash = createHash('sha256')
  const kept: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of calmPieces(fd)) {
    hash.update(piece)
    sizeBytes += piece.length
    if (!isLarge) kept.push(Buffer.from(piece))
  }
  const digest = hash.digest('hex')
  if (isLarge) return { digest, sizeBytes, isLarge }
  const bytes = Buffer.concat(kept)
  const text = textIn(bytes)
  return text === undefined
    ? { digest, sizeBytes, isLarge, latin: bytes.toString('latin1') }
    : { digest, sizeBytes, isLarge, text }
}

function textIn(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Whether the text says something secret that it did not say before. */
export function saysNewSecret(
  after: string,
  before: string | undefined,
  redact: (text: string) => string,
): boolean {
  const known = new Set((before ?? '').split('\n'))
  const fresh = after
    .split('\n')
    .filter((line) => !known.has(line))
    .join('\n')
  return redact(fresh) !== fresh
}
