import { realpathSync } from 'node:fs'
import { relative } from 'node:path'
import type { Door } from '../core/permit.ts'
import {
  WorkspaceError,
  type Changes,
  type ChangeSets,
  type Clones,
  type Snapshots,
} from '../enforce/workspace/index.ts'
import { foreignFiles } from '../platform/foreign-files.ts'

/** The door behind which agents' files are: changes come out of a sandbox, or do not. */
export const CHANGES_DOOR: Door = 'sandbox'

/** What the daemon knows of workspaces: change sets, and states to go back to. */
export interface Workspaces {
  readonly sets: ChangeSets
  readonly clones: Clones
  readonly changes: Changes
  readonly snapshots: Snapshots
  /** Finishes or puts back what a killed daemon left, and records it. @throws WorkspaceError when it cannot */
  readonly settle: () => Promise<void>
  /** The directory a caller means, links followed. @throws WorkspaceError `WORKSPACE_UNREADABLE`, `WORKSPACE_PATH_INVALID` */
  readonly find: (path: string) => string
}

/** Asks the file system of a directory somebody named whether it answers; to be awaited before it is looked at. */
export async function askWorkspace(path: string): Promise<void> {
  await foreignFiles.ask(() => [path])
}

/** @param own Warder's own directories: a workspace is not in one of them and holds none, keys and ledger least of all */
export function workspaceAt(path: string, own: readonly string[]): string {
  const real = realOf(path)
  const inner = real === '/' ? '/' : `${real}/`
  const clash = own.find((each) => each === real || each.startsWith(inner) || real.startsWith(`${each}/`))
  if (clash === undefined) return real
  throw new WorkspaceError(
    'WORKSPACE_PATH_INVALID',
    `${real} is no workspace: Warder keeps its own files in ${clash}`,
    'name the directory of one project',
  )
}

function realOf(path: string): string {
  if (foreignFiles.isSilent(path)) throw silent(path)
  try {
    return realpathSync(path)
  } catch (cause) {
    throw new WorkspaceError(
      'WORKSPACE_UNREADABLE',
      `${path} is not there, or may not be looked at`,
      'give the directory of the workspace',
      { cause },
    )
  }
}

function silent(path: string): WorkspaceError {
  return new WorkspaceError(
    'WORKSPACE_UNREADABLE',
    `the file system of ${path} does not answer, or belongs to another user’s program`,
    'see to the file system, then try again after half a minute',
  )
}

/** Paths as the room wants them: relative to the workspace, without a slash at the end. */
export function relativePaths(workspace: string, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const plain = path.startsWith('/') ? relative(workspace, path) : path
    return plain.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
  })
}
