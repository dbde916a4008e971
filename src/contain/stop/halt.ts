/** A run as it stands on disk, so that it can be found without the daemon that started it. */
export interface RecordedRun {
  readonly runId: string
  readonly agent: string
}

/** Kills every process of one run and says what is left; never touches a process of anybody else. */
export type KillRun<R extends RecordedRun> = (
  run: R,
) => Promise<{ readonly before: number; readonly after: number }>

export interface HaltedRun {
  readonly agent: string
  readonly runId: string
  readonly processesBefore: number
  /** 0, or the stop is not confirmed. */
  readonly processesAfter: number
  readonly ms: number
  readonly error?: string
}

/** Kills the runs of one agent, or of all, at once; a run that cannot be killed is a receipt that says so. */
export async function haltRuns<R extends RecordedRun>(
  runs: readonly R[],
  agent: string | undefined,
  kill: KillRun<R>,
  monotonicMs: () => number,
): Promise<HaltedRun[]> {
  const start = monotonicMs()
  return await Promise.all(
    runs
      .filter((run) => agent === undefined || run.agent === agent)
      .map(async (run) => {
        const receipt = { agent: run.agent, runId: run.runId }
        try {
          const { before, after } = await kill(run)
          return { ...receipt, processesBefore: before, processesAfter: after, ms: monotonicMs() - start }
        } catch (error) {
          const unknown = { processesBefore: -1, processesAfter: -1 } // unknown is not none
          return { ...receipt, ...unknown, ms: monotonicMs() - start, error: String(error) }
        }
      }),
  )
}
