import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { AgentName, Id } from './words.ts'

const Side = z.object({
  kind: z.enum(['file', 'directory', 'link', 'fifo', 'socket', 'device']),
  mode: z.int(),
  sizeBytes: z.int(),
  target: z.string().optional(),
  digest: z.string().optional(),
})

/** What an agent did at one path of its workspace. */
export const ChangeShape = z.object({
  path: z.string().describe('relative to the workspace'),
  what: z.enum(['added', 'changed', 'deleted', 'mode', 'replaced']),
  before: Side.optional(),
  after: Side.optional(),
  flags: z.array(z.string()).describe('why it is left out unless accepted'),
  contains: z.int().optional().describe('how much goes with a deleted directory'),
  sameFile: z.array(z.string()).optional().describe('other names of the same file'),
  diff: z.string().optional().describe('unified, secrets masked'),
})
export type ChangeAnswer = z.infer<typeof ChangeShape>

/** An agent's change set. */
export const ChangeSetShape = z.object({
  id: z.string(),
  agent: z.string(),
  workspace: z.string(),
  mode: z.enum(['overlay', 'worktree']).describe('overlay: files; worktree: commits in a clone of its own'),
  openedAt: z.iso.datetime(),
  inUse: z.boolean().describe('a run writes to it'),
})

/** A branch of an agent's clone that the owner's repository does not have yet, or has otherwise. */
export const BranchShape = z.object({
  ref: z.string().describe('where it is, or would be, in the owner’s repository'),
  before: z.string().optional(),
  after: z.string(),
})

/** Which flags a change can be taken in spite of. */
export const Acceptable = z.enum([
  'protected',
  'secret',
  'executable',
  'escaping-link',
  'large',
  'binary',
  'conflict',
])

/** A path in a workspace: relative to it, or absolute and below it. */
export const WorkspacePath = z.string().min(1).max(4096)

/** A kept state of a workspace. */
export const SnapshotShape = z.object({
  id: z.string(),
  workspace: z.string(),
  takenAt: z.iso.datetime(),
  cause: z.enum(['owner', 'before-apply', 'before-restore', 'before-run']),
  note: z.string(),
  whole: z.boolean().describe('false: only the paths that were about to be changed'),
  files: z.int(),
  sizeBytes: z.int(),
  left: z.array(z.string()).describe('what cannot be kept: pipes, sockets, devices'),
})
export type SnapshotAnswer = z.infer<typeof SnapshotShape>

const OfChangeSet = { agent: AgentName, workspace: z.string().min(1).max(4096).optional() }
const Paths = z.array(WorkspacePath).max(1000).default([])
const LeftOut = z.array(z.object({ path: z.string(), why: z.string() }))

/** What agents changed, and kept states of workspaces. */
export const CHANGE_ENDPOINTS = {
  changesList: endpoint({
    method: 'GET',
    path: '/v1/changes',
    about: 'change sets that wait for a decision',
    input: z.strictObject({ agent: AgentName.optional() }),
    output: z.object({ sets: z.array(ChangeSetShape) }),
  }),
  changesShow: endpoint({
    method: 'GET',
    path: '/v1/changes/:agent',
    about: 'what an agent changed',
    input: z.strictObject({
      ...OfChangeSet,
      path: WorkspacePath.optional().describe('only this, with what is below it'),
      diff: z.stringbool().optional(),
    }),
    output: ChangeSetShape.extend({
      changes: z.array(ChangeShape),
      branches: z.array(BranchShape),
      complete: z.boolean().describe('false: there was more than could be looked at, and nothing is applied'),
      digest: z.string().describe('of all changes, also of those not shown'),
    }),
  }),
  changesApply: endpoint({
    method: 'POST',
    path: '/v1/changes/:agent/apply',
    about: 'write an agent’s changes to its workspace, all of those chosen or none',
    input: z.strictObject({
      ...OfChangeSet,
      paths: Paths.describe('none: all'),
      accept: z.array(Acceptable).max(16).default([]),
      digest: z.string().length(64).optional().describe('refused when the changes are no longer these'),
    }),
    output: z.object({
      workspace: z.string(),
      applied: z.array(z.string()),
      left: LeftOut,
      branches: z
        .array(BranchShape)
        .describe('of a worktree: references that were written; nothing is checked out'),
      snapshot: z.string().optional().describe('to go back to'),
      closed: z.boolean().describe('nothing is left'),
    }),
  }),
  changesDiscard: endpoint({
    method: 'POST',
    path: '/v1/changes/:agent/discard',
    about: 'forget what an agent changed',
    input: z.strictObject({ ...OfChangeSet, paths: Paths.describe('none: all') }),
    output: z.object({ workspace: z.string(), discarded: z.int(), closed: z.boolean() }),
  }),
  snapshotTake: endpoint({
    method: 'POST',
    path: '/v1/snapshots',
    about: 'keep a workspace as it is',
    input: z.strictObject({ workspace: z.string().min(1).max(4096), note: z.string().max(500).default('') }),
    output: SnapshotShape,
  }),
  snapshotList: endpoint({
    method: 'GET',
    path: '/v1/snapshots',
    about: 'kept states of workspaces, newest first',
    input: z.strictObject({ workspace: z.string().min(1).max(4096).optional() }),
    output: z.object({ snapshots: z.array(SnapshotShape), storeBytes: z.int(), mostBytes: z.int() }),
  }),
  snapshotShow: endpoint({
    method: 'GET',
    path: '/v1/snapshots/:id',
    about: 'a snapshot, and what going back to it would change now',
    input: z.strictObject({ id: Id }),
    output: SnapshotShape.extend({ differs: z.array(z.string()) }),
  }),
  snapshotRestore: endpoint({
    method: 'POST',
    path: '/v1/snapshots/:id/restore',
    about: 'go back to a snapshot',
    input: z.strictObject({ id: Id, paths: Paths.describe('none: all') }),
    output: z.object({
      workspace: z.string(),
      changed: z.array(z.string()),
      before: z.string().optional().describe('the snapshot of what was there, to undo this'),
    }),
  }),
  snapshotDrop: endpoint({
    method: 'DELETE',
    path: '/v1/snapshots/:id',
    about: 'forget a snapshot',
    input: z.strictObject({ id: Id }),
    output: SnapshotShape,
  }),
} as const satisfies Record<string, Endpoint>
