import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openExtendedAttributes } from '../../platform/extended-attributes.ts'
import { Changes } from './changes.ts'
import { ChangeSets, type ChangeSet, type OpenChangeSet } from './change-sets.ts'
import type { AcceptableFlag, Change } from './change.ts'
import { Snapshots } from './snapshots.ts'
import { Transactions } from './transaction.ts'

/** The names a sandbox protects, as far as tests need them. */
export const NAMES = ['.git/', '.vscode/', '.github/hooks/', '.npmrc', '.envrc']

export function redactExample(text: string): string {
  return text.replaceAll(/sk-[A-Za-z0-9]{16,}/g, '[redacted]')
}

interface ExampleOptions {
  readonly mostBytes?: number
  readonly keep?: number
  readonly checkRoom?: () => void
  /** Who the agent runs as, when Warder is root. */
  readonly runsAs?: { readonly uid: number; readonly gid: number }
}

/** A workspace and its state in a temporary directory, with a real overlay of the kernel to write through. */
export function workspaceExample(t: { after(fn: () => void): void }, more: ExampleOptions = {}) {
  const home = mkdtempSync(join(tmpdir(), 'ww-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const workspace = join(home, 'work')
  mkdirSync(workspace)
  return { home, workspace, ...openWorkspaceExample(home, more) }
}

/** The same state opened again, as after a restart. */
export function openWorkspaceExample(home: string, more: ExampleOptions = {}) {
  const attributes = openExtendedAttributes()
  if ('missing' in attributes) throw new Error(attributes.missing)
  const workspace = join(home, 'work')
  const count = { ids: 0 }
  const clock = { ms: Date.UTC(2026, 0, 2) }
  const newId = (): string => `${clock.ms.toString(36)}-${(count.ids += 1)}-${process.pid}`
  const now = (): number => (clock.ms += 1000)
  const uid = process.getuid?.() ?? -1
  const owner = more.runsAs ?? { uid, gid: process.getgid?.() ?? -1 }
  const canGive = more.runsAs !== undefined
  mkdirSync(join(home, 'state'), { recursive: true, mode: 0o700 })
  const sets = new ChangeSets({
    attributes,
    own: join(home, 'state/changes'),
    givenAway: join(home, 'given/changes'),
    uid,
    now,
    newId,
  })
  const transactions = new Transactions(join(home, 'state/journals'))
  const snapshots = new Snapshots({
    directory: join(home, 'state/snapshots'),
    attributes,
    transactions,
    mostBytes: more.mostBytes ?? 64 * 1024 * 1024,
    keep: more.keep ?? 20,
    checkRoom: more.checkRoom ?? (() => undefined),
    canGive,
    now,
    newId,
  })
  const changes = new Changes({
    sets,
    snapshots,
    transactions,
    attributes,
    redact: redactExample,
    canGive,
  })
  const open = (agent = 'builder'): Promise<OpenChangeSet> => sets.open(agent, workspace, owner, NAMES)
  return {
    attributes,
    sets,
    transactions,
    snapshots,
    changes,
    owner,
    open,
    /** Runs a script as the agent, once, and closes the run. */
    agent: async (script: string, agent = 'builder'): Promise<ChangeSet> => {
      const run = await open(agent)
      try {
        inOverlay(home, run.set, script, more.runsAs)
      } finally {
        run.close()
      }
      return run.set
    },
    apply: async (set: ChangeSet, accept: readonly AcceptableFlag[] = [], paths: readonly string[] = []) => {
      const { report } = await changes.show(set)
      return await changes.apply(set, { paths, accept: new Set(accept), digest: report.digest })
    },
  }
}

/** Runs a script in a fresh user and mount namespace, in the kernel's overlay of the change set over the workspace. */
export function inOverlay(
  home: string,
  set: Pick<ChangeSet, 'upper' | 'work' | 'workspace'>,
  script: string,
  runsAs?: { readonly uid: number; readonly gid: number },
): void {
  const merged = join(home, 'merged')
  mkdirSync(merged, { recursive: true })
  const mount = `mount -t overlay overlay -o "userxattr,lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$MERGED"`
  execFileSync('unshare', ['-Urm', 'sh', '-c', `set -e; ${mount}; cd "$MERGED"; ${script}`], {
    env: {
      PATH: process.env['PATH'] ?? '',
      LOWER: set.workspace,
      UPPER: set.upper,
      WORK: set.work,
      MERGED: merged,
    },
    ...runsAs,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** `path what flags`, for short comparisons. */
export function brief(changes: readonly Change[]): string[] {
  return changes.map(({ path, what, flags }) => [path, what, ...flags].join(' '))
}
