/** A run as it stands on disk, so that it can be found without the daemon that started it. */
export interface RecordedRun {
  readonly runId: string
  readonly agent: string
}

/** What can be done to runs from outside; never to a process of anybody else. */
export interface Hold<R extends RecordedRun> {
  /** Stops every process of these runs where it is. @returns the runs that were seen to stand still */
  freeze(runs: readonly R[]): Promise<ReadonlySet<R>>
  /** Kills every process of one run and says what is left. */
  kill(run: R): Promise<{ readonly before: number; readonly after: number }>
}

export interface HaltOptions<R extends RecordedRun> {
  /** Asked again once what was there stands still: a run that began meanwhile is killed as well. */
  readonly list: () => readonly R[]
  /** Absent: of every agent. */
  readonly agent?: string | undefined
  readonly hold: Hold<R>
  readonly monotonicMs: () => number
  /** What has to be done before anything is killed, and while nothing runs; such as to write the stop down. */
  readonly whenFrozen?: () => void
}

export interface HaltedRun {
  readonly agent: string
  readonly runId: string
  readonly processesBefore: number
  /** 0, or the stop is not confirmed. */
  readonly processesAfter: number
  /** When everything of it was seen to stand still; absent when it was killed without that. */
  readonly frozenMs?: number
  /** When nothing of it was left, counted like `frozenMs` from the order. */
  readonly ms: number
  readonly error?: string
}

/**
 * Freezes the runs of one agent, or of all, then kills them, each at once; a run that cannot be killed is a receipt
 * that says so. Freezing is quick even where killing is slow, and what cannot be frozen is killed all the same.
 */
export async function haltRuns<R extends RecordedRun>(options: HaltOptions<R>): Promise<HaltedRun[]> {
  const { list, agent, hold, monotonicMs, whenFrozen } = options
  const start = monotonicMs()
  const theirs = (): R[] => list().filter((run) => agent === undefined || run.agent === agent)
  const still = await freeze(hold, theirs())
  const frozen = new Map([...still].map(({ runId }) => [runId, monotonicMs() - start]))
  whenFrozen?.()
  return await Promise.all(
    theirs().map(async (run) => {
      const receipt = { agent: run.agent, runId: run.runId, ...at(frozen.get(run.runId)) }
      try {
        const { before, after } = await hold.kill(run)
        return { ...receipt, processesBefore: before, processesAfter: after, ms: monotonicMs() - start }
      } catch (error) {
        const unknown = { processesBefore: -1, processesAfter: -1 } // unknown is not none
        return { ...receipt, ...unknown, ms: monotonicMs() - start, error: String(error) }
      }
    }),
  )
}

async function freeze<R extends RecordedRun>(hold: Hold<R>, runs: readonly R[]): Promise<ReadonlySet<R>> {
  try {
    return await hold.freeze(runs)
  } catch {
    return new Set() // then they are killed as they are; their receipts do not claim that they stood still
  }
}

function at(frozenMs: number | undefined): { readonly frozenMs?: number } {
  return frozenMs === undefined ? {} : { frozenMs }
}
