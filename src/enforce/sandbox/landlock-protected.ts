import { lstatSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sha256 } from '../../core/canonical.ts'
import type { SandboxSpec } from './spec.ts'

/** In a repository a commit changes much; only these make git run something. */
const GIT_RUNS = new Set(['config', 'config.worktree', 'hooks', 'info', 'modules', 'worktrees', 'commondir'])
const MOST_ENTRIES = 5000

/** What stands at each protected name, told so that no change to it stays unseen: a change time cannot be set back. */
export type ProtectedState = ReadonlyMap<string, string>

/**
 * Looks at the protected names of a run. At the Landlock level they cannot be kept from changing; so they are looked at
 * before and after, and what changed is told before a tool of the user's reads it.
 */
export function protectedState({ mounts }: Pick<SandboxSpec, 'mounts'>): ProtectedState {
  const paths = mounts.filter(({ why }) => why === 'protected name').map(({ path }) => path)
  return new Map(paths.map((path) => [path, stateOf(path)]))
}

/** What is no longer as it was, in words for the run's end; undefined when all is. */
export function protectedChanges(before: ProtectedState): string | undefined {
  const changed = [...before].filter(([path, state]) => state === TOO_MUCH || stateOf(path) !== state)
  if (changed.length === 0) return undefined
  const names = changed.map(([path, state]) => (state === TOO_MUCH ? `${path} (too large to compare)` : path))
  return `protected names changed while it ran: ${names.join(', ')}; look at them before any tool of yours does`
}

const TOO_MUCH = 'more than can be compared'

function stateOf(path: string): string {
  const lines: string[] = []
  const pending = [path]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (lines.length >= MOST_ENTRIES) return TOO_MUCH
    const stat = lstatSync(at, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) lines.push(`${at}\0absent`)
    else if (stat.isDirectory()) {
      lines.push(`${at}\0${stat.ino} ${stat.mode}`)
      pending.push(...entriesOf(at).map((name) => join(at, name)))
    } else lines.push(`${at}\0${stat.ino} ${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`)
  }
  return sha256(lines.toSorted().join('\n'))
}

function entriesOf(directory: string): string[] {
  const all = quietly(() => readdirSync(directory)) ?? ['(cannot be listed)']
  return basename(directory) === '.git' ? all.filter((name) => GIT_RUNS.has(name)) : all
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined // gone or shut meanwhile: told as another state
  }
}
