/** Work in steps, several things at a time. */

export interface Task<Result> {
  /** The step it belongs to. */
  readonly step: string
  /** The step that must have ended before it begins. */
  readonly after?: string
  readonly run: () => Promise<readonly Result[]>
}

export interface EndedStep<Result> {
  readonly step: string
  readonly results: readonly Result[]
  /** From the beginning of its first task to the end of its last. */
  readonly tookMs: number
}

interface OpenStep<Result> {
  left: number
  beganMs: number | undefined
  readonly results: Result[]
}

/**
 * Runs tasks in the order given, `atOnce` of them at a time; one that must wait for a step lets others pass.
 *
 * @param onStep called with each step when its last task has ended
 */
export async function runTasks<Result>(
  tasks: readonly Task<Result>[],
  atOnce: number,
  onStep: (ended: EndedStep<Result>) => void,
): Promise<void> {
  const open = new Map<string, OpenStep<Result>>()
  for (const { step } of tasks) {
    const of = open.get(step) ?? { left: 0, beganMs: undefined, results: [] }
    of.left += 1
    open.set(step, of)
  }
  const waiting = [...tasks]
  const running = new Set<Promise<void>>()
  while (waiting.length > 0 || running.size > 0) {
    for (const task of startable(waiting, open, atOnce - running.size)) {
      const work = runOne(task, open, onStep).finally(() => running.delete(work))
      running.add(work)
    }
    if (running.size === 0) throw new Error(`${waiting[0]?.step} waits for a step that waits for it`)
    await Promise.race(running)
  }
}

/** Takes up to `room` tasks out of `waiting` that need not wait any more. */
function startable<Result>(
  waiting: Task<Result>[],
  open: ReadonlyMap<string, unknown>,
  room: number,
): readonly Task<Result>[] {
  const found = waiting.filter(({ after }) => after === undefined || !open.has(after)).slice(0, room)
  for (const task of found) waiting.splice(waiting.indexOf(task), 1)
  return found
}

async function runOne<Result>(
  { step, run }: Task<Result>,
  open: Map<string, OpenStep<Result>>,
  onStep: (ended: EndedStep<Result>) => void,
): Promise<void> {
  const of = open.get(step)
  if (of === undefined) throw new Error(`the step ${step} has ended`)
  of.beganMs ??= performance.now()
  of.results.push(...(await run()))
  of.left -= 1
  if (of.left > 0) return
  open.delete(step)
  onStep({ step, results: of.results, tookMs: Math.round(performance.now() - of.beganMs) })
}
