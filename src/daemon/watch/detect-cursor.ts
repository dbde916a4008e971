import { z } from 'zod'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { dirname } from 'node:path'

/** How far the ledger was read, and the time of that entry. */
export interface Cursor {
  readonly seq: number
  readonly at: number
}

const cursorSchema = z.strictObject({ v: z.literal(1), seq: z.int().min(0), at: z.number().min(0) })

/** @returns undefined where there is none yet. @throws Error when it cannot be read, or is not of its shape */
export function readCursor(path: string): Cursor | undefined {
  const bytes = readPrivateFile(path, 4096)
  if (bytes === undefined) return undefined
  const { seq, at } = cursorSchema.parse(JSON.parse(bytes.toString('utf8')))
  return { seq, at }
}

export function writeCursor(path: string, { seq, at }: Cursor): void {
  ensurePrivateDirectory(dirname(path))
  writeFileAtomic(path, JSON.stringify({ v: 1, seq, at }))
}
