import { evaluateCode } from './code.ts'
import { higher, say, worstSince, type Frame } from './frame.ts'
import type { Span } from './parse.ts'
import type { Rule } from './rule.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

type Holding = Pick<Rule, 'id' | 'risk' | 'note'> & { readonly runs: NonNullable<Rule['runs']> }

/**
 * Rates what an option makes a program run. It is rated as if it had been typed: something harmless makes the whole
 * medium, anything else at least as bad as the rule says.
 *
 * @param rest the arguments from the value on, for options that take a whole command
 */
export function rateHeld(
  rule: Holding,
  value: Field,
  rest: readonly Field[],
  frame: Frame,
  span: Span,
): void {
  const { reasons } = frame.rating
  const before = reasons.length
  if (value.isDynamic && value.text.startsWith('$') && !value.text.includes(' ')) {
    say(frame, rule.id, rule.risk, rule.note, span)
    return
  }
  if (rule.runs === 'shell') frame.shell.text(value.text, undefined, frame, value)
  else if (rule.runs === 'program') frame.shell.program(words(value), undefined, frame, value)
  else if (rule.runs === 'words') frame.shell.program(rest, undefined, frame, span)
  else evaluateCode(value.text, rule.runs, frame, value)
  const inner = worstSince(frame, before)
  const risk = inner === 'low' ? 'medium' : higher(rule.risk, inner)
  say(frame, rule.id, risk, `${rule.note}: ${shown(value)}`, span)
}

function words(value: Field): Field[] {
  return value.text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((text) => ({ ...value, text }))
}
