import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const WORKSPACE_ERRORS = {
  WORKSPACE_PATH_INVALID: { kind: 'invalid', meaning: 'a path is not one below the workspace' },
  WORKSPACE_UNREADABLE: { kind: 'unavailable', meaning: 'a workspace or its change set cannot be read' },
  WORKSPACE_REPLACED: {
    kind: 'conflict',
    meaning: 'the workspace is no longer the directory the change set was opened on',
  },
  WORKSPACE_TOO_LARGE: {
    kind: 'invalid',
    meaning: 'a workspace has more files than a change set or snapshot takes',
  },
  CHANGES_MISSING: { kind: 'missing', meaning: 'the agent has no open change set there' },
  CHANGES_AMBIGUOUS: { kind: 'invalid', meaning: 'the agent has change sets in several workspaces' },
  CHANGES_IN_USE: { kind: 'conflict', meaning: 'a run of the agent still writes to the change set' },
  CHANGES_OTHER_USER: {
    kind: 'conflict',
    meaning: 'the change set was made for another user than the one the agent would run as now',
  },
  CHANGES_TOO_LARGE: {
    kind: 'conflict',
    meaning: 'a change set or clone takes more than it may; no run writes to it until it is decided on',
  },
  CHANGES_MOVED_ON: {
    kind: 'conflict',
    meaning: 'the changes are not those that were looked at',
  },
  CHANGES_NOTHING: { kind: 'conflict', meaning: 'none of the changes asked for can be applied' },
  CHANGE_UNKNOWN: { kind: 'missing', meaning: 'no change is at or below the path that was named' },
  WORKSPACE_NO_ROOM: {
    kind: 'unavailable',
    meaning: 'a disk that agents write to has less room left than must stay free',
  },
  WORKSPACE_CHANGED: {
    kind: 'conflict',
    meaning: 'a file changed between the look and the act; everything was put back',
  },
  WORKSPACE_UNWRITABLE: {
    kind: 'unavailable',
    meaning: 'the workspace could not be written; everything was put back',
  },
  WORKSPACE_HALF_DONE: {
    kind: 'conflict',
    meaning: 'an interrupted change could be neither finished nor put back whole',
  },
  SNAPSHOT_MISSING: { kind: 'missing', meaning: 'there is no such snapshot' },
  SNAPSHOT_FULL: { kind: 'conflict', meaning: 'the snapshot would take the store over its size limit' },
  SNAPSHOT_DAMAGED: {
    kind: 'unavailable',
    meaning: 'a snapshot or one of its objects is not what was stored',
  },
  GIT_MISSING: { kind: 'unavailable', meaning: 'there is no git on this machine' },
  GIT_FAILED: { kind: 'unavailable', meaning: 'git did not do what it was asked for' },
  GIT_UNSAFE: {
    kind: 'forbidden',
    meaning: "an agent's clone holds something that could lead git outside, or is not a plain repository",
  },
} as const satisfies ErrorCatalogue

/** A workspace could not be read, changed or kept; what was begun was put back unless the error says otherwise. */
export class WorkspaceError extends KnownError<typeof WORKSPACE_ERRORS> {
  override readonly name = 'WorkspaceError'

  constructor(
    code: keyof typeof WORKSPACE_ERRORS,
    what: string,
    fix: string,
    more: { readonly where?: string; readonly cause?: unknown } = {},
  ) {
    super(WORKSPACE_ERRORS, code, { what, fix, ...more })
  }
}
