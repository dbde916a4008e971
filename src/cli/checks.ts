import type { Context } from './command.ts'
import { EXIT } from './exit.ts'
import { wrap } from './help.ts'
import { printable, widthOf } from './printable.ts'

/** One thing that was looked at just now, and what mends it. */
export interface Check {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly why: string
  readonly fix?: string
}

const COLOUR = { ok: 'green', warn: 'yellow', fail: 'red' } as const
const STATE_WIDTH = 6
const NARROWEST = 30

/** One entry for each. @returns the exit code: what fails is told by it, a warning is not */
export function showChecks({ out }: Context, checks: readonly Check[]): number {
  out.result(
    { checks: [...checks] },
    checksText(checks, out.width, (state) => out.style(COLOUR[state], state)),
  )
  return checks.some(({ state }) => state === 'fail') ? EXIT.unavailable : EXIT.ok
}

/**
 * A line for each check and a line for what mends it. On a terminal long words go on below, for a fix that is cut mends
 * nothing; in a pipe (`width` undefined) each stays on one line.
 */
export function checksText(
  checks: readonly Check[],
  width: number | undefined,
  paint: (state: Check['state']) => string,
): string {
  const named = STATE_WIDTH + 2 + Math.max(0, ...checks.map(({ check }) => widthOf(printable(check))))
  const lines = (text: string): string[] =>
    width === undefined ? [printable(text)] : wrap(printable(text), Math.max(NARROWEST, width - named))
  const below = `\n${' '.repeat(named)}`
  return checks
    .map(({ check, state, why, fix }) => {
      const said = [...lines(why), ...(fix === undefined ? [] : lines(`fix: ${fix}`))].join(below)
      const name = printable(check)
      const head = `${paint(state)}${' '.repeat(STATE_WIDTH - state.length)}${name}`
      return `${head}${' '.repeat(named - STATE_WIDTH - widthOf(name))}${said}`.trimEnd()
    })
    .join('\n')
}
