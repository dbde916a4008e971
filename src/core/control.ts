import { CONSOLE_CONTROLS } from './controls/console.ts'
import { CONTAIN_CONTROLS } from './controls/contain.ts'
import { DECIDE_CONTROLS } from './controls/decide.ts'
import { ENFORCE_CONTROLS } from './controls/enforce.ts'
import { GATE_CONTROLS } from './controls/gate.ts'
import { GROUND_CONTROLS } from './controls/ground.ts'
import { RECORD_CONTROLS } from './controls/record.ts'
import { WATCH_CONTROLS } from './controls/watch.ts'

/** Where in the house a control works. `ground` is what all else stands on: sockets, settings, the runtime. */
export type ControlLayer = 'gate' | 'decide' | 'enforce' | 'record' | 'watch' | 'contain' | 'ground'

/** One thing Warder promises, with the code that keeps the promise and the tests that show it. */
export interface Control {
  /** Lower-case words with dashes; never changes its meaning. */
  readonly id: string
  readonly title: string
  readonly layer: ControlLayer
  /** What the user gets, in one sentence. */
  readonly promise: string
  /** What it does not do, so that nobody relies on it for that. */
  readonly limits: string
  /** The source file that does it, from the project's root. */
  readonly module: string
  /** Test files from the project's root; `file#words` means only the tests whose name starts with these words. */
  readonly tests: readonly string[]
  /** The guarantee the running host must give, by its name in the sandbox probe; without it the control is not in force. */
  readonly facility?: string
}

/** Every control there is. */
export const CONTROLS: readonly Control[] = [
  ...GATE_CONTROLS,
  ...DECIDE_CONTROLS,
  ...ENFORCE_CONTROLS,
  ...RECORD_CONTROLS,
  ...WATCH_CONTROLS,
  ...CONTAIN_CONTROLS,
  ...GROUND_CONTROLS,
  ...CONSOLE_CONTROLS,
]

/**
 * - `verified`: all its tests ran and passed in the last run
 * - `implemented`: the code is there, but not all its tests ran
 * - `not run here`: some of its tests were skipped on the machine of the last run
 * - `failed`: one of its tests failed in the last run; do not rely on it
 */
export const CONTROL_STATES = ['verified', 'implemented', 'not run here', 'failed'] as const
export type ControlState = (typeof CONTROL_STATES)[number]

export interface ControlStatus {
  readonly id: string
  readonly state: ControlState
  /** Why it is not verified; absent when it is. */
  readonly reason?: string
}

/** How one test ended, as far as a control cares. */
export interface TestOutcome {
  readonly file: string
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  readonly reason?: string
}

/** What the tests that ran say about a control. Only a test that ran and passed speaks for it. */
export function controlStatus({ id, tests }: Control, outcomes: readonly TestOutcome[]): ControlStatus {
  const perReference = tests.map((reference) => outcomes.filter((outcome) => isMeant(reference, outcome)))
  const ran = perReference.flat()
  const failed = ran.find(({ result }) => result === 'failed')
  if (failed !== undefined) return { id, state: 'failed', reason: `${failed.file}: ${failed.name}` }
  const skipped = ran.find(({ result }) => result === 'skipped')
  if (skipped !== undefined) {
    return { id, state: 'not run here', reason: `${skipped.name}: ${skipped.reason ?? 'no reason given'}` }
  }
  const missing = tests.filter((_, at) => perReference[at]?.length === 0)
  return missing.length > 0 || tests.length === 0
    ? { id, state: 'implemented', reason: `not run: ${missing.join(', ')}` }
    : { id, state: 'verified' }
}

function isMeant(reference: string, { file, name }: TestOutcome): boolean {
  const [wanted, words = ''] = reference.split('#')
  return file === wanted && (name.startsWith(words) || name.includes(` > ${words}`))
}
