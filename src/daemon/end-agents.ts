import { join } from 'node:path'
import { haltRuns, type HaltedRun, type Hold } from '../contain/stop/index.ts'
// these three alone, not the whole room: the supervisor loads them, and need not know what a profile is
import { freezeAll } from '../enforce/sandbox/freeze.ts'
import { killPidNamespace } from '../enforce/sandbox/processes.ts'
import { readRunRecords, type RunRecord } from '../enforce/sandbox/registry.ts'

type KnownRun = RunRecord & { readonly init: NonNullable<RunRecord['init']> }

const HOLD: Hold<KnownRun> = {
  async freeze(runs) {
    const areStill = await freezeAll(runs.map(({ init }) => init))
    return new Set(runs.filter((_, i) => areStill[i]))
  },
  async kill({ init, pidNamespace }) {
    const { processesBefore, processesAfter } = await killPidNamespace(init, pidNamespace)
    return { before: processesBefore, after: processesAfter }
  },
}

/**
 * Freezes and kills every run that the registry on disk knows, whoever started it, without a daemon's help.
 *
 * @returns what became of those that were there
 */
export async function endRecordedAgents(
  runtimeDirectory: string,
  whenFrozen?: () => void,
): Promise<HaltedRun[]> {
  const halted = await haltRuns({
    list: () =>
      readRunRecords(join(runtimeDirectory, 'runs')).filter((run): run is KnownRun => run.init !== undefined),
    hold: HOLD,
    monotonicMs: () => performance.now(),
    ...(whenFrozen === undefined ? {} : { whenFrozen }),
  })
  return halted.filter(({ processesBefore }) => processesBefore !== 0)
}
