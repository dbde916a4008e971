import type { SnapshotAnswer } from '../../api/changes.ts'
import type { Snapshot } from '../../enforce/workspace/index.ts'
import type { Acts } from '../acts.ts'
import { askWorkspace, CHANGES_DOOR, relativePaths, type Workspaces } from '../workspace-paths.ts'
import type { Handlers } from './app.ts'

export interface SnapshotHandlerOptions {
  readonly workspaces: Workspaces
  readonly acts: Acts
  readonly mostBytes: number
  /** Masks secrets: a note is kept, and shown to whoever lists the snapshots. */
  readonly redact: (text: string) => string
}

/** Snapshots belong to the owner: they hold all that is in a workspace, and give it back. */
export function snapshotHandlers({
  workspaces,
  acts,
  mostBytes,
  redact,
}: SnapshotHandlerOptions): Pick<
  Handlers,
  'snapshotTake' | 'snapshotList' | 'snapshotShow' | 'snapshotRestore' | 'snapshotDrop'
> {
  const { snapshots, settle, find } = workspaces
  return {
    async snapshotTake({ workspace: given, note: written }, { credential }) {
      await settle()
      await askWorkspace(given)
      const workspace = find(given)
      const note = redact(written)
      const asked = {
        credential,
        namespace: 'fs',
        verb: 'read',
        resource: workspace,
        risk: 'low' as const,
        reason: 'keep a snapshot',
        input: { workspace, note },
      }
      const { value } = await acts.act(asked, CHANGES_DOOR, () => snapshots.take(workspace, 'owner', note))
      return answerOf(value)
    },
    async snapshotList({ workspace }) {
      const found = snapshots.list(workspace === undefined ? undefined : find(workspace))
      return { snapshots: found.map(answerOf), storeBytes: snapshots.sizeBytes(), mostBytes }
    },
    async snapshotShow({ id }) {
      await settle()
      return { ...answerOf(snapshots.get(id)), differs: await snapshots.differences(id, []) }
    },
    async snapshotRestore({ id, paths: given }, { credential }) {
      await settle()
      const snapshot = snapshots.get(id)
      const paths = relativePaths(snapshot.workspace, given)
      const asked = {
        credential,
        namespace: 'fs',
        verb: 'write',
        resource: snapshot.workspace,
        risk: 'medium' as const,
        reason: `go back to snapshot ${snapshot.id} of ${snapshot.takenAt}`,
        input: { snapshot: snapshot.id, paths },
      }
      const { value } = await acts.act(asked, CHANGES_DOOR, () => snapshots.restore(snapshot.id, paths))
      const before = value.before === undefined ? {} : { before: value.before }
      return { workspace: snapshot.workspace, changed: [...value.changed], ...before }
    },
    async snapshotDrop({ id }, { credential }) {
      const snapshot = snapshots.get(id)
      const asked = {
        credential,
        namespace: 'config',
        verb: 'write',
        resource: `snapshots/${snapshot.id}`,
        risk: 'medium' as const,
        reason: `forget the snapshot of ${snapshot.workspace} of ${snapshot.takenAt}`,
        input: { drop: snapshot.id },
      }
      const { value } = await acts.act(asked, CHANGES_DOOR, () => snapshots.drop(snapshot.id))
      return answerOf(value)
    },
  }
}

function answerOf({ id, workspace, takenAt, cause, note, isWhole, entries, left }: Snapshot): SnapshotAnswer {
  const files = entries.filter(({ kind }) => kind === 'file')
  const sizeBytes = files.reduce((sum, entry) => sum + (entry.sizeBytes ?? 0), 0)
  return { id, workspace, takenAt, cause, note, whole: isWhole, files: files.length, sizeBytes, left }
}
