import { RISK_LEVELS, type RiskLevel } from '../../../core/risk.ts'
import type { Rule } from './rule.ts'

/**
 * Rules as a table, one in a line, its cells parted by ` :: `
 *
 *     id :: risk :: programs :: conditions… :: what it does
 *
 * A condition is `sub WORDS`, `opt OPTIONS`, `val EXPRESSION`, `line EXPRESSION`, `not EXPRESSION`,
 * `safe EXPRESSION`, `runs WHAT` or `bare`; see `Rule`. A line that is none is a mistake and ends the program.
 */
export function table(text: string): Rule[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(ruleOf)
}

function ruleOf(line: string): Rule {
  const cells = line.split(' :: ').map((cell) => cell.trim())
  const [id, risk, of, ...rest] = cells
  const note = rest.pop()
  if (id === undefined || of === undefined || note === undefined || !isRisk(risk)) {
    throw new SyntaxError(`not a rule: ${line}`)
  }
  const conditions = Object.assign({}, ...rest.map((cell) => conditionOf(cell, line))) as Partial<Rule>
  return Object.freeze({ id, risk, of, note, ...conditions })
}

function isRisk(text: string | undefined): text is RiskLevel {
  return RISK_LEVELS.some((risk) => risk === text)
}

function conditionOf(cell: string, line: string): Partial<Rule> {
  const at = cell.indexOf(' ')
  const [word, value] = at === -1 ? [cell, ''] : [cell.slice(0, at), cell.slice(at + 1)]
  switch (word) {
    case 'sub':
      return { sub: value }
    case 'opt':
      return { option: value }
    case 'val':
      return { value: new RegExp(value, 's') }
    case 'line':
      return { line: new RegExp(value, 's') }
    case 'not':
      return { unless: new RegExp(value, 's') }
    case 'safe':
      return { safe: new RegExp(value, 's') }
    case 'runs':
      return { runs: value as NonNullable<Rule['runs']> }
    case 'bare':
      return { isBare: true }
    default:
      throw new SyntaxError(`${cell} is no condition, in: ${line}`)
  }
}
