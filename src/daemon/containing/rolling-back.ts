import { setTimeout as sleep } from 'node:timers/promises'
import type { ActionPort, Order } from '../../contain/incident/index.ts'
import type { LiveRun } from '../runs.ts'
import type { ContainOptions } from './options.ts'

type Options = Pick<ContainOptions, 'changes'>

const MOST_TRIES = 10
const PAUSE_MS = 200

/**
 * Puts the workspace back to a snapshot. What is changed by that is kept first, so going back can be undone. Where the
 * agent's changes lie aside, nothing of them has reached the workspace, and they stay where they are.
 */
export function rollBackPort({ changes }: Options): ActionPort {
  const undo = new Map<string, string>()
  return {
    async act({ input = {} }, { id }) {
      const { snapshot } = input
      if (snapshot === undefined) return
      await changes.settle()
      const { before, changed } = await restored(changes.snapshots, snapshot)
      if (before !== undefined)
        undo.set(id, `${changed.length} paths put back; undone with: warder snapshot restore ${before}; `)
    },
    async look({ target, input = {} }, { id }) {
      const { snapshot, aside, none } = input
      if (aside !== undefined)
        return {
          state: 'nothing',
          evidence: `its changes lie aside and never reached ${target}: warder changes show ${aside}`,
        }
      if (snapshot === undefined) return { state: 'failed', evidence: none ?? 'no snapshot was chosen' }
      const differs = await changes.snapshots.differences(snapshot, [])
      if (differs.length > 0)
        return { state: 'failed', evidence: `${differs.length} paths are not as in snapshot ${snapshot}` }
      return { state: 'done', evidence: `${undo.get(id) ?? ''}${target} is as in snapshot ${snapshot}` }
    },
    mostMs: 600_000,
  }
}

/** What a sandbox put into the workspace to stand on goes away with it, a moment after its last process. */
async function restored(snapshots: Options['changes']['snapshots'], id: string) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await snapshots.restore(id, [])
    } catch (error) {
      if (tries === MOST_TRIES) throw error
      await sleep(PAUSE_MS)
    }
  }
}

/**
 * Which workspaces of an agent go back, and to what: the snapshot that was named, or the newest whole one from before
 * its oldest run there began.
 *
 * @throws WorkspaceError `SNAPSHOT_MISSING`
 */
export function rollBackOrders(
  { changes }: Options,
  agent: string,
  runs: readonly LiveRun[],
  to?: string,
): Order[] {
  if (to !== undefined) {
    const { id, workspace } = changes.snapshots.get(to)
    return [{ action: 'roll_back', target: workspace, input: { snapshot: id } }]
  }
  const byWorkspace = Map.groupBy(runs, ({ workspace }) => workspace)
  return [...byWorkspace].map(([workspace, there]): Order => {
    const order = { action: 'roll_back' as const, target: workspace }
    if (isAside(changes, agent, workspace)) return { ...order, input: { aside: agent } }
    const since = new Date(Math.min(...there.map(({ running }) => running.startedAt))).toISOString()
    const before = changes.snapshots
      .list(workspace)
      .find(({ isWhole, takenAt }) => isWhole && takenAt <= since)
    return before === undefined
      ? {
          ...order,
          input: {
            none: `no whole snapshot of ${workspace} is from before ${since}: take one while nothing runs, or name one with --to`,
          },
        }
      : { ...order, input: { snapshot: before.id } }
  })
}

/** Whether what the agent writes there now goes to a change set or a clone of its own. */
function isAside({ sets, clones }: Options['changes'], agent: string, workspace: string): boolean {
  const isTheirs = (each: { readonly agent: string; readonly workspace: string }) =>
    each.agent === agent && each.workspace === workspace
  return (
    sets.list().some((set) => isTheirs(set) && sets.isInUse(set)) ||
    clones.list().some((clone) => isTheirs(clone) && clones.isInUse(clone))
  )
}
