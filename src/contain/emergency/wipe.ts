import { messageOf } from '../../core/error.ts'

/** 1 locks and can be undone; 2 destroys keys; 3 destroys everything. Each does what is below it first. */
export const WIPE_LEVELS = [1, 2, 3] as const
export type WipeLevel = (typeof WIPE_LEVELS)[number]

/** One step, in two halves: what is done, and a look at the world that believes nothing of it. */
export interface WipeStep {
  /** Lower-case words with dashes; never changes its meaning, since notes of a wipe that broke off name it. */
  readonly name: string
  readonly level: WipeLevel
  /** What is so afterwards, in a few words. */
  readonly about: string
  readonly act: () => void | Promise<void>
  /** @returns what is left, in words; undefined when it is as `about` says */
  readonly verify: () => string | undefined | Promise<string | undefined>
}

export interface StepResult {
  readonly name: string
  readonly level: WipeLevel
  readonly about: string
  readonly state: 'waiting' | 'done' | 'failed'
  /** Why it failed: what was thrown, or what was seen to be left. */
  readonly why?: string
}

export interface WipePorts {
  /** Told before each step and after it, with all of them; what it throws holds nothing up. */
  readonly saved: (results: readonly StepResult[]) => void
  readonly told: (result: StepResult) => void
}

/**
 * Does the steps in order. One that fails keeps none of the others from being done: half a wipe is better than none, as
 * long as nobody takes it for a whole one. `done` is said only where the look afterwards found it so.
 */
export async function runSteps(
  steps: readonly WipeStep[],
  { saved, told }: WipePorts,
): Promise<StepResult[]> {
  const results: StepResult[] = steps.map((step) => ({ ...about(step), state: 'waiting' }))
  for (const [at, step] of steps.entries()) {
    quietly(() => saved(results))
    const result = await runStep(step)
    results[at] = result
    quietly(() => told(result))
  }
  quietly(() => saved(results))
  return results
}

async function runStep(step: WipeStep): Promise<StepResult> {
  const thrown = await whyNot(step.act)
  const left = await seen(step)
  // what was thrown while everything is as it should be was no failure of this step
  return left === undefined
    ? { ...about(step), state: 'done' }
    : { ...about(step), state: 'failed', why: thrown === undefined ? left : `${thrown}; ${left}` }
}

async function whyNot(act: WipeStep['act']): Promise<string | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

async function seen(step: WipeStep): Promise<string | undefined> {
  try {
    return await step.verify()
  } catch (error) {
    return `nobody could look whether it was done: ${messageOf(error)}`
  }
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // a terminal that is gone, or a disk that is full, must not end a wipe
  }
}

function about({ name, level, about: words }: WipeStep): Pick<StepResult, 'name' | 'level' | 'about'> {
  return { name, level, about: words }
}

export function isWhole(results: readonly StepResult[]): boolean {
  return results.every(({ state }) => state === 'done')
}
