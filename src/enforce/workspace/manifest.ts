import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { z } from 'zod'
import { WorkspaceError } from './errors.ts'

/** Why a snapshot was taken. All but the owner's own are removed by themselves when there are too many. */
export const SNAPSHOT_CAUSES = ['owner', 'before-apply', 'before-restore', 'before-run'] as const
export type SnapshotCause = (typeof SNAPSHOT_CAUSES)[number]

const EntryShape = z.strictObject({
  path: z.string(),
  kind: z.enum(['file', 'directory', 'link']),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  /** Nanoseconds since the epoch. */
  modified: z.string(),
  sizeBytes: z.number().optional(),
  digest: z.string().optional(),
  target: z.string().optional(),
  /** Extended attributes of the user, base64. */
  attributes: z.record(z.string(), z.string()).optional(),
  /** What the file looked like when it was read: one that still looks so is not read again. */
  stamp: z.string().optional(),
})
export type SnapshotEntry = z.output<typeof EntryShape>

const SnapshotShape = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-z-]{4,64}$/),
  workspace: z.string(),
  takenAt: z.iso.datetime(),
  cause: z.enum(SNAPSHOT_CAUSES),
  note: z.string(),
  /** False: only the paths that were about to be changed. */
  isWhole: z.boolean(),
  entries: z.array(EntryShape),
  /** Paths where nothing stood; going back removes what stands there now. */
  absent: z.array(z.string()),
  /** What cannot be kept: pipes, sockets, devices, names that are not text. */
  left: z.array(z.string()),
})
export type Snapshot = z.output<typeof SnapshotShape>

export function writeSnapshot(snapshot: Snapshot): Buffer {
  return zstdCompressSync(JSON.stringify(snapshot))
}

/** @throws WorkspaceError `SNAPSHOT_DAMAGED` */
export function readSnapshot(id: string, bytes: Uint8Array): Snapshot {
  try {
    const text = zstdDecompressSync(bytes, { maxOutputLength: 512 * 1024 * 1024 }).toString()
    return SnapshotShape.parse(JSON.parse(text))
  } catch (cause) {
    throw new WorkspaceError(
      'SNAPSHOT_DAMAGED',
      `the snapshot ${id} is damaged`,
      'use another one: warder snapshot list',
      { cause },
    )
  }
}
