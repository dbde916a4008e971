import type { Context } from './command.ts'
import { EXIT } from './exit.ts'

/** One thing that was looked at just now, and what mends it. */
export interface Check {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly why: string
  readonly fix?: string
}

const COLOUR = { ok: 'green', warn: 'yellow', fail: 'red' } as const

/** One line for each. @returns the exit code: what fails is told by it, a warning is not */
export function showChecks({ out }: Context, checks: readonly Check[]): number {
  out.table(
    checks,
    [
      { title: '', value: ({ state }) => state, style: (cell, { state }) => out.style(COLOUR[state], cell) },
      { title: 'CHECK', value: ({ check }) => check },
      { title: 'WHY', value: ({ why }) => why, shrinks: true },
      { title: 'FIX', value: ({ fix = '' }) => fix, shrinks: true },
    ],
    { value: { checks: [...checks] } },
  )
  return checks.some(({ state }) => state === 'fail') ? EXIT.unavailable : EXIT.ok
}
