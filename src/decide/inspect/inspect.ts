import { RISK_LEVELS, SENSITIVITY_LEVELS } from '../../core/risk.ts'
import type { Action, Finding } from '../../core/action.ts'

const TOO_LONG = 4096

/** The same action with findings; one whose labels are not known words is treated as the worst of them. */
export function inspect(action: Action): Action {
  const findings: Finding[] = [...(action.findings ?? [])]
  const risk = RISK_LEVELS.includes(action.risk) ? action.risk : 'high'
  if (risk !== action.risk) findings.push({ rule: 'inspect.risk', risk, note: 'unknown risk counts as high' })
  const sensitivity =
    action.sensitivity === undefined || SENSITIVITY_LEVELS.includes(action.sensitivity)
      ? action.sensitivity
      : ('high' as const)
  if (action.resource.length > TOO_LONG || !action.resource.isWellFormed()) {
    findings.push({
      rule: 'inspect.resource',
      risk: 'high',
      note: 'the resource is too long or not well-formed text',
    })
  }
  return Object.freeze({ ...action, risk, findings, ...(sensitivity === undefined ? {} : { sensitivity }) })
}
