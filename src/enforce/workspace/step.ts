import { z } from 'zod'
import type { Look } from './look.ts'
import { WorkspaceError } from './errors.ts'

/** One step of a transaction as it is written down, so that a later process can finish it or put it back. */
const StepShape = z.strictObject({
  kind: z.enum(['file', 'link', 'directory', 'remove', 'mode']),
  path: z.string(),
  /** Stamp of what must stand there when the step is taken; null: nothing. */
  expects: z.string().nullable(),
  /** {@link placedOf} what was staged for it. */
  placed: z.string().optional(),
  /** For `mode`: the new permissions, and those before. */
  mode: z.int().optional(),
  was: z.int().optional(),
  owner: z.strictObject({ uid: z.int(), gid: z.int() }).optional(),
})
export type Step = z.output<typeof StepShape>

/**
 * How a file is known again after it was linked or moved, which changes nothing but its change time. The inode alone
 * would not do: its number is given to the next file as soon as it is free.
 */
export function placedOf(seen: Look | undefined): string {
  return seen === undefined ? '' : `${seen.inode}.${seen.sizeBytes}.${seen.mtimeNs}`
}

const JournalShape = z.strictObject({
  version: z.literal(1),
  /** `undoing`: what was done is being put back; `done`: only the staging directory is left to remove. */
  state: z.enum(['staging', 'going', 'undoing', 'done']),
  /** The directory that is changed, and which one it was. */
  root: z.strictObject({ path: z.string(), device: z.string(), inode: z.string() }),
  /** Where new and old files are kept meanwhile, on the same file system. */
  stage: z.string(),
  /** Whose transaction it is, in its maker's words. */
  about: z.string(),
  steps: z.array(StepShape),
})
export type Journal = z.output<typeof JournalShape>

/** @throws WorkspaceError `WORKSPACE_HALF_DONE` when it cannot be understood: then nobody knows what was begun */
export function readJournal(path: string, bytes: Uint8Array): Journal {
  try {
    return JournalShape.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch (cause) {
    throw new WorkspaceError(
      'WORKSPACE_HALF_DONE',
      'the journal of an interrupted change cannot be understood',
      `look at the workspace and at ${path}; when all is well, remove that file`,
      { where: path, cause },
    )
  }
}
