import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessIdentity } from './driver.ts'
import { childrenByParent, membersOf, signalProcess, type ProcessEntry } from './processes.ts'

const DEADLINE_MS = 500

/**
 * Stops every process of sandboxes known only by their process 1, from any process of the same user, and looks until
 * all stand still. One look at the machine serves all of them: with twenty sandboxes that is what takes the time.
 *
 * @returns for each whether it was seen to stand still; one that is gone does
 */
export async function freezeAll(
  inits: readonly ProcessIdentity[],
  deadlineMs = DEADLINE_MS,
): Promise<readonly boolean[]> {
  const began = performance.now()
  for (;;) {
    const children = childrenByParent()
    const members = inits.map((init) => membersOf(init, children))
    // again in each round: who was stopped a moment ago may have started another before
    const all = members.flat()
    for (const member of all) if (!isStopped(member)) signalProcess(member, 'SIGSTOP')
    const areStill = members.map((each) => !each.some(isMoving))
    if (areStill.every(Boolean) || performance.now() - began > deadlineMs) return areStill
    await sleep(1)
  }
}

function isStopped({ state }: ProcessEntry): boolean {
  return state === 'T' || state === 't'
}

/** Who waits in the kernel is stopped on the way out of it, before it does anything. */
function isMoving(entry: ProcessEntry): boolean {
  return !isStopped(entry) && entry.state !== 'D'
}
